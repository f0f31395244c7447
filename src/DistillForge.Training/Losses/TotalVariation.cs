using DistillForge.Core;

namespace DistillForge.Training.Losses;

/// <summary>Total variation distance: ½ Σ |p − q|. Wen et al., f-Divergence Minimization, 2023.</summary>
[Component("tvd")]
public sealed class TotalVariation(TotalVariation.Options options) : BucketDivergence("tvd", options.Temperature)
{
    /// <param name="Temperature">Of teacher and student; the loss is multiplied by its square. Must have been captured.</param>
    public sealed record Options(float Temperature = 1f);

    private protected override Tensor PerToken(Outcomes outcomes) => (outcomes.LogP.exp() - outcomes.LogQ.exp()).abs().sum(1) * 0.5;
}
