using System.Numerics.Tensors;

namespace DistillForge.Training.Inference;

/// <summary>One position's distribution over the real vocabulary.</summary>
public sealed class LogProbabilities
{
    readonly float[] values;
    int[]? order;

    /// <param name="logits">Cut to the real vocabulary: padding has no probability.</param>
    public LogProbabilities(ReadOnlySpan<float> logits)
    {
        values = logits.ToArray();
        var lse = (float)LogSumExp(values);
        TensorPrimitives.Subtract(values, lse, values);
    }

    public int Size => values.Length;

    public float this[int id] => values[id];

    /// <summary>Ids, the most likely first; the smaller one first among equals.</summary>
    public ReadOnlySpan<int> Order => order ??= Sorted();

    /// <summary>The first <paramref name="count"/> of <see cref="Order"/>, without ordering the others: a pass over the vocabulary where few are wanted.</summary>
    public int[] Top(int count) => order is not null || count >= values.Length / 16 ? [.. Order[..Math.Min(count, values.Length)]] : Selected(count);

    public int MostLikely => TensorPrimitives.IndexOfMax<float>(values);

    /// <summary>How many tokens are more likely.</summary>
    public int Rank(int id)
    {
        var rank = 0;
        var own = values[id];
        foreach (var value in values)
        {
            rank += value > own ? 1 : 0;
        }

        return rank;
    }

    /// <summary>Nats.</summary>
    public float Entropy()
    {
        var sum = 0.0;
        foreach (var value in values)
        {
            sum -= value > float.NegativeInfinity ? Math.Exp(value) * value : 0;
        }

        return (float)sum;
    }

    /// <summary>log Σ exp(x), −∞ for none.</summary>
    public static double LogSumExp(ReadOnlySpan<float> x)
    {
        if (x.Length == 0)
        {
            return double.NegativeInfinity;
        }

        var max = (double)TensorPrimitives.Max(x);
        var sum = 0.0;
        foreach (var value in x)
        {
            sum += Math.Exp(value - max);
        }

        return double.IsInfinity(max) ? max : max + Math.Log(sum);
    }

    // Insertion into the short list of the best so far; of equals the earlier id stays in front.
    int[] Selected(int count)
    {
        var best = new int[count];
        var found = 0;
        for (var id = 0; id < values.Length && count > 0; id++)
        {
            if (found == count && !(values[id] > values[best[count - 1]]))
            {
                continue;
            }

            var at = found < count ? found++ : count - 1;
            for (; at > 0 && values[id] > values[best[at - 1]]; at--)
            {
                best[at] = best[at - 1];
            }

            best[at] = id;
        }

        return best;
    }

    int[] Sorted()
    {
        var ids = Enumerable.Range(0, values.Length).ToArray();
        Array.Sort(ids, (a, b) => values[a] != values[b] ? values[b].CompareTo(values[a]) : a.CompareTo(b));
        return ids;
    }
}
