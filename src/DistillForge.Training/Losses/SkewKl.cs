using DistillForge.Core;

namespace DistillForge.Training.Losses;

/// <summary>KL(p ‖ α p + (1 − α) q): a forward KL whose gradient stays bounded where the student gives nothing. Ko et al., DistiLLM, 2024.</summary>
[Component("skew-kl")]
public sealed class SkewKl(SkewKl.Options options) : BucketDivergence("skew-kl", options.Temperature)
{
    /// <param name="Alpha">The teacher's share of the mixture, between 0 and 1.</param>
    /// <param name="Temperature">Of teacher and student; the loss is multiplied by its square. Must have been captured.</param>
    public sealed record Options(float Alpha = 0.1f, float Temperature = 1f);

    private protected override Tensor PerToken(Outcomes outcomes) => (outcomes.LogP.exp() * (outcomes.LogP - outcomes.LogMixture(options.Alpha))).sum(1);

    protected override IEnumerable<Problem> CheckOptions() => options.Alpha is > 0 and < 1 ? [] : [OutOfRange("alpha", options.Alpha)];
}
