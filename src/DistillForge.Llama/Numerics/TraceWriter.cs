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
    int[] counts = [];
    int[] draws = [];

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

        var ids = plan.RandomDraws > 0 ? Drawn(row, plan, position, seed)
            : plan.Ids.Length > 0 || plan.TopLogprobs == 0 ? plan.Ids
            : Head(row, plan);
        to.Write(ids.Length);
        to.Write(ids);
        foreach (var id in ids)
        {
            to.Write(row.LogProbability(id));
        }

        if (plan.RandomDraws > 0)
        {
            to.Write(counts.AsSpan(0, ids.Length));
        }

        row.Weights.Remove(ids);
        var samples = Room(ref draws, plan.TailSamples);
        for (var t = 0; t < plan.Temperatures.Length; t++)
        {
            var (logSum, weights) = Tail(row, ids, plan.Temperatures[t]);
            to.Write(logSum);
            for (var draw = 0; draw < samples.Length; draw++)
            {
                samples[draw] = weights.Draw(plan.Place(draw, samples.Length, Chance.OfTail(seed, position, t, plan.ChanceOf(draw))));
            }

            // Their order says nothing, and in order they take less room on disk.
            samples.Sort();
            to.Write(samples);
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
        top.Select(row, plan.TopLogprobs);
        var ids = Room(ref head, top.Count);
        var size = 0;
        var mass = 0.0;
        while (size < top.Count && (plan.Mass >= 1 || mass < plan.Mass))
        {
            ids[size] = top.Id(size);
            mass += plan.Mass >= 1 ? 0 : row.Weights[ids[size]] / row.Weights.Total;
            size++;
        }

        ids = ids[..size];
        ids.Sort();
        return ids;
    }

    // Distinct ids, ascending; how often each was drawn is in counts.
    ReadOnlySpan<int> Drawn(Row row, TracePlan plan, int position, ulong seed)
    {
        var weights = row.Weights;
        if (plan.DrawTemperature != 1)
        {
            weights = tempered;
            weights.Fill(row.Logits, row.Max, 1 / plan.DrawTemperature);
        }

        var all = Room(ref draws, plan.RandomDraws);
        for (var draw = 0; draw < all.Length; draw++)
        {
            all[draw] = weights.Draw(plan.Place(draw, all.Length, Chance.OfHead(seed, position, plan.ChanceOf(draw))));
        }

        all.Sort();
        var ids = Room(ref head, all.Length);
        var times = Room(ref counts, all.Length);
        var size = 0;
        foreach (var id in all)
        {
            if (size > 0 && ids[size - 1] == id)
            {
                times[size - 1]++;
                continue;
            }

            (ids[size], times[size++]) = (id, 1);
        }

        return ids[..size];
    }

    static Span<int> Room(ref int[] buffer, int count)
    {
        if (buffer.Length < count)
        {
            buffer = new int[count];
        }

        return buffer.AsSpan(0, count);
    }

    // log Σ over the tail of p^(1/T), from the tail itself, and the weights to draw from.
    (float LogSum, BlockWeights Weights) Tail(Row row, ReadOnlySpan<int> ids, float temperature)
    {
        if (temperature == 1 && row.Weights.Total > LeastExact)
        {
            return ((float)(Math.Log(row.Weights.Total) + row.Max - row.LogSumExp), row.Weights);
        }

        var highest = row.MaxWithout(ids);
        if (float.IsNegativeInfinity(highest))
        {
            tempered.Clear();
            return (float.NegativeInfinity, tempered);
        }

        tempered.Fill(row.Logits, highest, 1 / temperature);
        tempered.Remove(ids);
        return ((float)(Math.Log(tempered.Total) + ((highest - row.LogSumExp) / temperature)), tempered);
    }
}
