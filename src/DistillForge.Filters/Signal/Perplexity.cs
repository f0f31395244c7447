using DistillForge.Core;

namespace DistillForge.Filters;

/// <summary>Drops answers whose perplexity for the teacher, exp of the mean negative log-probability of a token, is out of bounds: too high is noise, too low is learnt by heart.</summary>
[Component("perplexity")]
public sealed class Perplexity(Perplexity.Options options) : IFilter
{
    /// <param name="Max">At most.</param>
    /// <param name="Min">At least; 1 is the least there is.</param>
    public sealed record Options(double Max = 20, double Min = 1, TeacherConfidence.Untraced WithoutTrace = TeacherConfidence.Untraced.Keep) : ICheckedOptions
    {
        public IEnumerable<Problem> Check()
        {
            if (Min < 1 || Max < Min)
            {
                yield return new Problem("max", $"and min are {Max} and {Min}; perplexity lies above 1, and max is not below min.");
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
        var perplexity = Math.Exp(-TraceSignal.Mean(logprobs));
        return double.IsNaN(perplexity) ? Verdict.Drop("broken-logprobs", "a log-probability is no number")
            : perplexity > options.Max ? Verdict.Drop("high-perplexity", $"perplexity {perplexity:G4} over {logprobs.Length} tokens, may have {options.Max}")
            : perplexity < options.Min ? Verdict.Drop("low-perplexity", $"perplexity {perplexity:G4} over {logprobs.Length} tokens, needs {options.Min}")
            : Verdict.Keep;
    }
}
