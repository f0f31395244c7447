using DistillForge.Core;

namespace DistillForge.Training.Losses;

/// <summary>
/// Identity preference optimisation: (gain of the chosen − gain of the rejected − 1/2β)², which has an end where DPO pushes on for ever when
/// all pairs agree. Azar et al., A general theoretical paradigm to understand learning from human preferences, 2023.
/// </summary>
[Component("ipo")]
public sealed class Ipo(Ipo.Options options) : IPreferenceLoss
{
    /// <param name="Beta">The margin to reach is 1/2β nats.</param>
    public sealed record Options(double Beta = 0.1) : ICheckedOptions
    {
        public IEnumerable<Problem> Check() => Beta > 0 ? [] : [new Problem("beta", FormattableString.Invariant($"is {Beta}; it is above 0."))];
    }

    public Tensor PerPair(Tensor chosen, Tensor rejected)
    {
        using var scope = NewDisposeScope();
        return (chosen - rejected - 1 / (2 * options.Beta)).square().MoveToOuterDisposeScope();
    }
}
