using DistillForge.Core;

namespace DistillForge.Training.Losses;

/// <summary>KL(student ‖ teacher): the student leaves out rather than covers. Gu et al., MiniLLM, 2024.</summary>
[Component("reverse-kl")]
public sealed class ReverseKl(ReverseKl.Options options) : BucketDivergence("reverse-kl", options.Temperature)
{
    /// <param name="Temperature">Of teacher and student; the loss is multiplied by its square. Must have been captured.</param>
    public sealed record Options(float Temperature = 1f);

    private protected override Tensor PerToken(Outcomes outcomes) => (outcomes.LogQ.exp() * (outcomes.LogQ - outcomes.LogP)).sum(1);
}
