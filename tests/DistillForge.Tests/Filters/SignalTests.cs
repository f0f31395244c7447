using DistillForge.Filters;
using Some = DistillForge.Tests.Data.Some;

namespace DistillForge.Tests.Filters;

public sealed class SignalTests
{
    [Theory]
    [InlineData(new[] { -1f, -1f }, null)]
    [InlineData(new[] { -2f, -2f }, "high-perplexity")]
    [InlineData(new[] { -0.001f, 0f }, "low-perplexity")]
    [InlineData(new[] { -1f, float.NegativeInfinity }, "high-perplexity")]
    [InlineData(new[] { -1f, float.NaN }, "broken-logprobs")]
    [InlineData(new float[0], null)]
    public void Keeps_answers_whose_perplexity_is_within_bounds(float[] logprobs, string? dropped)
        => Assert.Equal(dropped, new Perplexity(new(Max: 5, Min: 1.01)).Judge(Traced(logprobs)).Reason?.Code);

    [Fact]
    public void Perplexity_is_the_exponential_of_the_mean()
        => Assert.Equal("perplexity 7.389 over 2 tokens, may have 5", new Perplexity(new(Max: 5)).Judge(Traced([-1f, -3f])).Reason?.Detail);

    [Theory]
    [InlineData(new[] { 0f, -3f, -3f, 0f, 0f, 0f }, null)]
    [InlineData(new[] { 0f, -5f, -5f, 0f, 0f, 0f }, "low-confidence-span")]
    [InlineData(new[] { float.NegativeInfinity, 0f, 0f }, "low-confidence-span")]
    [InlineData(new[] { -5f }, "low-confidence-span")]
    [InlineData(new[] { 0f, 0f, float.NaN }, "broken-logprobs")]
    [InlineData(new float[0], null)]
    public void Keeps_answers_without_a_stretch_of_doubt(float[] logprobs, string? dropped)
        => Assert.Equal(dropped, new LowConfidenceSpan(new(Tokens: 2, MinMeanLogprob: -4)).Judge(Traced(logprobs)).Reason?.Code);

    [Fact]
    public void Says_which_tokens_were_doubted()
        => Assert.Equal("tokens 3..4 have a mean log-prob of -6.00, needs -4", new LowConfidenceSpan(new(Tokens: 2)).Judge(Traced([0f, -4f, -5f, -7f, -1f])).Reason?.Detail);

    [Theory]
    [InlineData(new[] { 1f, 1f }, null)]
    [InlineData(new[] { 4f, 4f }, "high-entropy")]
    [InlineData(new[] { 2.5f, 2.5f, 0f }, "unsure-tokens")]
    [InlineData(new[] { 1f, float.NaN }, "broken-entropies")]
    [InlineData(new float[0], null)]
    public void Keeps_answers_before_whose_tokens_the_teacher_did_not_waver(float[] entropies, string? dropped)
        => Assert.Equal(dropped, new Entropy(new(MaxMean: 3, Unsure: 2)).Judge(Some.Example("x") with { Trace = Some.Trace(1) with { Entropies = entropies } }).Reason?.Code);

    [Fact]
    public void Rows_without_a_trace_are_dropped_only_when_the_policy_says_so()
    {
        var row = Some.Example("x");

        Assert.All<IFilter>([new Perplexity(new()), new LowConfidenceSpan(new()), new Entropy(new())], filter => Assert.Equal(Verdict.Keep, filter.Judge(row)));
        Assert.All<IFilter>(
            [new Perplexity(new(WithoutTrace: TeacherConfidence.Untraced.Drop)), new LowConfidenceSpan(new(WithoutTrace: TeacherConfidence.Untraced.Drop)), new Entropy(new(WithoutTrace: TeacherConfidence.Untraced.Drop))],
            filter => Assert.Equal("no-trace", filter.Judge(row).Reason?.Code));
    }

    static Example Traced(float[] logprobs) => Some.Example("x") with { Trace = Some.Trace(1) with { TokenLogprobs = logprobs } };
}
