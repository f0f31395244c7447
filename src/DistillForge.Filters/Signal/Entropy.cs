using DistillForge.Core;

namespace DistillForge.Filters;

/// <summary>Drops answers before whose tokens the teacher wavered: the mean entropy of its distributions, or the share of tokens where it hardly knew.</summary>
[Component("entropy")]
public sealed class Entropy(Entropy.Options options) : IFilter
{
    /// <param name="MaxMean">Of all completion tokens, in nats.</param>
    /// <param name="Unsure">From this entropy on, in nats, a token counts as unsure.</param>
    /// <param name="MaxUnsureShare">Of unsure tokens.</param>
    public sealed record Options(double MaxMean = 3, double Unsure = 4, double MaxUnsureShare = 0.5, TeacherConfidence.Untraced WithoutTrace = TeacherConfidence.Untraced.Keep) : ICheckedOptions
    {
        public IEnumerable<Problem> Check()
        {
            if (MaxMean < 0 || Unsure < 0 || MaxUnsureShare is not (>= 0 and <= 1))
            {
                yield return new Problem("", "has a bound that no entropy can keep.", "Entropies are not negative; max_unsure_share lies between 0 and 1.");
            }
        }
    }

    public Verdict Judge(Example example)
    {
        if (example.Trace?.Entropies is not { Length: > 0 } entropies)
        {
            return options.WithoutTrace == TeacherConfidence.Untraced.Keep ? Verdict.Keep : Verdict.Drop("no-trace", "has no entropies to judge by");
        }

        var mean = TraceSignal.Mean(entropies);
        var unsure = 0;
        foreach (var entropy in entropies)
        {
            unsure += entropy >= options.Unsure ? 1 : 0;
        }

        return double.IsNaN(mean) ? Verdict.Drop("broken-entropies", "an entropy is no number")
            : mean > options.MaxMean ? Verdict.Drop("high-entropy", $"mean entropy {mean:F2} nats over {entropies.Length} tokens, may have {options.MaxMean}")
            : unsure > options.MaxUnsureShare * entropies.Length ? Verdict.Drop("unsure-tokens", $"{unsure} of {entropies.Length} tokens have {options.Unsure} nats or more, may be {options.MaxUnsureShare:P0}; the first is token {Array.FindIndex(entropies, entropy => entropy >= options.Unsure) + 1}")
            : Verdict.Keep;
    }
}
