using System.Text.Json;
using System.Text.Json.Nodes;
using DistillForge.Teachers;

namespace DistillForge.Tests.Teachers;

public class ApiTeacherTests
{
    static TestReply Echo(TestRequest request) => ChatJson.Text($"re: {request.LastMessage}");

    [Fact]
    public async Task Every_prompt_is_answered_exactly_once()
    {
        await using var server = new TestServer(Echo);
        using var teacher = Chat.Teacher(Chat.Options(server.Address));

        var answers = await teacher.AnswerAsync(Chat.Prompts(200), CancellationToken.None).ToListAsync();

        Assert.Equal(Enumerable.Range(0, 200).Select(i => $"row-{i}").Order(), answers.Select(answer => answer.Id).Order());
        Assert.All(answers, answer => Assert.Equal($"re: {answer.Example!.Prompt[0].Content}", answer.Example.Text));
        Assert.Equal(201, server.Count);
    }

    [Fact]
    public async Task An_example_says_all_about_its_origin()
    {
        await using var server = new TestServer(_ => ChatJson.Text("on", "length", promptTokens: 1_000_000 / 100, completionTokens: 7));
        var options = Chat.Options(server.Address) with { License = "MIT", Terms = "be nice" };
        using var teacher = Chat.Teacher(options, prices: new PriceTable(new Dictionary<string, Price> { ["tiny"] = new(2, 10) }));

        var example = (await teacher.AskAsync(new Prompt("id", [Message.System("Be brief."), Message.User("lamp?"), Message.Assistant("which?"), Message.User(new string('x', 12_000))], 42, "here", Expected: "on", Category: "lamps"))).Single().Example!;

        Assert.Equal(("tiny", "MIT", "be nice", "length"), (example.Author, example.License, example.Terms, example.FinishReason));
        Assert.Equal(("id", 42L, "here", "on", "lamps"), (example.Id, example.Seed, example.Source, example.Expected, example.Category));
        Assert.Equal((10_000, 7, options.Sampling.Describe()), (example.PromptTokens, example.CompletionTokens, example.Sampling));
        Assert.Equal(0.02 + 0.00007, example.CostUsd, 12);
        Assert.True(example.Seconds > 0);
        Assert.Null(example.Trace);
        Assert.Equal($"http://127.0.0.1:{server.Port}/v1#tiny", teacher.Identity);
        var roles = server.Requests.Last().Body.GetProperty("messages").EnumerateArray().Select(message => message.GetProperty("role").GetString());
        Assert.Equal(["system", "user", "assistant", "user"], roles);
    }

    [Fact]
    public async Task The_request_says_how_to_sample()
    {
        await using var server = new TestServer(Echo);
        var sampling = new Sampling(0.7f, TopK: 40, TopP: 0.9f, MinP: 0.05f, MaxTokens: 33, Stop: ["\n\n"], RepetitionPenalty: 1.1f, JsonSchema: """{"type":"object","properties":{"a":{"type":"string"}}}""");
        using var teacher = Chat.Teacher(Chat.Options(server.Address) with { Sampling = sampling, Extra = new Dictionary<string, JsonElement> { ["user"] = JsonSerializer.SerializeToElement("forge") } });

        await teacher.AskAsync(Chat.Prompt("lamp", 5));

        var body = server.Requests.Last().Body;
        Assert.Equal("/v1/chat/completions", server.Requests.Last().Path);
        Assert.Equal("""{"model":"tiny","messages":[{"role":"user","content":"lamp"}],"temperature":0.7,"top_p":0.9,"top_k":40,"min_p":0.05,"repetition_penalty":1.1,"repeat_penalty":1.1,"max_tokens":33,"stop":["\n\n"],"response_format":{"type":"json_schema","json_schema":{"name":"answer","strict":true,"schema":{"type":"object","properties":{"a":{"type":"string"}}}}},"seed":5,"user":"forge"}""", body.GetRawText());
    }

    [Fact]
    public async Task Samples_of_one_prompt_share_a_request_and_its_cost()
    {
        await using var server = new TestServer(request => new TestReply(ChatJson.Body([.. Enumerable.Range(0, request.Body.TryGetProperty("n", out var n) ? n.GetInt32() : 1).Reverse().Select(i => ChatJson.Choice(i, $"{request.LastMessage} {i}"))], 100, 31).ToJsonString()));
        using var teacher = Chat.Teacher(Chat.Options(server.Address) with { SamplesPerRequest = 3 }, prices: new PriceTable(new Dictionary<string, Price> { ["tiny"] = new(3, 0) }));
        Prompt[] prompts = [.. Enumerable.Range(0, 4).Select(i => new Prompt($"a{i}", [Message.User("a")], i, Sample: i)), new Prompt("b", [Message.User("b")], 9)];

        var examples = (await teacher.AskAsync(prompts)).Select(answer => answer.Example!).OrderBy(example => example.Id).ToList();

        Assert.Equal(["a 0", "a 1", "a 2", "a 0", "b 0"], examples.Select(example => example.Text));
        Assert.Equal([11, 10, 10, 31, 31], examples.Select(example => example.CompletionTokens));
        Assert.Equal([1e-4, 1e-4, 1e-4, 3e-4, 3e-4], examples.Select(example => Math.Round(example.CostUsd, 9)));
        Assert.Equal(4, server.Count); // and the probe
    }

    [Fact]
    public async Task A_server_that_knows_no_n_is_asked_for_the_rest()
    {
        await using var server = new TestServer(Echo);
        using var teacher = Chat.Teacher(Chat.Options(server.Address) with { SamplesPerRequest = 4 });

        var answers = await teacher.AskAsync([.. Enumerable.Range(0, 4).Select(i => new Prompt($"a{i}", [Message.User("a")], i, Sample: i))]);

        Assert.Equal(4, answers.Count(answer => answer.Example is not null));
        Assert.Equal([4, 3, 2, 1], server.Requests.Skip(1).Select(request => request.Body.TryGetProperty("n", out var n) ? n.GetInt32() : 1));
    }

    [Theory]
    [InlineData("""{"content":null,"refusal":"I will not."}""", "stop", "I will not.|content_filter")]
    [InlineData("""{"content":null}""", "content_filter", "|content_filter")]
    [InlineData("""{"content":"","reasoning_content":"hm"}""", "stop", "|stop")]
    [InlineData("""{"content":null,"reasoning_content":"hm"}""", "length", "empty-answer")]
    [InlineData("""{"content":null,"tool_calls":[]}""", "tool_calls", "tool-call")]
    [InlineData("""{"content":null}""", "stop", "empty-answer")]
    [InlineData("""{"content":"ok"}""", "max_tokens", "ok|length")]
    public async Task Whatever_a_message_holds_becomes_a_row_or_a_cause(string message, string finish, string expected)
    {
        await using var server = new TestServer(request => new TestReply(ChatJson.Body([new JsonObject { ["message"] = request.IsProbe() ? new JsonObject { ["content"] = "OK" } : JsonNode.Parse(message), ["finish_reason"] = finish }], 1, 1).ToJsonString()));
        using var teacher = Chat.Teacher(Chat.Options(server.Address));

        var answer = (await teacher.AskAsync(Chat.Prompt("lamp"))).Single();

        Assert.Equal(expected, answer.Example is { } example ? $"{example.Text}|{example.FinishReason}" : answer.Failure!.Code);
    }

    [Fact]
    public async Task Reasoning_is_kept_where_the_recipe_says_so()
    {
        await using var server = new TestServer(_ => new TestReply(ChatJson.Body([new JsonObject { ["message"] = JsonNode.Parse("""{"content":"4","reasoning_content":"2 and 2"}""") }], 1, 1).ToJsonString()));
        using var teacher = Chat.Teacher(Chat.Options(server.Address) with { Reasoning = ReasoningText.Keep });

        Assert.Equal("<think>\n2 and 2\n</think>\n\n4", (await teacher.AskAsync(Chat.Prompt("2+2"))).Single().Example!.Text);
    }

    [Fact]
    public async Task Prompts_are_read_only_as_fast_as_answers_are_taken()
    {
        var asked = 0;
        async IAsyncEnumerable<Prompt> Counted()
        {
            await foreach (var prompt in Chat.Prompts(100))
            {
                asked++;
                yield return prompt;
            }
        }

        await using var server = new TestServer(Echo);
        using var teacher = Chat.Teacher(Chat.Options(server.Address) with { Limits = new ApiLimits(MaxConcurrency: 1) });
        var taken = 0;
        await foreach (var _ in teacher.AnswerAsync(Counted(), CancellationToken.None))
        {
            taken++;
            await Task.Delay(2);
            Assert.InRange(Volatile.Read(ref asked), taken, taken + 5);
        }

        Assert.Equal(100, taken);
    }

    [Fact]
    public async Task Leaving_early_or_cancelling_stops_the_asking()
    {
        await using var server = new TestServer(Echo);
        using var teacher = Chat.Teacher(Chat.Options(server.Address));
        await foreach (var _ in teacher.AnswerAsync(Chat.Prompts(100_000), CancellationToken.None))
        {
            break;
        }

        var soFar = server.Count;
        await Task.Delay(50);
        Assert.Equal(soFar, server.Count);

        using var stop = new CancellationTokenSource();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () =>
        {
            await foreach (var _ in teacher.AnswerAsync(Chat.Prompts(100_000), stop.Token))
            {
                await stop.CancelAsync();
            }
        });
    }

    [Fact]
    public void All_that_does_not_fit_is_said_at_once()
    {
        var options = Chat.Options(new Uri("http://me:secret@host/v1?key=secret"), new Uri("ftp://host/")) with { Model = "", Sampling = new Sampling(Grammar: "root ::= x"), Retries = -1 };

        var error = Assert.Throws<ForgeException>(() => Chat.Teacher(options with { Endpoints = [.. options.Endpoints, new ApiEndpoint(new Uri("http://host/v1"), "NO_SUCH_KEY")] }, budget: new BudgetMeter(new Budget(MaxCostUsd: 1), TimeProvider.System)));

        Assert.Equal(["teacher.model", "teacher.retries", "teacher.api", "teacher.api", "generate.grammar", "teacher.key_env", "budget.max_cost_usd"], error.Problems.Select(problem => problem.Where));
        Assert.DoesNotContain("secret", error.ToString().Replace("user secret", "", StringComparison.Ordinal), StringComparison.Ordinal);
    }
}
