using System.Collections.Concurrent;
using System.Globalization;
using DistillForge.Teachers;

namespace DistillForge.Tests.Teachers;

public class ApiPatienceTests
{
    // The probe is answered well, everything else as the test says; the number counts from the first real request.
    static TestServer Server(Func<TestRequest, int, TestReply> answer)
    {
        var count = -1;
        return new TestServer(request => request.IsProbe() ? ChatJson.Text("OK") : answer(request, Interlocked.Increment(ref count)));
    }

    [Fact]
    public async Task A_429_never_burns_the_retries_of_a_row()
    {
        await using var server = Server((_, number) => number < 40 ? TestReply.Error(429, "slow down", retryAfter: "0") : ChatJson.Text("on"));
        using var teacher = Chat.Teacher(Chat.Options(server.Address) with { Retries = 0 });

        var answers = await teacher.AskAsync(Chat.Prompt("lamp"));

        Assert.Equal("on", answers.Single().Example!.Text);
        Assert.Equal(40, teacher.Usage.Throttled);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Retry_After_is_honoured_in_seconds_and_as_a_date(bool asDate)
    {
        var clock = new FastTime(50);
        var times = new ConcurrentQueue<DateTimeOffset>();
        await using var server = Server((_, number) =>
        {
            times.Enqueue(clock.GetUtcNow());
            return number > 0 ? ChatJson.Text("on")
                : TestReply.Error(429, "slow down", retryAfter: asDate ? clock.GetUtcNow().AddSeconds(60).ToString("R", CultureInfo.InvariantCulture) : "60");
        });
        using var teacher = Chat.Teacher(Chat.Options(server.Address) with { AttemptTimeout = TimeSpan.FromHours(1), TotalTimeout = TimeSpan.FromHours(1), MaxRetryDelay = TimeSpan.FromSeconds(1), OutageLimit = TimeSpan.FromHours(1) }, clock: clock);

        await teacher.AskAsync(Chat.Prompt("lamp"));

        // A date has whole seconds only; jitter adds up to a tenth, and a busy machine what it likes.
        Assert.InRange((times.Last() - times.First()).TotalSeconds, asDate ? 59 : 60, 600);
    }

    [Fact]
    public async Task An_absurd_Retry_After_is_bounded_by_an_hour()
    {
        var clock = new FastTime(5000);
        await using var server = Server((_, number) => number == 0 ? TestReply.Error(429, "slow down", retryAfter: "99999999999999999999") : ChatJson.Text("on"));
        using var teacher = Chat.Teacher(Chat.Options(server.Address) with { AttemptTimeout = TimeSpan.FromDays(1), TotalTimeout = TimeSpan.FromDays(1) }, clock: clock);
        var before = clock.GetUtcNow();

        Assert.Equal("on", (await teacher.AskAsync(Chat.Prompt("lamp"))).Single().Example!.Text);

        Assert.InRange((clock.GetUtcNow() - before).TotalHours, 1, 10);
    }

    [Theory]
    [InlineData("500", "http-500")]
    [InlineData("502", "http-502")]
    [InlineData("408", "http-408")]
    [InlineData("cut", "cut-answer")]
    [InlineData("cut-head", "cut-answer")]
    [InlineData("no-http", "cut-answer")]
    [InlineData("broken", "broken-answer")]
    [InlineData("no-choices", "broken-answer")]
    [InlineData("no-message", "broken-answer")]
    [InlineData("error-200", "broken-answer")]
    [InlineData("bad-utf16", "broken-answer")]
    [InlineData("deep", "broken-answer")]
    [InlineData("never", "timed-out")]
    [InlineData("large", "answer-too-large")]
    [InlineData("bomb", "answer-too-large")]
    [InlineData("bad-gzip", "cut-answer")]
    public async Task A_fault_of_the_server_is_retried_and_then_fails_the_row_with_its_cause(string fault, string code)
    {
        var bomb = Compressed(64 << 20);
        TestReply Fault() => fault switch
        {
            "cut" => ChatJson.Text("on") with { CutAfter = 40 },
            "cut-head" => new TestReply(Raw: "HTTP/1.1 200 OK\r\nContent-Le"),
            "no-http" => new TestReply(Raw: "SSH-2.0-OpenSSH_9.9\r\n\r\n"),
            "broken" => new TestReply("""{"choices":[{"message":{"content":"on" """),
            "no-choices" => new TestReply("""{"choices":[]}"""),
            "no-message" => new TestReply("""{"choices":[{"text":"on"}]}"""),
            "error-200" => new TestReply("""{"error":{"message":"no"}}"""),
            "bad-utf16" => new TestReply("""{"choices":[{"message":{"content":"\ud800"}}]}"""),
            "deep" => new TestReply(new string('[', 100_000)),
            "never" => TestReply.Never,
            "large" => ChatJson.Text(new string('x', 300_000)),
            "bomb" => new TestReply { Bytes = bomb, Headers = { ["Content-Encoding"] = "gzip" } },
            "bad-gzip" => new TestReply("nonsense") { Headers = { ["Content-Encoding"] = "gzip" } },
            _ => TestReply.Error(int.Parse(fault, CultureInfo.InvariantCulture), "oops"),
        };
        await using var server = Server((request, number) => request.LastMessage == "cursed" || number == 1 ? Fault() : ChatJson.Text("on"));
        using var teacher = Chat.Teacher(Chat.Options(server.Address) with { Retries = 2, AttemptTimeout = TimeSpan.FromSeconds(fault == "never" ? 0.5 : 20), MaxResponseBytes = 200_000 });

        var answers = await teacher.AskAsync(Chat.Prompt("fine", 1), Chat.Prompt("cursed", 2), Chat.Prompt("well", 3));

        Assert.Equal(["row-1", "row-3"], answers.Where(answer => answer.Example is not null).Select(answer => answer.Id).Order());
        var failure = answers.Single(answer => answer.Failure is not null).Failure!;
        Assert.Equal(("row-2", code), (failure.Id, failure.Code));
        Assert.Contains("(attempt 3)", failure.Detail, StringComparison.Ordinal);
    }

    static byte[] Compressed(int zeros)
    {
        using var packed = new MemoryStream();
        using (var gzip = new System.IO.Compression.GZipStream(packed, System.IO.Compression.CompressionLevel.Fastest, leaveOpen: true))
        {
            gzip.Write(new byte[zeros]);
        }

        return packed.ToArray();
    }

    [Theory]
    [InlineData(400, "bad request", "", "request-refused", "status 400: bad request")]
    [InlineData(400, "This model's maximum context length is 8 tokens", "context_length_exceeded", "prompt-too-long", "status 400: This model's maximum context length is 8 tokens")]
    [InlineData(400, "flagged", "content_filter", "content-filter", "status 400: flagged")]
    [InlineData(413, "too large", "", "prompt-too-long", "status 413: too large")]
    [InlineData(422, "no such role", "", "request-refused", "status 422: no such role")]
    [InlineData(403, "moderation says no", "", "forbidden", "status 403: moderation says no")]
    public async Task A_4xx_about_a_row_fails_that_row_alone_and_at_once(int status, string message, string errorCode, string code, string detail)
    {
        await using var server = Server((request, _) => request.LastMessage == "bad" ? TestReply.Error(status, message, errorCode) : ChatJson.Text("on"));
        using var teacher = Chat.Teacher(Chat.Options(server.Address));

        var answers = await teacher.AskAsync(Chat.Prompt("good", 1), Chat.Prompt("bad", 2), Chat.Prompt("fine", 3));

        Assert.Equal(new Failure("row-2", code, detail), answers.Single(answer => answer.Failure is not null).Failure);
        Assert.Equal(2, answers.Count(answer => answer.Example is not null));
        Assert.Equal(0, teacher.Usage.Retries);
    }

    [Theory]
    [InlineData(401, "", ExitCode.UserCanFix, "key_env")]
    [InlineData(404, "", ExitCode.UserCanFix, "teacher.model")]
    [InlineData(402, "", ExitCode.Unavailable, "Top the account up")]
    [InlineData(429, "insufficient_quota", ExitCode.Unavailable, "Top the account up")]
    [InlineData(307, "", ExitCode.UserCanFix, "redirects to http://elsewhere.invalid")]
    public async Task A_refusal_of_everything_ends_the_asking_and_leaves_rows_unanswered(int status, string code, int exit, string advice)
    {
        await using var server = Server((_, number) => number < 5 ? ChatJson.Text("on") : TestReply.Error(status, "no", code) with { Headers = new() { ["Location"] = "http://elsewhere.invalid/v1" } });
        using var teacher = Chat.Teacher(Chat.Options(server.Address));
        List<Answer> answers = [];

        var error = await Assert.ThrowsAsync<ForgeException>(async () =>
        {
            await foreach (var answer in teacher.AnswerAsync(Chat.Prompts(100), CancellationToken.None))
            {
                answers.Add(answer);
            }
        });

        Assert.Equal(5, answers.Count(answer => answer.Example is not null));
        Assert.DoesNotContain(answers, answer => answer.Failure is not null);
        Assert.Equal(exit, error.ExitCode);
        Assert.Contains(advice, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_server_that_is_not_there_is_said_before_anything_starts()
    {
        using var teacher = Chat.Teacher(Chat.Options(new Uri("http://127.0.0.1:9/v1")));

        var error = await Assert.ThrowsAsync<ForgeException>(async () => await teacher.AskAsync(Chat.Prompt("lamp")));

        Assert.Equal(ExitCode.Unavailable, error.ExitCode);
        Assert.Contains("no connection (ConnectionRefused)", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_outage_is_waited_out_and_no_row_is_lost_to_it()
    {
        var down = 0;
        TestServer? server = null;
        server = Server((_, number) => number is >= 20 and < 50 && Interlocked.Increment(ref down) > 0 ? new TestReply(Raw: "") : ChatJson.Text("on"));
        await using var _ = server;
        using var teacher = Chat.Teacher(Chat.Options(server.Address) with { Retries = 8, Limits = new ApiLimits(MaxConcurrency: 4) });

        var answers = await teacher.AnswerAsync(Chat.Prompts(100), CancellationToken.None).ToListAsync();

        Assert.Equal(100, answers.Count(answer => answer.Example is not null));
        Assert.Equal(30, down);
    }

    [Fact]
    public async Task A_teacher_that_stays_silent_is_given_up_and_its_rows_stay_unanswered()
    {
        await using var server = Server((_, _) => TestReply.Error(429, "never again"));
        using var teacher = Chat.Teacher(Chat.Options(server.Address) with { OutageLimit = TimeSpan.FromSeconds(0.3) });

        var error = await Assert.ThrowsAsync<ForgeException>(async () => await teacher.AnswerAsync(Chat.Prompts(20), CancellationToken.None).ToListAsync());

        Assert.Equal(ExitCode.Unavailable, error.ExitCode);
        Assert.Contains("has not answered for", error.Message, StringComparison.Ordinal);
        Assert.Contains("never again", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_one_server_fails_another_answers()
    {
        await using var broken = Server((_, _) => TestReply.Error(500, "oops"));
        await using var locked = new TestServer(_ => TestReply.Error(401, "who are you"));
        await using var sound = Server((_, _) => ChatJson.Text("on"));
        var heard = new HeardProgress();
        using var teacher = Chat.Teacher(Chat.Options(broken.Address, locked.Address, sound.Address) with { Retries = 3 }, progress: heard);

        var answers = await teacher.AnswerAsync(Chat.Prompts(300), CancellationToken.None).ToListAsync();

        Assert.Equal(300, answers.Count(answer => answer.Example is not null));
        Assert.InRange(locked.Count, 1, 8);
        Assert.InRange(broken.Count, 1, 100);
        Assert.Contains($"127.0.0.1:{locked.Port} is not asked any more: status 401: who are you", heard.Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_time_of_a_row_counts_its_attempts_and_not_its_queue()
    {
        var clock = new FastTime(20);
        await using var server = Server((request, number) => request.LastMessage == "slow" ? TestReply.Never : number < 10 ? TestReply.Error(429, "wait", retryAfter: "4") : ChatJson.Text("on"));
        var options = Chat.Options(server.Address) with { Retries = 50, AttemptTimeout = TimeSpan.FromSeconds(10), TotalTimeout = TimeSpan.FromSeconds(25), MaxRetryDelay = TimeSpan.FromSeconds(1), OutageLimit = TimeSpan.FromHours(1) };
        using var teacher = Chat.Teacher(options, clock: clock);

        var patient = (await teacher.AskAsync(Chat.Prompt("patient", 1))).Single();
        var slow = (await teacher.AskAsync(Chat.Prompt("slow", 2))).Single();

        Assert.Equal("on", patient.Example!.Text); // after 40 s of asked-for patience
        Assert.Equal("timed-out", slow.Failure!.Code);
        Assert.InRange(server.Requests.Count(request => request.LastMessage == "slow"), 2, 4); // fewer where timers are late
    }
}
