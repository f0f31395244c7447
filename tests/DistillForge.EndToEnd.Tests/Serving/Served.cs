using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using DistillForge.Llama;
using DistillForge.Runs;
using DistillForge.Serving;

namespace DistillForge.EndToEnd.Tests.Serving;

/// <summary>The home teacher, served on a port of its own for the tests of a class.</summary>
public sealed class Served : IAsyncLifetime
{
    public LlamaModel Model { get; private set; } = null!;

    public ModelServer Server { get; private set; } = null!;

    public HttpClient Client { get; private set; } = null!;

    public async Task InitializeAsync()
    {
        // Exact: an answer depends on nothing but its request.
        Model = await LlamaModel.OpenAsync(Path.Combine(Home.Root, "models", "home-teacher.gguf"), new LlamaOptions(Threads: 1, Parallel: 4, Exact: true), CancellationToken.None);
        Server = await ModelServer.StartAsync(new ServedModel(Model, "home"), new ServeOptions(LongestBody: 1 << 20), TimeProvider.System, _ => { }, CancellationToken.None);
        Client = new HttpClient { BaseAddress = Server.Address };
    }

    public async Task DisposeAsync()
    {
        Client.Dispose();
        await Server.DisposeAsync();
        await Model.DisposeAsync();
    }

    public async Task<(int Status, JsonElement Body)> AskAsync(string path, object body)
    {
        using var response = await Client.PostAsync(new Uri(path, UriKind.Relative), Json(JsonSerializer.Serialize(body)));
        return ((int)response.StatusCode, JsonDocument.Parse(await response.Content.ReadAsStringAsync()).RootElement);
    }

    /// <summary>The objects of a stream, without its last word, which is checked.</summary>
    public async Task<List<JsonElement>> StreamAsync(string path, object body)
    {
        using var response = await Client.PostAsync(new Uri(path, UriKind.Relative), Json(JsonSerializer.Serialize(body)));
        Assert.Equal("text/event-stream", response.Content.Headers.ContentType!.MediaType);
        var lines = (await response.Content.ReadAsStringAsync()).Split("\n\n", StringSplitOptions.RemoveEmptyEntries);
        Assert.All(lines, line => Assert.StartsWith("data: ", line, StringComparison.Ordinal));
        Assert.Equal("data: [DONE]", lines[^1]);
        return [.. lines[..^1].Select(line => JsonDocument.Parse(line["data: ".Length..]).RootElement)];
    }

    public static StringContent Json(string text) => new(text, Encoding.UTF8, new MediaTypeHeaderValue("application/json"));

    public static object[] Say(string text) => [new { role = "user", content = text }];
}
