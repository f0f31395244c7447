namespace DistillForge.Training;

/// <summary>The teacher's whole distribution at n positions, from a teacher that is at hand.</summary>
public abstract class FullTargets
{
    // Stands for log 0: its exponential is exactly 0, and 0 times it is 0.
    const double LogZero = -1e4;

    /// <summary>[n, V] raw logits at temperature 1; −∞ where the teacher has no such token.</summary>
    protected abstract Tensor Logits { get; }

    /// <summary>Positions start … start + count − 1, computed once for all losses.</summary>
    public abstract FullTargets Narrow(long start, long count);

    /// <summary>[n, V] log p at temperature T.</summary>
    public Tensor LogProbabilities(float temperature) => (Logits / temperature).log_softmax(-1).clamp_min(LogZero);

    /// <param name="logits">[n, V]</param>
    public static FullTargets Of(Tensor logits) => new Given(logits);

    /// <summary>Logits that exist only chunk by chunk.</summary>
    /// <param name="hidden">[n, D] The teacher's last hidden states.</param>
    /// <param name="head">[V, D] Its vocabulary projection, cut to the student's vocabulary.</param>
    public static FullTargets Of(Tensor hidden, Tensor head, Precision precision) => new Projected(hidden, head, precision);

    sealed class Given(Tensor logits) : FullTargets
    {
        protected override Tensor Logits => logits;

        public override FullTargets Narrow(long start, long count) => new Given(logits.narrow(0, start, count));
    }

    sealed class Projected(Tensor hidden, Tensor head, Precision precision) : FullTargets
    {
        protected override Tensor Logits => Project(hidden);

        public override FullTargets Narrow(long start, long count) => new Given(Project(hidden.narrow(0, start, count)));

        Tensor Project(Tensor part)
        {
            using var quiet = no_grad();
            return Fused.linear(part, head, precision.Type).to_type(ScalarType.Float32);
        }
    }
}
