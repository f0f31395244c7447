using DistillForge.Core;

namespace DistillForge.Training.Losses;

/// <summary>Generalised Jensen–Shannon divergence: β KL(p ‖ m) + (1 − β) KL(q ‖ m), m = β p + (1 − β) q. Agarwal et al., GKD, 2024.</summary>
[Component("jsd")]
public sealed class Jsd(Jsd.Options options) : BucketDivergence("jsd", options.Temperature)
{
    /// <param name="Beta">The teacher's share of the mixture, between 0 and 1.</param>
    /// <param name="Temperature">Of teacher and student; the loss is multiplied by its square. Must have been captured.</param>
    public sealed record Options(float Beta = 0.5f, float Temperature = 1f);

    private protected override Tensor PerToken(Outcomes outcomes)
    {
        var (p, q, mixture) = (outcomes.LogP, outcomes.LogQ, outcomes.LogMixture(options.Beta));
        return (p.exp() * (p - mixture)).sum(1) * options.Beta + (q.exp() * (q - mixture)).sum(1) * (1 - options.Beta);
    }

    protected override IEnumerable<Problem> CheckOptions() => options.Beta is > 0 and < 1 ? [] : [OutOfRange("beta", options.Beta)];
}
