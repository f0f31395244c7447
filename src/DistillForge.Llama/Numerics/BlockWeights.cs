using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace DistillForge.Llama.Numerics;

/// <summary>
/// Unnormalised probabilities of a row, [V], with their sums over blocks of 64. A block is summed in float lanes, the blocks in
/// double: exact enough to draw from and to take a logarithm of, and a token can be taken out by summing one block again.
/// </summary>
sealed class BlockWeights
{
    const int Block = 64;

    readonly int size;
    readonly float[] weights; // [blocks * 64], 0 beyond V
    readonly double[] sums; // [blocks]
    readonly double[] before; // [blocks], sum of all earlier blocks
    bool summed;

    public BlockWeights(int vocabulary)
    {
        size = vocabulary;
        var blocks = (vocabulary + Block - 1) / Block;
        weights = new float[blocks * Block];
        sums = new double[blocks];
        before = new double[blocks];
    }

    public float this[int id] => weights[id];

    public double Total { get; private set; }

    /// <summary>weights = e^((logit − shift)·scale), no logit above shift, scale positive.</summary>
    /// <returns>Σ weight·(logit − shift)·scale, from which the entropy follows.</returns>
    public double Fill(ReadOnlySpan<float> logits, float shift, float scale)
    {
        var total = 0.0;
        var moment = 0.0;
        for (var block = 0; block < sums.Length; block++)
        {
            var (sum, part) = FillBlock(logits, block, shift, scale);
            sums[block] = sum;
            total += sum;
            moment += part;
        }

        (Total, summed) = (total, false);
        return moment;
    }

    /// <summary>Nothing has weight.</summary>
    public void Clear()
    {
        Array.Clear(weights);
        Array.Clear(sums);
        (Total, summed) = (0, false);
    }

    /// <summary>Takes tokens out; Total becomes the sum over the others, from the others themselves.</summary>
    public void Remove(ReadOnlySpan<int> ids)
    {
        foreach (var id in ids)
        {
            weights[id] = 0;
        }

        foreach (var id in ids)
        {
            sums[id / Block] = SumBlock(id / Block);
        }

        SumBlocks();
    }

    /// <summary>Takes out everything below a weight.</summary>
    public void RemoveBelow(float least)
    {
        for (var i = 0; i < weights.Length; i++)
        {
            weights[i] = weights[i] < least ? 0 : weights[i];
        }

        for (var block = 0; block < sums.Length; block++)
        {
            sums[block] = SumBlock(block);
        }

        SumBlocks();
    }

    /// <summary>One id with probability weight / Total.</summary>
    /// <param name="uniform">[0, 1).</param>
    /// <returns>−1 when nothing has weight.</returns>
    public int Draw(double uniform)
    {
        if (!(Total > 0))
        {
            return -1;
        }

        if (!summed)
        {
            SumBefore();
        }

        var target = uniform * Total;
        var found = Array.BinarySearch(before, target);
        // Equal starts belong to empty blocks: the last of them has the weight.
        var block = found < 0 ? ~found - 1 : LastWithStart(found);
        var rest = target - before[block];
        var last = -1;
        for (var i = block * Block; i < Math.Min(size, (block + 1) * Block); i++)
        {
            if (weights[i] == 0)
            {
                continue;
            }

            last = i;
            rest -= weights[i];
            if (rest < 0)
            {
                return i;
            }
        }

        // Rounding left a crumb beyond the last weight.
        return last >= 0 ? last : LastWithWeight();
    }

    (double Sum, double Moment) FillBlock(ReadOnlySpan<float> logits, int block, float shift, float scale)
    {
        var start = block * Block;
        ref var to = ref weights[start];
        ref var from = ref Unsafe.Add(ref MemoryMarshal.GetReference(logits), start);
        if (start + Block > size)
        {
            // The last block is short: its logits are laid out with −∞ behind them where the weights will be.
            weights.AsSpan(start).Fill(float.NegativeInfinity);
            logits[start..].CopyTo(weights.AsSpan(start));
            from = ref to;
        }

        var sum = Vector256<float>.Zero;
        var moment = Vector256<float>.Zero;
        for (nuint i = 0; i < Block; i += 8)
        {
            // −∞ · 0 would be no number: what is lower than −1000 has weight 0 all the same.
            var x = Vector256.MaxNative((Vector256.LoadUnsafe(ref from, i) - Vector256.Create(shift)) * scale, Vector256.Create(-1000f));
            var weight = VectorExp.OfNonPositive(x);
            weight.StoreUnsafe(ref to, i);
            sum += weight;
            moment = Vector256.MultiplyAddEstimate(weight, x, moment);
        }

        return (Vector256.Sum(sum), Vector256.Sum(moment));
    }

    double SumBlock(int block)
    {
        ref var from = ref weights[block * Block];
        var sum = Vector256<float>.Zero;
        for (nuint i = 0; i < Block; i += 8)
        {
            sum += Vector256.LoadUnsafe(ref from, i);
        }

        return Vector256.Sum(sum);
    }

    void SumBlocks()
    {
        var total = 0.0;
        foreach (var sum in sums)
        {
            total += sum;
        }

        (Total, summed) = (total, false);
    }

    void SumBefore()
    {
        var total = 0.0;
        for (var block = 0; block < sums.Length; block++)
        {
            before[block] = total;
            total += sums[block];
        }

        summed = true;
    }

    int LastWithStart(int block)
    {
        while (block + 1 < before.Length && before[block + 1] == before[block])
        {
            block++;
        }

        return block;
    }

    int LastWithWeight()
    {
        var last = size - 1;
        while (last > 0 && weights[last] == 0)
        {
            last--;
        }

        return last;
    }
}
