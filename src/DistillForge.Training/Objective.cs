namespace DistillForge.Training;

/// <summary>A loss and its share.</summary>
public sealed record WeightedLoss(string Name, ITokenLoss Loss, double Weight);

/// <summary>
/// The weighted sum of losses over trained positions. Logits exist only chunk by chunk; where all losses are sparse, one fused
/// product takes their merged targets and no logits are kept at all.
/// </summary>
public sealed class Objective(IReadOnlyList<WeightedLoss> losses, int chunk = Objective.DefaultChunk)
{
    /// <summary>Positions a chunk: 512 to 1,024 were fastest, see src/decisions.</summary>
    public const int DefaultChunk = 1024;

    public IReadOnlyList<WeightedLoss> Losses => losses;

    /// <summary>Adds the gradient of the sum, times <paramref name="scale"/>, to every leaf behind the hidden states.</summary>
    /// <param name="hidden">[N, d] float32 with its graph.</param>
    /// <param name="head">[V, d]</param>
    /// <returns>The sum, without the scale.</returns>
    public double Backward(Tensor hidden, Tensor head, TokenTargets targets, double scale, Precision precision)
    {
        using var scope = NewDisposeScope();
        if (Merged(targets) is { } sparse)
        {
            var loss = Fused.linear_sparse_cross_entropy(hidden, head, sparse.Ids, sparse.Weights, type: precision.Type).sum;
            (loss * scale).backward();
            return (loss + sparse.Constant.sum()).item<float>();
        }

        return ChunkedBackward(hidden, head, targets, scale, precision);
    }

    /// <summary>The sum of each loss by itself, without a gradient.</summary>
    public double[] Measure(Tensor hidden, Tensor head, TokenTargets targets, Precision precision)
    {
        var sums = new double[losses.Count];
        foreach (var (start, count) in Chunks(hidden))
        {
            using var scope = NewDisposeScope();
            var logits = Logits(hidden.narrow(0, start, count), head, precision);
            var part = targets.Narrow(start, count);
            for (var i = 0; i < losses.Count; i++)
            {
                sums[i] += losses[i].Loss.Measure(logits, part).item<float>();
            }
        }

        return sums;
    }

    // Each chunk's logits die before the next one's are made; what reaches the hidden states is collected and sent on once.
    double ChunkedBackward(Tensor hidden, Tensor head, TokenTargets targets, double scale, Precision precision)
    {
        var total = 0.0;
        var leaf = hidden.detach().requires_grad_();
        foreach (var (start, count) in Chunks(hidden))
        {
            using var scope = NewDisposeScope();
            var logits = Logits(leaf.narrow(0, start, count), head, precision);
            var loss = Weighted(logits, targets.Narrow(start, count));
            (loss * scale).backward();
            total += loss.item<float>();
        }

        hidden.backward([leaf.grad!]);
        return total;
    }

    Tensor Weighted(Tensor logits, TokenTargets targets)
        => losses.Select(term => term.Loss.Measure(logits, targets) * term.Weight).Aggregate((sum, loss) => sum + loss);

    SparseTargets? Merged(TokenTargets targets)
    {
        var parts = losses.Select(term => ((term.Loss as ISparseTokenLoss)?.Sparse(targets), term.Weight)).ToArray();
        return parts.Any(part => part.Item1 is null) ? null : new SparseTargets(
            cat([.. parts.Select(part => part.Item1!.Ids)], 1),
            cat([.. parts.Select(part => part.Item1!.Weights * part.Weight)], 1),
            parts.Select(part => part.Item1!.Constant * part.Weight).Aggregate((sum, constant) => sum + constant));
    }

    static Tensor Logits(Tensor hidden, Tensor head, Precision precision)
        => Fused.linear(hidden, head, precision.Type).to_type(ScalarType.Float32);   // [n, V]

    IEnumerable<(long Start, long Count)> Chunks(Tensor hidden)
    {
        var rows = hidden.shape[0];
        for (var start = 0L; start < rows; start += chunk)
        {
            yield return (start, Math.Min(chunk, rows - start));
        }
    }
}
