using DistillForge.Core;

namespace DistillForge.Training;

/// <summary>What the student is told about one token at a time.</summary>
/// <remarks>
/// The implementer returns the loss of each of the n positions in nats, with a gradient, and never their mean; works from a log-softmax in
/// float32 or better; takes no position from another; and is 0 where teacher and student agree if its name says that it is a
/// divergence. Called once per chunk of positions; must not keep tensors.
/// </remarks>
public interface ITokenLoss
{
    /// <param name="logits">[n, V], float32 or better.</param>
    /// <param name="targets">What the same n positions must predict.</param>
    /// <returns>[n]</returns>
    Tensor PerToken(Tensor logits, TokenTargets targets);

    /// <summary>It takes the realised tokens for right; it rests where they are the student's own.</summary>
    bool LearnsFromLabels => false;

    /// <summary>What keeps this loss from training on such data, said before any work starts.</summary>
    IEnumerable<Problem> Check(TraceContents contents) => [];
}

/// <summary>A loss that is a cross-entropy against few ids, and so needs no vocabulary-sized tensor but the logits.</summary>
public interface ISparseTokenLoss : ITokenLoss
{
    /// <summary>The same values and gradient as <see cref="ITokenLoss.PerToken"/>, or null where these settings or targets have no such form.</summary>
    SparseTargets? Sparse(TokenTargets targets);
}

/// <summary>Σ weight · (−log q(id)) + constant, summed over all entries.</summary>
/// <param name="Ids">[n, S] int64</param>
/// <param name="Weights">[n, S] float32; they need not add up to 1.</param>
/// <param name="Constant">[n] What does not depend on the student.</param>
public sealed record SparseTargets(Tensor Ids, Tensor Weights, Tensor Constant);

public static class TokenLosses
{
    /// <summary>The sum over all positions; sums travel, averages are printed.</summary>
    public static Tensor Measure(this ITokenLoss loss, Tensor logits, TokenTargets targets)
    {
        using var scope = NewDisposeScope();
        return loss.PerToken(logits, targets).sum().MoveToOuterDisposeScope();
    }
}
