using DistillForge.Core;

namespace DistillForge.Filters;

/// <summary>Drops answers with a stretch that the teacher was unsure of: the mean hides it when the rest is easy.</summary>
[Component("low-confidence-span")]
public sealed class LowConfidenceSpan(LowConfidenceSpan.Options options) : IFilter
{
    /// <param name="Tokens">Length of the stretch; shorter answers are judged whole.</param>
    /// <param name="MinMeanLogprob">Of every stretch, in nats a token.</param>
    public sealed record Options(int Tokens = 8, double MinMeanLogprob = -4, TeacherConfidence.Untraced WithoutTrace = TeacherConfidence.Untraced.Keep) : ICheckedOptions
    {
        public IEnumerable<Problem> Check()
        {
            if (Tokens < 1)
            {
                yield return new Problem("tokens", $"is {Tokens}; a stretch has at least one.");
            }
        }
    }

    public Verdict Judge(Example example)
    {
        if (TraceSignal.WhyNot(example, options.WithoutTrace) is { } without)
        {
            return without;
        }

        var logprobs = example.Trace!.TokenLogprobs;
        var width = Math.Min(options.Tokens, logprobs.Length);
        var (worst, place) = (double.PositiveInfinity, 0);
        for (var first = 0; first + width <= logprobs.Length; first++)
        {
            // Summed anew: a running sum would not get over an infinity.
            var mean = TraceSignal.Mean(logprobs.AsSpan(first, width));
            if (double.IsNaN(mean))
            {
                return Verdict.Drop("broken-logprobs", "a log-probability is no number");
            }

            (worst, place) = mean < worst ? (mean, first) : (worst, place);
        }

        return worst < options.MinMeanLogprob
            ? Verdict.Drop("low-confidence-span", $"tokens {place + 1}..{place + width} have a mean log-prob of {worst:F2}, needs {options.MinMeanLogprob}")
            : Verdict.Keep;
    }
}
