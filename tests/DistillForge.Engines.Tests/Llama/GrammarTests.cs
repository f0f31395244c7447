using System.Text.Json;
using DistillForge.Llama;

namespace DistillForge.Engines.Tests.Llama;

public sealed class GrammarTests : IAsyncLifetime
{
    readonly Scratch scratch = new();
    LlamaModel model = null!;

    public async Task InitializeAsync() => model = await Models.OpenTinyAsync(scratch);

    public async Task DisposeAsync()
    {
        await model.DisposeAsync();
        scratch.Dispose();
    }

    Task<Completion> AskAsync(Sampling sampling, long seed = 0) => model.CompleteAsync(Models.Prompt("turn on the light", seed), sampling, CancellationToken.None);

    [Fact]
    public async Task An_answer_follows_its_grammar_and_ends_with_it()
    {
        var answers = await Task.WhenAll(Enumerable.Range(0, 16).Select(seed => AskAsync(new Sampling(Grammar: """root ::= ("yes" | "no") ", " [0-9]{3}"""), seed)));

        Assert.All(answers, answer => Assert.Matches("^(yes|no), [0-9]{3}$", answer.Text));
        Assert.All(answers, answer => Assert.Equal("stop", answer.FinishReason));
        Assert.True(answers.Select(answer => answer.Text).Distinct().Count() > 4);
    }

    [Fact]
    public async Task A_grammar_changes_no_log_probability_that_is_captured()
    {
        var answer = await AskAsync(new Sampling(MaxTokens: 12, Grammar: "root ::= [0-9]+", Capture: new Want.Head(8)));

        var scored = await model.ScoreAsync(new(model.Vocabulary, answer.Trace!.TokenIds, answer.Trace.PromptLength), new Want.Head(8), CancellationToken.None);
        Assert.Equal(scored.TokenLogprobs, answer.Trace.TokenLogprobs, (a, b) => Math.Abs(a - b) < 1e-4);
        Assert.Contains(answer.Trace.TokenRanks, rank => rank > 0);
    }

    [Fact]
    public async Task An_answer_under_a_schema_is_json_of_that_schema()
    {
        const string Schema = """
            { "type": "object", "required": ["device", "on"], "properties": {
                "device": { "enum": ["lamp", "heater"] }, "on": { "type": "boolean" },
                "percent": { "type": "integer", "minimum": 0, "maximum": 100 }, "tags": { "type": "array", "items": { "type": "string", "maxLength": 4 }, "maxItems": 2 } } }
            """;

        var answers = await Task.WhenAll(Enumerable.Range(0, 12).Select(seed => AskAsync(new Sampling(MaxTokens: 110, JsonSchema: Schema), seed)));

        var whole = answers.Where(answer => answer.FinishReason == "stop").Select(answer => JsonDocument.Parse(answer.Text).RootElement).ToList();
        Assert.True(whole.Count >= 3, $"{whole.Count} of 12 ended");
        foreach (var json in whole)
        {
            Assert.Contains(json.GetProperty("device").GetString(), new[] { "lamp", "heater" });
            Assert.Contains(json.GetProperty("on").ValueKind, new[] { JsonValueKind.True, JsonValueKind.False });
            Assert.True(!json.TryGetProperty("percent", out var percent) || percent.GetInt32() is >= 0 and <= 100);
            Assert.True(!json.TryGetProperty("tags", out var tags) || tags.GetArrayLength() <= 2);
        }
    }

    [Fact]
    public async Task A_grammar_that_cannot_be_read_fails_its_row_and_says_why()
    {
        var worker = model.WorkerProcessId;

        var failure = await Assert.ThrowsAsync<CompletionFailedException>(() => AskAsync(new Sampling(Grammar: "root ::= nowhere")));

        Assert.Equal("grammar-unreadable", failure.Code);
        Assert.Contains("nowhere", failure.Message);
        Assert.Equal(worker, model.WorkerProcessId);
    }

    [Fact]
    public async Task A_grammar_that_would_overflow_the_engine_s_stack_is_refused_and_its_neighbours_are_answered()
    {
        var hostile = $"root ::= {new string('(', 400_000)}\"a\"{new string(')', 400_000)}";
        var neighbours = Enumerable.Range(0, 10).Select(seed => AskAsync(new Sampling(MaxTokens: 60), seed)).ToList();

        var failure = await Assert.ThrowsAsync<CompletionFailedException>(() => AskAsync(new Sampling(Grammar: hostile)));

        Assert.Equal("grammar-unreadable", failure.Code);
        Assert.Equal(10, (await Task.WhenAll(neighbours)).Length);
    }

    [Fact]
    public async Task A_grammar_that_overflows_the_engine_s_stack_kills_only_the_worker()
    {
        // llama.cpp follows the first reference of every rule by recursion.
        var hostile = $"root ::= a0\n{string.Concat(Enumerable.Range(0, 200_000).Select(rule => $"a{rule} ::= a{rule + 1}\n"))}a200000 ::= \"a\"";
        var neighbours = Enumerable.Range(0, 10).Select(seed => AskAsync(new Sampling(MaxTokens: 60), seed)).ToList();

        var failure = await Assert.ThrowsAsync<CompletionFailedException>(() => AskAsync(new Sampling(Grammar: hostile)));

        Assert.Equal("worker-died", failure.Code);
        Assert.Equal(10, (await Task.WhenAll(neighbours)).Length);
    }

    [Fact]
    public async Task A_stop_token_ends_the_answer_and_is_its_last_position()
    {
        var whole = await AskAsync(new Sampling(MaxTokens: 20, Capture: new Want.Head()), 3);
        var stop = whole.Trace!.TokenIds[whole.PromptTokens + 5];

        var cut = await AskAsync(new Sampling(MaxTokens: 20, StopTokens: [stop], Capture: new Want.Head()), 3);

        Assert.Equal("stop", cut.FinishReason);
        Assert.Equal(stop, cut.Trace!.TokenIds[^1]);
        Assert.Equal(whole.Trace.TokenIds[..cut.Trace.TokenIds.Length], cut.Trace.TokenIds);
        Assert.Equal(model.Decode(cut.Trace.TokenIds[cut.PromptTokens..^1]), cut.Text);
        Assert.True(cut.Trace.LossMask[^1]);
    }

    [Fact]
    public async Task A_strong_repetition_penalty_says_nothing_twice()
    {
        var free = await model.ContinueToLengthAsync([7, 8, 9], new Sampling(Temperature: 0, MaxTokens: 40, Capture: new Want.Head()), 0, CancellationToken.None);
        var varied = await model.ContinueToLengthAsync([7, 8, 9], new Sampling(Temperature: 0, MaxTokens: 40, RepetitionPenalty: 1e6f, Capture: new Want.Head()), 0, CancellationToken.None);

        Assert.True(free.Trace!.TokenIds.Distinct().Count() < free.Trace.TokenIds.Length, "a greedy tiny model repeats itself");
        Assert.Equal(varied.Trace!.TokenIds.Length, varied.Trace.TokenIds.Distinct().Count());
    }
}
