using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace DistillForge.Llama.Numerics;

/// <summary>
/// Unnormalised probabilities e^((logit − shift)·scale) of a row, [V], known by their sums over blocks of 64. No weight is stored: a
/// block whose weights are needed, to draw from it or to take a token out, is computed again from its logits, which costs far less
/// than writing all of them. A block is summed in float lanes, the blocks in double: exact enough to draw from and to take a
/// logarithm of.
/// </summary>
sealed unsafe class BlockWeights
{
    public const int Block = 64;

    // What is lower has weight 0 all the same, and −∞ · 0 would be no number.
    const float Lowest = -1000f;

    readonly int size;
    readonly double[] sums; // [blocks]
    readonly double[] before; // [blocks], sum of all earlier blocks
    readonly float[] weights = new float[Block]; // of the block looked at last
    float* logits; // [V]
    float shift;
    float scale;
    float least; // lower weights count as 0
    int[] removed = []; // ascending
    int removedCount;
    bool summed;

    public BlockWeights(int vocabulary)
    {
        size = vocabulary;
        sums = new double[(vocabulary + Block - 1) / Block];
        before = new double[sums.Length];
    }

    public float this[int id] => Weigh(id / Block)[id % Block];

    public double Total { get; private set; }

    /// <summary>Weights of logits that stay where they are in memory until nothing is asked any more: llama.cpp's own.</summary>
    /// <param name="highest">No logit is above it but those that are taken out next.</param>
    /// <param name="factor">Positive.</param>
    /// <returns>Σ weight·(logit − highest)·factor, from which the entropy follows.</returns>
    public double Fill(ReadOnlySpan<float> row, float highest, float factor)
    {
        logits = (float*)Unsafe.AsPointer(ref MemoryMarshal.GetReference(row));
        (shift, scale, least, removedCount) = (highest, factor, 0, 0);
        var total = 0.0;
        var moment = 0.0;
        var whole = size / Block;
        for (var block = 0; block < whole; block++)
        {
            var (sum, part) = Vector512.IsHardwareAccelerated ? SumWide(logits + (block * Block), shift, scale) : Sum(logits + (block * Block), shift, scale);
            sums[block] = sum;
            total += sum;
            moment += part;
        }

        if (whole < sums.Length)
        {
            // Its logits are laid out with −∞ behind them.
            var last = stackalloc float[Block];
            new Span<float>(last, Block).Fill(float.NegativeInfinity);
            row[(whole * Block)..size].CopyTo(new Span<float>(last, Block));
            var (sum, part) = Sum(last, shift, scale);
            sums[whole] = sum;
            total += sum;
            moment += part;
        }

        (Total, summed) = (total, false);
        return moment;
    }

    /// <summary>Nothing has weight.</summary>
    public void Clear()
    {
        Array.Clear(sums);
        (Total, summed) = (0, false);
    }

    /// <summary>Takes tokens out; Total becomes the sum over the others, from the others themselves.</summary>
    /// <param name="ids">Ascending.</param>
    public void Remove(ReadOnlySpan<int> ids)
    {
        if (removed.Length < ids.Length)
        {
            removed = new int[ids.Length];
        }

        ids.CopyTo(removed);
        removedCount = ids.Length;
        var last = -1;
        foreach (var id in ids)
        {
            if (id / Block != last)
            {
                last = id / Block;
                sums[last] = SumOf(Weigh(last));
            }
        }

        SumBlocks();
    }

    /// <summary>Takes out everything below a weight.</summary>
    /// <param name="blockMaxima">[blocks] highest logit of each block.</param>
    public void RemoveBelow(float weight, ReadOnlySpan<float> blockMaxima)
    {
        least = weight;
        // A little lower than the logit of that weight, for rounding: the block itself decides.
        var logit = shift + ((MathF.Log(weight) - 0.01f) / scale);
        for (var block = 0; block < sums.Length; block++)
        {
            sums[block] = blockMaxima[block] < logit ? 0 : SumOf(Weigh(block));
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
        var inBlock = Weigh(block);
        for (var i = 0; i < Block; i++)
        {
            if (inBlock[i] == 0)
            {
                continue;
            }

            last = (block * Block) + i;
            rest -= inBlock[i];
            if (rest < 0)
            {
                return last;
            }
        }

        // Rounding left a crumb beyond the last weight.
        return last >= 0 ? last : LastWithWeight();
    }

    // The weights of a block as they count now, 0 beyond V.
    ReadOnlySpan<float> Weigh(int block)
    {
        var start = block * Block;
        var count = Math.Min(Block, size - start);
        weights.AsSpan(count).Fill(float.NegativeInfinity);
        new ReadOnlySpan<float>(logits + start, count).CopyTo(weights);
        ref var first = ref MemoryMarshal.GetArrayDataReference(weights);
        for (nuint i = 0; i < Block; i += 8)
        {
            var x = Vector256.MaxNative((Vector256.LoadUnsafe(ref first, i) - Vector256.Create(shift)) * scale, Vector256.Create(Lowest));
            var weight = VectorExp.OfNonPositive(x);
            Vector256.ConditionalSelect(Vector256.GreaterThanOrEqual(weight, Vector256.Create(least)), weight, Vector256<float>.Zero).StoreUnsafe(ref first, i);
        }

        TakeOut(start);
        return weights;
    }

    void TakeOut(int start)
    {
        if (removedCount == 0)
        {
            return;
        }

        var place = Array.BinarySearch(removed, 0, removedCount, start);
        for (place = place < 0 ? ~place : place; place < removedCount && removed[place] < start + Block; place++)
        {
            weights[removed[place] - start] = 0;
        }
    }

    static (double Sum, double Moment) SumWide(float* from, float shift, float scale)
    {
        var sum = Vector512<float>.Zero;
        var moment = Vector512<float>.Zero;
        for (var i = 0; i < Block; i += 16)
        {
            var x = Vector512.MaxNative((Vector512.Load(from + i) - Vector512.Create(shift)) * scale, Vector512.Create(Lowest));
            var weight = VectorExp.OfNonPositive(x);
            sum += weight;
            moment = Vector512.MultiplyAddEstimate(weight, x, moment);
        }

        return (Vector512.Sum(sum), Vector512.Sum(moment));
    }

    static (double Sum, double Moment) Sum(float* from, float shift, float scale)
    {
        var sum = Vector256<float>.Zero;
        var moment = Vector256<float>.Zero;
        for (var i = 0; i < Block; i += 8)
        {
            var x = Vector256.MaxNative((Vector256.Load(from + i) - Vector256.Create(shift)) * scale, Vector256.Create(Lowest));
            var weight = VectorExp.OfNonPositive(x);
            sum += weight;
            moment = Vector256.MultiplyAddEstimate(weight, x, moment);
        }

        return (Vector256.Sum(sum), Vector256.Sum(moment));
    }

    static double SumOf(ReadOnlySpan<float> block)
    {
        ref var first = ref MemoryMarshal.GetReference(block);
        var sum = Vector256<float>.Zero;
        for (nuint i = 0; i < Block; i += 8)
        {
            sum += Vector256.LoadUnsafe(ref first, i);
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
        var block = sums.Length - 1;
        while (block > 0 && !(sums[block] > 0))
        {
            block--;
        }

        var inBlock = Weigh(block);
        var last = Block - 1;
        while (last > 0 && inBlock[last] == 0)
        {
            last--;
        }

        return (block * Block) + last;
    }
}
