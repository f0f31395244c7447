namespace DistillForge.Training.Adapters;

/// <summary>A low-rank change of a frozen matrix: scale · B · A. Hu et al., LoRA, 2021.</summary>
/// <param name="A">[r, in]; drawn at random.</param>
/// <param name="B">[out, r]; zero at first, so that training starts from the frozen network.</param>
/// <param name="Scale">alpha / r.</param>
/// <param name="Dropout">Share of the inputs that are left out in a pass that has a gradient.</param>
public sealed record LowRank(Weight A, Weight B, double Scale, double Dropout)
{
    /// <param name="x">[.., in]</param>
    /// <returns>[.., out], in the precision's type.</returns>
    public Tensor Apply(Tensor x, Precision precision)
    {
        using var scope = NewDisposeScope();
        var seen = Dropout > 0 && is_grad_enabled() ? x * (rand(x.shape, device: x.device).ge(Dropout).to_type(x.dtype) * (1 / (1 - Dropout))) : x;
        var inner = Fused.linear(seen, A.Value, precision.Type);   // [.., r]
        return (Fused.linear(inner, B.Value, precision.Type) * Scale).MoveToOuterDisposeScope();
    }

    /// <summary>[out, in] What is added to the matrix.</summary>
    public Tensor Product()
    {
        using var scope = NewDisposeScope();
        return (B.Value.matmul(A.Value) * Scale).MoveToOuterDisposeScope();
    }
}
