using DistillForge.Core;

namespace DistillForge.Training.Losses;

/// <summary>−log q of the realised token: learning from text alone.</summary>
[Component("cross-entropy")]
public sealed class CrossEntropy(CrossEntropy.Options? options = null) : ISparseTokenLoss
{
    /// <param name="LabelSmoothing">This share of each target is spread evenly over the whole vocabulary. Szegedy et al., 2016.</param>
    public sealed record Options(float LabelSmoothing = 0);

    public bool LearnsFromLabels => true;

    readonly double smoothing = options?.LabelSmoothing ?? 0;

    public IEnumerable<Problem> Check(TraceContents contents)
        => smoothing is >= 0 and < 1 ? [] : [new Problem("label_smoothing", $"is {smoothing}; it must be 0 or more and below 1.")];

    public Tensor PerToken(Tensor logits, TokenTargets targets)
    {
        using var scope = NewDisposeScope();
        var student = logits.log_softmax(-1);   // [n, V]
        var realised = -student.gather(1, targets.TokenIds.unsqueeze(1)).squeeze(1);
        return (smoothing == 0 ? realised : realised * (1 - smoothing) - student.sum(1) * (smoothing / logits.shape[1])).MoveToOuterDisposeScope();
    }

    public SparseTargets? Sparse(TokenTargets targets)
    {
        if (smoothing > 0)
        {
            return null;
        }

        var ids = targets.TokenIds.unsqueeze(1);
        return new SparseTargets(ids, ones_like(ids, ScalarType.Float32), zeros_like(targets.TokenIds, ScalarType.Float32));
    }
}
