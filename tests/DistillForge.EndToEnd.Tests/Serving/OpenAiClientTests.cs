using System.Diagnostics;
using System.Text.Json;
using DistillForge.Runs;
using DistillForge.Serving;

namespace DistillForge.EndToEnd.Tests.Serving;

/// <summary>OpenAI's own JavaScript client (the lock file of <c>tests/npm</c>) drives the server.</summary>
public sealed class OpenAiClientTests(Served served) : IClassFixture<Served>
{
    const string Key = "sesame";

    static readonly string Folder = Path.Combine(Home.Root, "tests", "npm");

    [ClientFact]
    public async Task Everything_that_a_client_does_goes_without_an_error()
    {
        var model = new WatchedModel(new ServedModel(served.Model, "home"));
        await using var server = await ModelServer.StartAsync(model, new ServeOptions(Key: Key, LongestBody: 1 << 20), TimeProvider.System, _ => { }, CancellationToken.None);

        var checks = await AskAsync(new Uri(server.Address, "/v1").ToString());

        Assert.All(checks, check => Assert.True(check.GetProperty("ok").GetBoolean(), check.ToString()));
        Assert.Equal(16, checks.Count);
        var told = checks.ToDictionary(check => check.GetProperty("name").GetString()!, check => check.GetProperty("told"));
        Assert.Equal("set_brightness", JsonDocument.Parse(told["chat"].GetProperty("said").GetString()!).RootElement.GetProperty("action").GetString());
        Assert.Equal(32, told["32 at once"].GetInt32());
        Assert.Equal(400, told["too long"].GetProperty("status").GetInt32());
        // Whoever hangs up in the middle leaves nothing running.
        var ended = await Task.WhenAll(model.Asked.Select(async answer =>
        {
            await Task.WhenAny(answer).WaitAsync(TimeSpan.FromMinutes(1));
            return answer.IsCanceled;
        }));
        Assert.Equal(1, ended.Count(canceled => canceled));
    }

    static async Task<List<JsonElement>> AskAsync(string address)
    {
        using var process = Process.Start(new ProcessStartInfo("node", ["openai.mjs", address, Key]) { WorkingDirectory = Folder, RedirectStandardError = true, RedirectStandardOutput = true, UseShellExecute = false })!;
        var errors = process.StandardError.ReadToEndAsync();
        var said = await process.StandardOutput.ReadToEndAsync();
        await process.WaitForExitAsync();
        Assert.True(process.ExitCode == 0, await errors);
        return [.. said.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => JsonDocument.Parse(line).RootElement)];
    }

    /// <summary>Skipped, saying so, where npm's packages are not.</summary>
    [AttributeUsage(AttributeTargets.Method)]
    public sealed class ClientFactAttribute : FactAttribute
    {
        public ClientFactAttribute() => Skip = Directory.Exists(Path.Combine(Folder, "node_modules", "openai")) ? null : "the openai package of npm is not there (./distillforge test brings it, or npm ci in tests/npm)";
    }
}
