using System.IO.Compression;
using System.Text;
using System.Text.Json;
using DistillForge.Teachers;

namespace DistillForge.Tests.Teachers;

/// <summary>A key is sent through every way to fail that we could think of, and must come out of none.</summary>
public class ApiKeyTests
{
    const string Canary = "sk-canary-7Xq2vB9tLm4KpW8zRj3NdF6h";

    // Halves count too: whoever has one, has most of the other.
    static readonly string[] Traces = [Canary, Canary[..(Canary.Length / 2)], Canary[(Canary.Length / 2)..], Convert.ToBase64String(Encoding.UTF8.GetBytes(Canary)), new([.. Canary.Reverse()])];

    static Dictionary<string, Func<TestRequest, TestReply>> Modes { get; } = new()
    {
        ["401 repeats it"] = _ => TestReply.Error(401, $"Incorrect API key provided: {Canary}"),
        ["403 repeats it"] = _ => TestReply.Error(403, $"key {Canary} may not"),
        ["404 repeats the request"] = request => TestReply.Error(404, string.Join(", ", request.Headers)),
        ["402 repeats it"] = _ => TestReply.Error(402, Canary),
        ["429 without quota repeats it"] = _ => TestReply.Error(429, Canary, "insufficient_quota"),
        ["400 repeats it"] = _ => TestReply.Error(400, Canary),
        ["400 repeats it reversed"] = _ => TestReply.Error(400, new string([.. Canary.Reverse()])),
        ["400 repeats it in base64"] = _ => TestReply.Error(400, Convert.ToBase64String(Encoding.UTF8.GetBytes(Canary))),
        ["400 repeats it as a page"] = _ => new TestReply($"<html>{Canary}</html>", 400),
        ["400 repeats it as text"] = _ => new TestReply($"your key was {Canary}", 400),
        ["429 repeats it"] = _ => TestReply.Error(429, Canary, retryAfter: Canary),
        ["500 repeats it"] = _ => TestReply.Error(500, Canary),
        ["redirect elsewhere"] = _ => new TestReply("", 307) { Headers = { ["Location"] = $"http://elsewhere.invalid/{Canary}" } },
        ["redirect to a host of its name"] = _ => new TestReply("", 302) { Headers = { ["Location"] = $"http://{Canary}.invalid/" } },
        ["broken JSON"] = _ => new TestReply($$"""{"choices":[{"message":{"content":"{{Canary}}" """),
        ["wrong JSON"] = _ => new TestReply($$"""{"{{Canary}}":"{{Canary}}"}"""),
        ["cut answer"] = _ => ChatJson.Text(Canary) with { CutAfter = 200 },
        ["the answer is the key"] = _ => ChatJson.Text($"Your key is {Canary}."),
        ["the answer is half of the key"] = _ => ChatJson.Text(Canary[..(Canary.Length / 2)]),
        ["the answer holds it escaped"] = _ => new TestReply($$$"""{"choices":[{"message":{"content":"{{{string.Concat(Canary.Select(c => $"\\u{(int)c:x4}"))}}}"}}]}"""),
        ["the refusal is the key"] = _ => new TestReply($$$"""{"choices":[{"message":{"content":null,"refusal":"{{{Canary}}}"}}]}"""),
        ["the reasoning is the key"] = _ => new TestReply($$$"""{"choices":[{"message":{"content":"on","reasoning_content":"{{{Canary}}}"}}]}"""),
        ["beside the answer"] = _ => new TestReply($$$"""{"id":"{{{Canary}}}","choices":[{"message":{"content":"on"},"note":"{{{Canary}}}"}],"usage":{"prompt_tokens":"{{{Canary}}}"}}"""),
        ["a token is the key"] = _ => Chat.Scored("on", spoil: positions => positions[0]!["token"] = Canary),
        ["a wrong token is the key"] = _ => Chat.Scored("on", spoil: positions => { positions[0]!["token"] = Canary; positions[0]!["bytes"] = null; }),
        ["finish reason is the key"] = _ => ChatJson.Text("on", Canary),
        ["too large"] = _ => ChatJson.Text(string.Concat(Enumerable.Repeat(Canary, 4000))),
        ["bad gzip"] = _ => new TestReply(Canary) { Headers = { ["Content-Encoding"] = "gzip" } },
        ["no HTTP"] = _ => new TestReply(Raw: $"HTTP/1.1 {Canary}\r\n{Canary}: {Canary}\r\n\r\n"),
        ["a status line of its own"] = _ => new TestReply(Raw: $"HTTP/1.1 418 {Canary}\r\nContent-Length: 0\r\n\r\n"),
        ["time-out"] = _ => TestReply.Never,
    };

    public static TheoryData<string> Names { get; } = [.. Modes.Keys];

    [Theory]
    [MemberData(nameof(Names))]
    public async Task A_key_comes_out_of_no_failure(string mode)
    {
        using var scratch = new Scratch();
        await using var server = new TestServer(request => request.IsProbe() ? Chat.Scored("on") : Modes[mode](request));
        var options = Chat.Options(server.Address) with
        {
            Endpoints = [new ApiEndpoint(server.Address, "CANARY_KEY")],
            Sampling = new Sampling(MaxTokens: 16, Capture: new Want.Head(4)),
            CacheFolder = scratch["cache"],
            Reasoning = ReasoningText.Keep,
            Retries = 1,
            AttemptTimeout = TimeSpan.FromSeconds(mode == "time-out" ? 0.5 : 20),
            OutageLimit = TimeSpan.FromSeconds(0.3),
            MaxResponseBytes = 100_000,
        };

        var output = await RunAsync(options, scratch["spent"], Chat.Prompt("lamp"));

        Assert.Equal($"Bearer {Canary}", server.Requests.Last().Headers["Authorization"]);
        Assert.True(server.Count >= 2 && output.Length > 100, "it was asked, and something was said of it");
        AssertClean(output + FilesOf(scratch.Folder));
    }

    [Theory]
    [InlineData("http://127.0.0.1:9/v1")]
    [InlineData("http://no-such-host.invalid/v1")]
    public async Task A_key_comes_out_of_no_failure_to_connect(string address)
    {
        using var scratch = new Scratch();

        AssertClean(await RunAsync(Chat.Options(new Uri(address)) with { Endpoints = [new ApiEndpoint(new Uri(address), "CANARY_KEY")] }, scratch["spent"], Chat.Prompt("lamp")));
    }

    [Fact]
    public async Task A_key_comes_out_of_no_failure_of_TLS()
    {
        using var scratch = new Scratch();
        await using var server = new TestServer(_ => new TestReply(Raw: Canary));
        var address = new Uri($"https://127.0.0.1:{server.Port}/v1");

        AssertClean(await RunAsync(Chat.Options(address) with { Endpoints = [new ApiEndpoint(address, "CANARY_KEY")], AttemptTimeout = TimeSpan.FromSeconds(1) }, scratch["spent"], Chat.Prompt("lamp")));
        Assert.Equal(0, server.Count);
    }

    [Fact]
    public async Task A_prompt_that_holds_the_key_is_not_sent()
    {
        await using var server = new TestServer(_ => ChatJson.Text("on"));
        using var teacher = Chat.Teacher(Chat.Options(server.Address) with { Endpoints = [new ApiEndpoint(server.Address, "CANARY_KEY")] }, new TableKeys(("CANARY_KEY", Canary)));

        var failure = (await teacher.AskAsync(Chat.Prompt($"my key is {Canary}"))).Single().Failure!;

        Assert.Equal(("key-in-prompt", 0), (failure.Code, server.Count));
    }

    [Fact]
    public async Task A_redirect_is_never_followed_and_no_other_host_hears_of_the_key()
    {
        await using var thief = new TestServer(_ => ChatJson.Text("thanks"));
        await using var server = new TestServer(_ => new TestReply("", 308) { Headers = { ["Location"] = $"http://127.0.0.1:{thief.Port}/v1/chat/completions" } });
        using var teacher = Chat.Teacher(Chat.Options(server.Address) with { Endpoints = [new ApiEndpoint(server.Address, "CANARY_KEY")] }, new TableKeys(("CANARY_KEY", Canary)));

        var error = await Assert.ThrowsAsync<ForgeException>(async () => await teacher.AskAsync(Chat.Prompt("lamp")));

        Assert.Equal(0, thief.Count);
        Assert.Contains($"redirects to http://127.0.0.1:{thief.Port}", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_server_that_wants_no_key_gets_none()
    {
        await using var server = new TestServer(_ => ChatJson.Text("on"));
        using var teacher = Chat.Teacher(Chat.Options(server.Address));

        await teacher.AskAsync(Chat.Prompt("lamp"));

        Assert.All(server.Requests, request => Assert.False(request.Headers.ContainsKey("Authorization")));
    }

    [Fact]
    public void A_key_with_a_line_break_is_refused_without_being_shown()
    {
        var options = Chat.Options(new Uri("http://127.0.0.1:9/v1")) with { Endpoints = [new ApiEndpoint(new Uri("http://127.0.0.1:9/v1"), "CANARY_KEY")] };

        AssertClean(Assert.Throws<ForgeException>(() => Chat.Teacher(options, new TableKeys(("CANARY_KEY", $"{Canary}\r\nX-Evil: 1")))).ToString());
    }

    [Fact]
    public void Keys_are_found_in_the_environment_first_and_then_in_user_secrets()
    {
        using var scratch = new Scratch();
        var keys = new Keys(new TableKeys(("A", "from environment")), new UserSecretKeys(scratch.Put("secrets.json", "\uFEFF" + """{ "A": "hidden", "B": " from secrets ", "C": 3, }""")));

        Assert.Equal(["from environment", "from secrets", null, null], ((string[])["A", "B", "C", "D"]).Select(keys.Find));
        var error = Assert.Throws<ForgeException>(() => new UserSecretKeys(scratch.Put("broken.json", $$"""{ "A": "{{Canary}}""")).Find("A"));
        AssertClean(error.ToString());
    }

    // Everything that comes out: what is said, rows, failures, exceptions with their causes.
    static async Task<string> RunAsync(ApiTeacherOptions options, string ledger, Prompt prompt)
    {
        var heard = new HeardProgress();
        var output = new StringBuilder();
        using var budget = new BudgetMeter(Budget.Unlimited, TimeProvider.System, ledger);
        try
        {
            using var teacher = Chat.Teacher(options, new TableKeys(("CANARY_KEY", Canary)), budget, dialogue: Chat.Dialogue, progress: heard);
            await foreach (var answer in teacher.AnswerAsync(((Prompt[])[prompt]).ToAsyncEnumerable(), CancellationToken.None))
            {
                output.AppendLine(JsonSerializer.Serialize(answer, Chat.Lenient));
            }

            output.AppendLine(JsonSerializer.Serialize(teacher.Usage)).AppendLine(teacher.Identity);
        }
        catch (Exception error)
        {
            output.AppendLine(error.ToString()).AppendLine(JsonSerializer.Serialize(error.Data));
        }

        return output.AppendLine(heard.Text).ToString();
    }

    static string FilesOf(string folder) => string.Concat(Directory.GetFiles(folder, "*", SearchOption.AllDirectories).Select(file =>
    {
        var bytes = File.ReadAllBytes(file);
        if (bytes.AsSpan().StartsWith("DFC1"u8))
        {
            using var text = new StreamReader(new GZipStream(new MemoryStream(bytes[64..]), CompressionMode.Decompress));
            return text.ReadToEnd();
        }

        return Encoding.UTF8.GetString(bytes);
    }));

    static void AssertClean(string output) => Assert.All(Traces, trace => Assert.DoesNotContain(trace, output, StringComparison.OrdinalIgnoreCase));
}
