using DistillForge.Filters;
using Some = DistillForge.Tests.Data.Some;

namespace DistillForge.Tests.Filters;

public sealed class FilterTests
{
    [Theory]
    [InlineData("one two", null)]
    [InlineData("one", "too-short")]
    [InlineData("", "too-short")]
    [InlineData("  one \t\n two  ", null)]
    public void Keeps_answers_at_or_above_the_minimum(string completion, string? dropped)
        => Assert.Equal(dropped, new MinLength(new(Words: 2)).Judge(Some.Example(completion)).Reason?.Code);

    [Theory]
    [InlineData("one two", null)]
    [InlineData("one two three", "too-long")]
    [InlineData("a-word-of-more-than-twenty-letters", "too-long")]
    public void Keeps_answers_at_or_below_the_maximum(string completion, string? dropped)
        => Assert.Equal(dropped, new MaxLength(new(Words: 2, Characters: 20)).Judge(Some.Example(completion)).Reason?.Code);

    [Theory]
    [InlineData("stop", null)]
    [InlineData("length", "cut-off")]
    [InlineData("content_filter", "refused-by-author")]
    [InlineData("weird", "odd-finish")]
    public void Keeps_answers_that_ended_by_themselves(string finish, string? dropped)
        => Assert.Equal(dropped, new FinishReason(new()).Judge(Some.Example("x") with { FinishReason = finish }).Reason?.Code);

    [Theory]
    [InlineData("{\"action\":\"on\"}", null)]
    [InlineData(" {\"action\":1} ", null)]
    [InlineData("{\"target\":1}", "json-key-missing")]
    [InlineData("[1]", "no-json-object")]
    [InlineData("7", "no-json-object")]
    [InlineData("{\"action\":1} {}", "not-json")]
    [InlineData("{\"action\":1", "not-json")]
    [InlineData("{\"action\":1,\"action\":2}", "not-json")]
    [InlineData("Sure! {\"action\":1}", "not-json")]
    [InlineData("{'action':1}", "not-json")]
    [InlineData("", "not-json")]
    public void Keeps_answers_that_are_one_object_with_the_keys(string completion, string? dropped)
        => Assert.Equal(dropped, new ValidJson(new() { Required = ["action"] }).Judge(Some.Example(completion)).Reason?.Code);

    [Fact]
    public void Deep_json_is_dropped_and_does_not_end_the_process()
        => Assert.Equal("not-json", new ValidJson(new()).Judge(Some.Example(new string('[', 1_000_000))).Reason?.Code);

    [Theory]
    [InlineData(new[] { -0.1f, -0.3f }, null)]
    [InlineData(new[] { -0.1f, -2f }, "low-confidence")]
    [InlineData(new[] { -0.01f, -0.01f, -0.01f, -0.01f, -3.5f, -0.01f, -0.01f, -0.01f }, "unlikely-token")]
    [InlineData(new[] { -0.1f, float.NegativeInfinity }, "low-confidence")]
    [InlineData(new[] { -0.1f, float.NaN }, "broken-logprobs")]
    [InlineData(new float[0], null)]
    public void Keeps_answers_that_the_teacher_was_sure_of(float[] logprobs, string? dropped)
    {
        var trace = Some.Trace(1) with { TokenLogprobs = logprobs };

        var verdict = new TeacherConfidence(new(MinMeanLogprob: -0.5, MinTokenLogprob: -3)).Judge(Some.Example("x") with { Trace = trace });

        Assert.Equal(dropped, verdict.Reason?.Code);
    }

    [Fact]
    public void A_row_without_trace_is_dropped_only_when_the_policy_says_so()
    {
        Assert.Equal(Verdict.Keep, new TeacherConfidence(new()).Judge(Some.Example("x")));
        Assert.Equal("no-trace", new TeacherConfidence(new(WithoutTrace: TeacherConfidence.Untraced.Drop)).Judge(Some.Example("x")).Reason?.Code);
    }

    [Fact]
    public void A_reason_says_what_was_found_and_what_is_needed()
        => Assert.Equal(new Reason("too-short", "1 words, needs 2"), new MinLength(new(Words: 2)).Judge(Some.Example("one")).Reason);

    [Theory]
    [InlineData(ExactDuplicate.Parts.PromptAndCompletion, false, true, "keep keep drop keep keep")]
    [InlineData(ExactDuplicate.Parts.PromptAndCompletion, true, true, "keep drop drop keep keep")]
    [InlineData(ExactDuplicate.Parts.PromptAndCompletion, false, false, "keep keep keep keep keep")]
    [InlineData(ExactDuplicate.Parts.Prompt, false, true, "keep drop drop drop keep")]
    [InlineData(ExactDuplicate.Parts.Completion, false, true, "keep keep drop keep drop")]
    public async Task Keeps_the_first_of_rows_that_say_the_same(ExactDuplicate.Parts by, bool ignoreCase, bool ignoreSpace, string actions)
    {
        var rows = new Rows([("ask", "A b"), ("ask", "a b"), ("ask", " A   b"), ("ask", "A"), ("else", "A b")]);

        var verdicts = await Some.ListAsync(new ExactDuplicate(new(by, ignoreCase, ignoreSpace)).JudgeAsync(rows, default));

        Assert.Equal(actions, string.Join(' ', verdicts.Select(verdict => verdict.Action.ToString().ToLowerInvariant())));
        Assert.All(verdicts.Where(verdict => verdict.Reason is not null && verdict.Reason.Detail.EndsWith('0')), verdict => Assert.Equal("repeats row 0", verdict.Reason!.Detail));
    }

    [Fact]
    public async Task Moving_a_word_from_prompt_to_answer_makes_another_row()
    {
        var verdicts = await Some.ListAsync(new ExactDuplicate(new()).JudgeAsync(new Rows([("a b", "c"), ("a", "b c")]), default));

        Assert.Equal([Verdict.Keep, Verdict.Keep], verdicts);
    }
}

/// <summary>Rows in memory, with their places as ids.</summary>
sealed class Rows(IReadOnlyList<(string Prompt, string Completion)> rows) : IDataset
{
    public long Count => rows.Count;

    public IAsyncEnumerable<Example> ReadAsync(CancellationToken cancellationToken)
        => Some.Async(rows.Select((row, i) => Some.Example(row.Completion, i) with { Id = $"{i}", Prompt = [Message.User(row.Prompt)] }));
}
