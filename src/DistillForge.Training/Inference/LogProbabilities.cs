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

    public int MostLikely => TensorPrimitives.IndexOfMax<float>(values);

    /// <summary>How many tokens are more likely.</summary>
    public int Rank(int id)
    {
        var rank = 0;
        foreach (var value in values)
        {
            rank += value > values[id] ? 1 : 0;
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

    int[] Sorted()
    {
        var ids = Enumerable.Range(0, values.Length).ToArray();
        Array.Sort(ids, (a, b) => values[a] != values[b] ? values[b].CompareTo(values[a]) : a.CompareTo(b));
        return ids;
    }
}
