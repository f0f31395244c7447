using DistillForge.Core;

namespace DistillForge.Training.Losses;

/// <summary>
/// Direct preference optimisation: −log σ(β · (gain of the chosen − gain of the rejected)), log 2 for a student that has not moved yet.
/// Rafailov et al., 2023; with <c>flipped</c> labels, Mitchell, A note on DPO with noisy preferences, 2023.
/// </summary>
[Component("dpo")]
public sealed class Dpo(Dpo.Options options) : IPreferenceLoss
{
    /// <param name="Beta">How dear it is to leave the starting model: the larger, the nearer the student stays.</param>
    /// <param name="Flipped">Share of the pairs that are thought to be the wrong way round, below 0.5.</param>
    public sealed record Options(double Beta = 0.1, double Flipped = 0) : ICheckedOptions
    {
        public IEnumerable<Problem> Check()
        {
            if (Beta is not > 0)
            {
                yield return new Problem("beta", FormattableString.Invariant($"is {Beta}; it is above 0."));
            }

            if (Flipped is not (>= 0 and < 0.5))
            {
                yield return new Problem("flipped", FormattableString.Invariant($"is {Flipped}; it is a share from 0 to below 0.5."));
            }
        }
    }

    public Tensor PerPair(Tensor chosen, Tensor rejected)
    {
        using var scope = NewDisposeScope();
        var margin = (chosen - rejected) * options.Beta;
        // −log σ(m) = log(1 + e^(−m)), as a log-sum-exp that never overflows.
        Tensor Surprise(Tensor m) => stack([zeros_like(m), -m], 0).logsumexp(0);
        return (Surprise(margin) * (1 - options.Flipped) + Surprise(-margin) * options.Flipped).MoveToOuterDisposeScope();
    }
}
