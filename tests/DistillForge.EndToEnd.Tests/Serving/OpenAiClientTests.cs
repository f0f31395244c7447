using System.Text.Json;
using DistillForge.Runs;
using DistillForge.Serving;

namespace DistillForge.EndToEnd.Tests.Serving;

/// <summary>OpenAI's own JavaScript client (the lock file of <c>tests/npm</c>) drives the server.</summary>
public sealed class OpenAiClientTests(Served served) : IClassFixture<Served>
{
    const string Key = "sesame";

    [NodeFact]
    public async Task Everything_that_a_client_does_goes_without_an_error()
    {
        var model = new WatchedModel(new ServedModel(served.Model, "home"));
        await using var server = await ModelServer.StartAsync(model, new ServeOptions(Key: Key, LongestBody: 1 << 20), TimeProvider.System, _ => { }, CancellationToken.None);

        var checks = await Node.RunAsync([new Uri(server.Address, "/v1").ToString(), Key], "openai.mjs");

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
}
