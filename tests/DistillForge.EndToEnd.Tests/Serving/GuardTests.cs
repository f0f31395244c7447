using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using DistillForge.Runs;
using DistillForge.Serving;

namespace DistillForge.EndToEnd.Tests.Serving;

public sealed class GuardTests(Served served) : IClassFixture<Served>
{
    const string Body = """{"prompt":"turn on","max_tokens":1}""";

    public static TheoryData<string, string, string, string?, string, int> Refused()
    {
        var data = new TheoryData<string, string, string, string?, string, int>();
        string[] foreignHosts = ["evil.example", "evil.example:80", "localhost.evil.example", "127.0.0.1.nip.io", "0.0.0.0", "169.254.169.254", "[::ffff:127.0.0.1]", "127.1", "2130706433", "localhost."];
        string[] foreignOrigins = ["http://evil.example", "https://evil.example", "null", "http://localhost.evil.example", "https://localhost", "http://localhost:1", "http://127.0.0.1:1", "file://", "chrome-extension://x", "http://user@localhost"];
        foreach (var host in foreignHosts)
        {
            data.Add("POST", "/v1/completions", host, null, "application/json", 403);
            data.Add("GET", "/v1/models", host, null, "", 403);
        }

        foreach (var origin in foreignOrigins)
        {
            data.Add("POST", "/v1/completions", "localhost", origin, "application/json", 403);
            data.Add("GET", "/v1/models", "localhost", origin, "", 403);
            data.Add("OPTIONS", "/v1/chat/completions", "localhost", origin, "", 403);
        }

        foreach (var kind in new[] { "text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "" })
        {
            data.Add("POST", "/v1/completions", "localhost", null, kind, 415);
        }

        foreach (var method in new[] { "OPTIONS", "GET", "PUT", "DELETE", "PATCH", "HEAD", "TRACE" })
        {
            data.Add(method, "/v1/chat/completions", "localhost", null, "application/json", 405);
        }

        data.Add("POST", "/v1/models", "localhost", null, "application/json", 405);
        data.Add("GET", "/v1/../etc/passwd", "localhost", null, "", 404);
        data.Add("GET", "/", "localhost", null, "", 404);
        return data;
    }

    [Theory]
    [MemberData(nameof(Refused))]
    public async Task Who_may_not_ask_is_refused(string method, string path, string host, string? origin, string kind, int status)
        => Assert.Equal(status, await SendAsync(served.Server.Address.Port, method, path, host, origin, kind, Body));

    [Fact]
    public void There_are_at_least_sixty_of_them() => Assert.True(Refused().Count >= 60, $"{Refused().Count}");

    [Theory]
    [InlineData("localhost")]
    [InlineData("LOCALHOST:9")]
    [InlineData("127.0.0.1")]
    [InlineData("[::1]")]
    public async Task The_loopback_by_any_of_its_names_is_answered(string host)
        => Assert.Equal(200, await SendAsync(served.Server.Address.Port, "POST", "/v1/completions", host, null, "application/json; charset=utf-8", Body));

    [Fact]
    public async Task Our_own_origin_is_answered()
        => Assert.Equal(200, await SendAsync(served.Server.Address.Port, "POST", "/v1/completions", "localhost", $"http://localhost:{served.Server.Address.Port}", "application/json", Body));

    [Fact]
    public async Task A_key_is_asked_for_where_there_is_one()
    {
        await using var server = await ModelServer.StartAsync(new ServedModel(served.Model, "home"), new ServeOptions(Key: "correct-horse"), TimeProvider.System, _ => { }, CancellationToken.None);
        var port = server.Address.Port;

        Assert.Equal(401, await SendAsync(port, "POST", "/v1/completions", "localhost", null, "application/json", Body));
        Assert.Equal(401, await SendAsync(port, "POST", "/v1/completions", "localhost", null, "application/json", Body, "Bearer correct-horsf"));
        Assert.Equal(401, await SendAsync(port, "GET", "/v1/models", "localhost", null, "", Body, "Basic correct-horse"));
        Assert.Equal(200, await SendAsync(port, "POST", "/v1/completions", "localhost", null, "application/json", Body, "Bearer correct-horse"));
    }

    [Fact]
    public void Other_machines_are_not_served_without_a_key()
        => Assert.Contains("key", Assert.Throws<ForgeException>(() => new ServeOptions(System.Net.IPAddress.Any).Check()).Message, StringComparison.Ordinal);

    [Fact]
    public async Task A_body_that_is_too_long_or_too_deep_is_refused_and_the_next_is_answered()
    {
        var port = served.Server.Address.Port;
        using var tooLong = await served.Client.PostAsync(new Uri("/v1/completions", UriKind.Relative), Served.Json($$"""{"prompt":"{{new string('a', 2 << 20)}}"}"""));
        using var tooDeep = await served.Client.PostAsync(new Uri("/v1/completions", UriKind.Relative), Served.Json($$"""{"prompt":{{new string('[', 10000)}}"""));

        Assert.Equal(413, (int)tooLong.StatusCode);
        Assert.Equal(400, (int)tooDeep.StatusCode);
        Assert.Equal(200, await SendAsync(port, "POST", "/v1/completions", "localhost", null, "application/json", Body));
    }

    [Fact]
    public async Task Models_are_listed()
    {
        using var response = await served.Client.GetAsync(new Uri("/v1/models", UriKind.Relative));
        var model = JsonDocument.Parse(await response.Content.ReadAsStringAsync()).RootElement.GetProperty("data")[0];

        Assert.Equal("home", model.GetProperty("id").GetString());
        Assert.False(response.Headers.Contains("Access-Control-Allow-Origin"));
        var (status, unknown) = await served.AskAsync("/v1/completions", new { model = "gpt-9", prompt = "x" });
        Assert.Equal((404, "model_not_found"), (status, unknown.GetProperty("error").GetProperty("code").GetString()));
    }

    // By hand: a client library would mend the headers.
    static async Task<int> SendAsync(int port, string method, string path, string host, string? origin, string kind, string body, string? key = null)
    {
        using var client = new TcpClient();
        await client.ConnectAsync("127.0.0.1", port);
        var head = new StringBuilder($"{method} {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n");
        head.Append(origin is null ? "" : $"Origin: {origin}\r\n").Append(key is null ? "" : $"Authorization: {key}\r\n");
        head.Append(kind.Length == 0 ? "" : $"Content-Type: {kind}\r\n");
        head.Append(method is "POST" or "PUT" or "PATCH" ? $"Content-Length: {Encoding.UTF8.GetByteCount(body)}\r\n\r\n{body}" : "\r\n");
        var stream = client.GetStream();
        await stream.WriteAsync(Encoding.UTF8.GetBytes(head.ToString()));
        using var reader = new StreamReader(stream);
        var line = await reader.ReadLineAsync();
        return int.Parse(line!.Split(' ')[1]);
    }
}
