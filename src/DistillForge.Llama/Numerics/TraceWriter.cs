using System.Numerics.Tensors;
using DistillForge.Llama.Protocol;

namespace DistillForge.Llama.Numerics;

/// <summary>
/// Writes what a row says about one completion position: realised token, its log-probability and rank, entropy, head, and for each
/// temperature the tail's log-sum and its samples. See <see cref="TracePlan"/> for the form.
/// </summary>
sealed class TraceWriter(int vocabulary)
{
    // Below this share of the highest weight the tail is summed again around its own maximum, or its digits would be lost.
    const double LeastExact = 1e-17;

    readonly TopTokens top = new();
    readonly BlockWeights tempered = new(vocabulary);
    readonly float[] masked = new float[vocabulary];
    int[] head = [];

    public void Write(Row row, TracePlan plan, int token, int position, ulong seed, FrameWriter to)
    {
        to.Write(token);
        to.Write(row.LogProbability(token));
        to.Write(row.Rank(token));
        to.Write((float)row.Entropy);
        if (plan.IsFull)
        {
            WriteAll(row, to);
            return;
        }

        var ids = plan.Ids.Length > 0 || plan.TopLogprobs == 0 ? plan.Ids : Head(row, plan);
        to.Write(ids.Length);
        to.Write(ids);
        foreach (var id in ids)
        {
            to.Write(row.LogProbability(id));
        }

        row.Weights.Remove(ids);
        for (var t = 0; t < plan.Temperatures.Length; t++)
        {
            var (logSum, weights) = Tail(row, ids, plan.Temperatures[t]);
            to.Write(logSum);
            for (var draw = 0; draw < plan.TailSamples; draw++)
            {
                to.Write(weights.Draw(Chance.OfTail(seed, position, t, draw)));
            }
        }
    }

    // Ids are 0 … V − 1 and need not travel; the tail is empty.
    void WriteAll(Row row, FrameWriter to)
    {
        TensorPrimitives.Subtract(row.Logits, (float)row.LogSumExp, masked);
        to.Write(masked);
    }

    ReadOnlySpan<int> Head(Row row, TracePlan plan)
    {
        top.Select(row.Logits, plan.TopLogprobs);
        if (head.Length < top.Count)
        {
            head = new int[top.Count];
        }

        var size = 0;
        var mass = 0.0;
        while (size < top.Count && (plan.Mass >= 1 || mass < plan.Mass))
        {
            head[size] = top.Id(size);
            mass += row.Weights[head[size++]] / row.Weights.Total;
        }

        var ids = head.AsSpan(0, size);
        ids.Sort();
        return ids;
    }

    // log Σ over the tail of p^(1/T), from the tail itself, and the weights to draw from.
    (float LogSum, BlockWeights Weights) Tail(Row row, ReadOnlySpan<int> ids, float temperature)
    {
        if (temperature == 1 && row.Weights.Total > LeastExact)
        {
            return ((float)(Math.Log(row.Weights.Total) + row.Max - row.LogSumExp), row.Weights);
        }

        row.Logits.CopyTo(masked);
        foreach (var id in ids)
        {
            masked[id] = float.NegativeInfinity;
        }

        var highest = TensorPrimitives.Max<float>(masked);
        if (float.IsNegativeInfinity(highest))
        {
            tempered.Clear();
            return (float.NegativeInfinity, tempered);
        }

        tempered.Fill(masked, highest, 1 / temperature);
        return ((float)(Math.Log(tempered.Total) + ((highest - row.LogSumExp) / temperature)), tempered);
    }
}
