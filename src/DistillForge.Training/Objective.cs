using DistillForge.Core;

namespace DistillForge.Training;

/// <summary>A loss, its share, and how much each token counts in it; null: all alike.</summary>
public sealed record WeightedLoss(string Name, ITokenLoss Loss, ScheduledWeight Weight, TokenWeighting? Tokens = null);

/// <summary>
/// The weighted sum of losses over trained positions. Logits exist only chunk by chunk; where all losses are sparse, one fused
/// product takes their merged targets and no logits are kept at all.
/// </summary>
public sealed class Objective(IReadOnlyList<WeightedLoss> losses, int chunk = Objective.DefaultChunk)
{
    /// <summary>Positions a chunk of the plain way: 512 to 1,024 were fastest on a CPU.</summary>
    public const int DefaultChunk = 1024;

    public IReadOnlyList<WeightedLoss> Losses => losses;

    /// <summary>Adds the gradient of the sum, times <paramref name="scale"/>, to every leaf behind the hidden states.</summary>
    /// <param name="hidden">[N, d] float32 with its graph.</param>
    /// <param name="head">[V, d]</param>
    /// <param name="progress">0 at the first step … 1 at the last: where scheduled weights are.</param>
    /// <param name="beside">A scalar that is added: a weighted sum of losses on anything else than logits.</param>
    /// <returns>The sum, without the scale.</returns>
    public double Backward(Tensor hidden, Tensor head, TokenTargets targets, double scale, Precision precision, double progress = 1, Tensor? beside = null)
    {
        using var scope = NewDisposeScope();
        var parts = Parts(hidden, head, targets, precision, progress).Where(part => part.Weight > 0).ToList();
        if (parts.Count == 0 && beside is not null)
        {
            (beside * scale).backward();
            return beside.item<float>();
        }

        if (Merged(parts) is { } sparse)
        {
            var loss = Fused.linear_sparse_cross_entropy(hidden, head, sparse.Ids, sparse.Weights, type: precision.Type).sum;
            loss = beside is null ? loss : loss + beside;
            (loss * scale).backward();
            return (loss + sparse.Constant.sum()).item<float>();
        }

        return ChunkedBackward(hidden, head, parts, scale, precision, beside);
    }

    /// <summary>The sum of each loss by itself, without its weight and without a gradient; tokens count as they do in training.</summary>
    public double[] Measure(Tensor hidden, Tensor head, TokenTargets targets, Precision precision)
    {
        using var whole = NewDisposeScope();
        var sums = new double[losses.Count];
        var parts = Parts(hidden, head, targets, precision, progress: 1).ToList();
        foreach (var (start, count) in Chunks(hidden))
        {
            using var scope = NewDisposeScope();
            var logits = Logits(hidden.narrow(0, start, count), head, precision);
            foreach (var part in parts.Select(part => part.Narrow(start, count)))
            {
                sums[part.Loss] += part.Measure(losses[part.Loss].Loss, logits).item<float>();
            }
        }

        return sums;
    }

    // Each chunk's logits die before the next one's are made; what reaches the hidden states is collected and sent on once.
    double ChunkedBackward(Tensor hidden, Tensor head, IReadOnlyList<Part> parts, double scale, Precision precision, Tensor? beside)
    {
        var total = 0.0;
        var leaf = hidden.detach().requires_grad_();
        foreach (var (start, count) in Chunks(hidden))
        {
            using var scope = NewDisposeScope();
            var logits = Logits(leaf.narrow(0, start, count), head, precision);
            var loss = parts.Select(part => part.Narrow(start, count)).Select(part => part.Measure(losses[part.Loss].Loss, logits) * part.Weight).Aggregate((sum, x) => sum + x);
            (loss * scale).backward();
            total += loss.item<float>();
        }

        if (beside is null)
        {
            hidden.backward([leaf.grad!]);
            return total;
        }

        // One pass through what both share: the inner product has the gradient that was collected.
        ((hidden * leaf.grad!).sum() + beside * scale).backward();
        return total + beside.item<float>();
    }

    // Every loss for every teacher.
    IEnumerable<Part> Parts(Tensor hidden, Tensor head, TokenTargets targets, Precision precision, double progress)
    {
        TokenTargets[] teachers = [targets with { Others = null }, .. targets.Others?.Targets ?? []];
        for (var i = 0; i < losses.Count; i++)
        {
            if (targets.AreOwnSamples && losses[i].Loss.LearnsFromLabels)
            {
                continue;
            }

            for (var k = 0; k < teachers.Length; k++)
            {
                var share = targets.Others?.Shares.select(1, k);
                var selected = losses[i].Tokens is { } weighting ? TokenWeights.Of(weighting, hidden, head, teachers[k], precision, Chunks(hidden)) : null;
                yield return new Part(i, teachers[k], losses[i].Weight.At(progress), share is null ? selected : selected is null ? share : share * selected);
            }
        }
    }

    SparseTargets? Merged(IReadOnlyList<Part> parts)
    {
        var sparse = parts.Select(part => (losses[part.Loss].Loss as ISparseTokenLoss)?.Sparse(part.Targets) is { } found ? part.Weigh(found) : null).ToArray();
        return sparse.Length == 0 || sparse.Any(part => part is null) ? null : new SparseTargets(
            cat([.. sparse.Select(part => part!.Ids)], 1),
            cat([.. sparse.Select(part => part!.Weights)], 1),
            sparse.Select(part => part!.Constant).Aggregate((sum, constant) => sum + constant));
    }

    internal static Tensor Logits(Tensor hidden, Tensor head, Precision precision)
        => Fused.linear(hidden, head, precision.Type).to_type(ScalarType.Float32);   // [n, V]

    IReadOnlyList<(long Start, long Count)> Chunks(Tensor hidden)
    {
        var rows = hidden.shape[0];
        return [.. Enumerable.Range(0, (int)((rows + chunk - 1) / chunk)).Select(i => ((long)i * chunk, Math.Min(chunk, rows - (long)i * chunk)))];
    }

    /// <summary>One loss against one teacher.</summary>
    /// <param name="Loss">Which.</param>
    /// <param name="Tokens">[n] How much each position counts; null: all alike.</param>
    sealed record Part(int Loss, TokenTargets Targets, double Weight, Tensor? Tokens)
    {
        public Part Narrow(long start, long count) => this with { Targets = Targets.Narrow(start, count), Tokens = Tokens?.narrow(0, start, count) };

        public Tensor Measure(ITokenLoss loss, Tensor logits)
        {
            var each = loss.PerToken(logits, Targets);
            return (Tokens is null ? each : each * Tokens).sum();
        }

        public SparseTargets Weigh(SparseTargets sparse) => Tokens is null
            ? sparse with { Weights = sparse.Weights * Weight, Constant = sparse.Constant * Weight }
            : sparse with { Weights = sparse.Weights * (Tokens * Weight).unsqueeze(1), Constant = sparse.Constant * Tokens * Weight };
    }
}
