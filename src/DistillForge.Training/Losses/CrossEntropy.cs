using DistillForge.Core;

namespace DistillForge.Training.Losses;

/// <summary>−log q of the realised token: learning from text alone.</summary>
[Component("cross-entropy")]
public sealed class CrossEntropy : ISparseTokenLoss
{
    public Tensor Measure(Tensor logits, TokenTargets targets)
        => -logits.log_softmax(-1).gather(1, targets.TokenIds.unsqueeze(1)).sum();

    public SparseTargets Sparse(TokenTargets targets)
    {
        var ids = targets.TokenIds.unsqueeze(1);
        return new SparseTargets(ids, ones_like(ids, ScalarType.Float32), zeros_like(targets.TokenIds, ScalarType.Float32));
    }
}
