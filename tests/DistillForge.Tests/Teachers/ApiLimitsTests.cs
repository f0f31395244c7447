using System.Diagnostics;
using DistillForge.Teachers;

namespace DistillForge.Tests.Teachers;

public class ApiLimitsTests
{
    [Fact]
    public void A_gate_lets_through_what_its_rate_allows_and_catches_up_on_a_tenth_of_a_second()
    {
        var gate = new RateGate { PerSecond = 10 };
        var passed = 0;
        for (var now = 0.0; now < 10; now += 0.001)
        {
            if (gate.Wait(now) <= 0)
            {
                gate.Pass(now, 1);
                passed++;
            }
        }

        Assert.InRange(passed, 100, 102);
    }

    [Fact]
    public void A_gate_is_paid_back_when_less_was_used_than_thought()
    {
        var gate = new RateGate { PerSecond = 1000 };
        gate.Pass(0, 5000);
        Assert.Equal(4.9, gate.Wait(0), 6);

        gate.Correct(-4000);
        Assert.Equal(0.9, gate.Wait(0), 6);
    }

    [Fact]
    public void A_window_doubles_then_grows_by_one_and_shrinks_by_a_third_when_a_tenth_complains()
    {
        var window = new ConcurrencyWindow(64);
        var flight = new Queue<int>();
        List<int> limits = [window.Limit];
        foreach (var complaints in new[] { 0, 0, 16, 0, 0, 1, 2 })
        {
            var given = 0;
            while (window.Limit == limits[^1])
            {
                while (window.HasRoom)
                {
                    flight.Enqueue(window.Enter());
                }

                window.Leave(flight.Dequeue(), given++ < complaints);
            }

            limits.Add(window.Limit);
        }

        Assert.Equal([4, 8, 16, 10, 11, 12, 13, 9], limits);
    }

    [Fact]
    public void A_window_that_is_never_full_does_not_grow()
    {
        var window = new ConcurrencyWindow(64);
        for (var i = 0; i < 100; i++)
        {
            window.Leave(window.Enter(), complained: false);
        }

        Assert.Equal(4, window.Limit);
    }

    [Fact]
    public async Task No_more_requests_are_in_flight_than_allowed()
    {
        await using var server = new TestServer(_ => ChatJson.Text("on") with { Delay = TimeSpan.FromMilliseconds(5) });
        using var teacher = Chat.Teacher(Chat.Options(server.Address) with { Limits = new ApiLimits(MaxConcurrency: 6) });

        await teacher.AnswerAsync(Chat.Prompts(150), CancellationToken.None).ToListAsync();

        Assert.InRange(server.MostAtOnce, 4, 6);
    }

    [Fact]
    public async Task A_server_that_takes_little_at_once_is_soon_asked_so_much()
    {
        var busy = 0;
        var late = 0;
        await using var narrow = new TestServer(request =>
        {
            if (Interlocked.Increment(ref busy) > 4)
            {
                Interlocked.Decrement(ref busy);
                late += request.Number > 200 ? 1 : 0;
                return TestReply.Error(429, "one at a time");
            }

            _ = Task.Delay(15).ContinueWith(_ => Interlocked.Decrement(ref busy), TaskScheduler.Default);
            return ChatJson.Text("on") with { Delay = TimeSpan.FromMilliseconds(10) };
        })
        { Remember = false };
        using var teacher = Chat.Teacher(Chat.Options(narrow.Address));

        var answers = await teacher.AnswerAsync(Chat.Prompts(400), CancellationToken.None).ToListAsync();

        Assert.Equal(400, answers.Count(answer => answer.Example is not null));
        Assert.InRange(late, 0, 200);
    }

    [Theory]
    [InlineData("written")]
    [InlineData("announced")]
    [InlineData("tokens")]
    public async Task A_limit_a_minute_is_kept(string how)
    {
        await using var server = new TestServer(_ => ChatJson.Text("on", promptTokens: 10, completionTokens: 10) with { Headers = how == "announced" ? new() { ["x-ratelimit-limit-requests"] = "6000" } : [] });
        var limits = how switch
        {
            "written" => new ApiLimits(RequestsPerMinute: 6000),
            "tokens" => new ApiLimits(TokensPerMinute: 120_000),
            _ => new ApiLimits(),
        };
        using var teacher = Chat.Teacher(Chat.Options(server.Address) with { Limits = limits });
        await teacher.ProbeAsync(CancellationToken.None);
        var watch = Stopwatch.StartNew();

        await teacher.AnswerAsync(Chat.Prompts(120), CancellationToken.None).ToListAsync();

        // 100 a second, of which the gate lends a tenth of a second at the start; nothing bounds a busy machine from above.
        Assert.InRange(watch.Elapsed.TotalSeconds, 1.05, 20);
    }
}
