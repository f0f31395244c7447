using DistillForge.Core;

namespace DistillForge.Filters;

/// <summary>Drops answers that the teacher itself found unlikely, by the log-probabilities of its trace (nats, at temperature 1).</summary>
[Component("teacher-confidence")]
public sealed class TeacherConfidence(TeacherConfidence.Options options) : IFilter
{
    /// <summary>What becomes of a row that has no log-probabilities.</summary>
    public enum Untraced
    {
        Keep,
        Drop,
    }

    /// <param name="MinMeanLogprob">Over all completion tokens, the end of the sequence included.</param>
    /// <param name="MinTokenLogprob">Of the least likely token.</param>
    public sealed record Options(double MinMeanLogprob = -3, double MinTokenLogprob = -15, Untraced WithoutTrace = Untraced.Keep) : ICheckedOptions
    {
        public IEnumerable<Problem> Check()
            => from bound in new[] { (Key: "min_mean_logprob", Value: MinMeanLogprob), (Key: "min_token_logprob", Value: MinTokenLogprob) }
               where bound.Value is not <= 0
               select new Problem(bound.Key, $"is {bound.Value}; a log-probability is never above 0.", $"Did you mean {-bound.Value}?");
    }

    public Verdict Judge(Example example)
    {
        if (example.Trace is not { IsScored: true } trace)
        {
            return options.WithoutTrace == Untraced.Keep ? Verdict.Keep : Verdict.Drop("no-trace", "has no log-probabilities to judge by");
        }

        var mean = trace.TokenLogprobs.Average(value => (double)value);
        var least = trace.TokenLogprobs.Min();
        return double.IsNaN(mean) ? Verdict.Drop("broken-logprobs", "a log-probability is no number")
            : mean < options.MinMeanLogprob ? Verdict.Drop("low-confidence", $"mean log-prob {mean:F2}, needs {options.MinMeanLogprob}")
            : least < options.MinTokenLogprob ? Verdict.Drop("unlikely-token", $"token {Array.IndexOf(trace.TokenLogprobs, least) + 1} has log-prob {least:F2}, needs {options.MinTokenLogprob}")
            : Verdict.Keep;
    }
}
