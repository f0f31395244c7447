using DistillForge.Teachers;

namespace DistillForge.Tests.Teachers;

public class BudgetTests
{
    // 10 prompt and 5 completion tokens are 0.001 dollars.
    static PriceTable Prices { get; } = new(new Dictionary<string, Price> { ["tiny"] = new(50, 100) });

    static async Task<(List<Answer> Answers, BudgetExhaustedException? End)> AskAsync(ApiTeacher teacher, IEnumerable<Prompt> prompts)
    {
        List<Answer> answers = [];
        try
        {
            await foreach (var answer in teacher.AnswerAsync(prompts.ToAsyncEnumerable(), CancellationToken.None))
            {
                answers.Add(answer);
            }

            return (answers, null);
        }
        catch (BudgetExhaustedException end)
        {
            return (answers, end);
        }
    }

    [Theory]
    [InlineData("max_cost_usd")]
    [InlineData("max_tokens")]
    public async Task A_budget_stops_cleanly_and_goes_on_when_it_is_raised(string limit)
    {
        using var scratch = new Scratch();
        await using var server = new TestServer(_ => ChatJson.Text("on"));
        Budget Budget(double share) => limit == "max_tokens" ? new Budget(MaxTokens: (long)(1500 * share)) : new Budget(MaxCostUsd: 0.1 * share);
        var open = await Chat.Prompts(100).ToListAsync();
        var answered = 0;
        double[] shares = [0.3, 0.6, 3];
        foreach (var share in shares)
        {
            using var budget = new BudgetMeter(Budget(share), TimeProvider.System, scratch["spent"]);
            using var teacher = Chat.Teacher(Chat.Options(server.Address), budget: budget, prices: Prices);

            var (answers, end) = await AskAsync(teacher, open);

            Assert.All(answers, answer => Assert.NotNull(answer.Example));
            answered += answers.Count;
            open.RemoveAll(prompt => answers.Exists(answer => answer.Id == prompt.Id));
            Assert.True(budget.SpentUsd <= Budget(share).MaxCostUsd.GetValueOrDefault(double.MaxValue) + 1e-12);
            Assert.True(budget.Tokens <= Budget(share).MaxTokens.GetValueOrDefault(long.MaxValue));
            if (share < 1)
            {
                Assert.Equal(limit, end!.Limit);
                Assert.Contains($"Raise budget.{limit}", end.Message, StringComparison.Ordinal);
                // All but what the last request could have cost, and the probes.
                Assert.InRange(answered, 100 * share - 15, 100 * share);
            }
            else
            {
                Assert.Null(end);
            }
        }

        Assert.Equal((100, 0), (answered, open.Count));
        Assert.Equal(100, server.Requests.Count(request => !request.IsProbe()));
    }

    [Fact]
    public async Task Time_is_a_budget_too_and_ends_even_a_wait()
    {
        var clock = new FastTime(40);
        await using var server = new TestServer(request => request.Number < 10 ? ChatJson.Text("on") : TestReply.Error(429, "later", retryAfter: "3000"));
        using var budget = new BudgetMeter(new Budget(MaxHours: 0.05), clock);
        using var teacher = Chat.Teacher(Chat.Options(server.Address) with { AttemptTimeout = TimeSpan.FromHours(1), TotalTimeout = TimeSpan.FromHours(1) }, budget: budget, clock: clock);

        var (answers, end) = await AskAsync(teacher, await Chat.Prompts(50).ToListAsync());

        Assert.Equal("max_hours", end!.Limit);
        Assert.InRange(answers.Count, 1, 9);
        // A fast clock's timers may ring a hair early.
        Assert.InRange(end.Worked.TotalHours, 0.049, 0.5);
    }

    [Fact]
    public async Task An_attempt_whose_answer_never_came_may_have_been_charged()
    {
        await using var server = new TestServer(request => request.IsProbe() ? ChatJson.Text("OK") : request.Number == 1 ? ChatJson.Text("on") with { CutAfter = 20 } : request.Number == 2 ? TestReply.Error(500, "oops") : ChatJson.Text("on"));
        using var budget = BudgetMeter.Unlimited(TimeProvider.System);
        using var teacher = Chat.Teacher(Chat.Options(server.Address), budget: budget, prices: Prices);

        await teacher.AskAsync(Chat.Prompt("lamp"));

        // The probe, the answer, and all that the cut one can have cost: 4 + 4 + 16 + 32 prompt tokens and 16 of the answer.
        Assert.Equal(0.001 + 0.001 + (56 * 50 + 16 * 100) / 1e6, budget.SpentUsd, 9);
        Assert.Equal(15 + 15 + 72, budget.Tokens);
    }

    [Theory]
    [InlineData("-1")]
    [InlineData("1e300")]
    [InlineData("99999999999999999999999")]
    [InlineData("\"many\"")]
    [InlineData("5.5")]
    public async Task Absurd_usage_counts_as_the_most_that_it_can_have_been(string tokens)
    {
        await using var server = new TestServer(_ => new TestReply($$$"""{"choices":[{"message":{"content":"on"}}],"usage":{"prompt_tokens":{{{tokens}}},"completion_tokens":{{{tokens}}}} }"""));
        using var budget = BudgetMeter.Unlimited(TimeProvider.System);
        using var teacher = Chat.Teacher(Chat.Options(server.Address), budget: budget);

        var example = (await teacher.AskAsync(Chat.Prompt("lamp"))).Single().Example!;

        Assert.Equal((56, 16), (example.PromptTokens, example.CompletionTokens));
    }

    [Fact]
    public async Task A_ledger_survives_its_torn_last_line()
    {
        using var scratch = new Scratch();
        using (var meter = new BudgetMeter(new Budget(), TimeProvider.System, scratch["spent"]))
        {
            (await meter.ReserveAsync(1, 100, CancellationToken.None)).Settle(0.25, 40);
            // Killed before its answer came: it stays counted.
            _ = await meter.ReserveAsync(2, 50, CancellationToken.None);
        }

        File.AppendAllText(scratch["spent"], "3.5 70");
        using (var meter = new BudgetMeter(new Budget(), TimeProvider.System, scratch["spent"]))
        {
            Assert.Equal((2.25, 90L), (meter.SpentUsd, meter.Tokens));
            (await meter.ReserveAsync(1, 10, CancellationToken.None)).Settle(1, 10);
        }

        using var last = new BudgetMeter(new Budget(), TimeProvider.System, scratch["spent"]);
        Assert.Equal((3.25, 100L), (last.SpentUsd, last.Tokens));
    }
}
