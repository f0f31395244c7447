using System.Numerics.Tensors;
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
    readonly GroupSum[] groups; // of sixteen blocks each
    readonly float[] last = GC.AllocateUninitializedArray<float>(WideBlocks.Length, pinned: true); // the last group, −∞ behind its logits
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
        groups = new GroupSum[(sums.Length + WideBlocks.Count - 1) / WideBlocks.Count];
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
        (shift, scale, least, removedCount, summed) = (highest, factor, 0, 0, false);
        (Total, var moment) = WideBlocks.IsSupported ? SumWide(row) : SumBlockByBlock(row);
        return moment;
    }

    /// <summary>As <see cref="Fill"/> with the highest logit, which is found on the way, in one pass over memory: what was summed before a higher one came is scaled down.</summary>
    /// <param name="blockMaxima">[blocks], filled: the highest logit of each.</param>
    /// <returns>The highest logit; NaN where a logit is NaN or +∞.</returns>
    public float FillAndFind(ReadOnlySpan<float> row, Span<float> blockMaxima, out double moment)
    {
        logits = (float*)Unsafe.AsPointer(ref MemoryMarshal.GetReference(row));
        (scale, least, removedCount, summed) = (1, 0, 0, false);
        Pad(row);
        var maxima = stackalloc float[WideBlocks.Count];
        shift = float.MinValue;
        for (var group = 0; group < groups.Length; group++)
        {
            var highest = WideBlocks.Maxima(Group(group));
            highest.Store(maxima);
            var blocks = blockMaxima[(group * WideBlocks.Count)..];
            new ReadOnlySpan<float>(maxima, Math.Min(WideBlocks.Count, blocks.Length)).CopyTo(blocks);
            shift = MathF.Max(shift, WideBlocks.HighestOf(highest));
            var (sum, part) = SumGroup(group);
            groups[group] = new(shift, sum, part);
        }

        (Total, moment) = Rescale();
        return double.IsNaN(moment) ? float.NaN : shift;
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

    void Pad(ReadOnlySpan<float> row)
    {
        last.AsSpan().Fill(float.NegativeInfinity);
        row[((groups.Length - 1) * WideBlocks.Length)..size].CopyTo(last);
    }

    float* Group(int group) => group < groups.Length - 1 ? logits + (group * WideBlocks.Length) : (float*)Unsafe.AsPointer(ref MemoryMarshal.GetArrayDataReference(last));

    (double Sum, double Moment) SumWide(ReadOnlySpan<float> row)
    {
        Pad(row);
        var (total, moment) = (0.0, 0.0);
        for (var group = 0; group < groups.Length; group++)
        {
            var (sum, part) = SumGroup(group);
            (total, moment) = (total + sum, moment + part);
        }

        return (total, moment);
    }

    (double Sum, double Moment) SumGroup(int group)
    {
        var ofBlocks = stackalloc double[WideBlocks.Count];
        var result = WideBlocks.Sums(Group(group), shift, scale, ofBlocks);
        var first = group * WideBlocks.Count;
        new ReadOnlySpan<double>(ofBlocks, Math.Min(WideBlocks.Count, sums.Length - first)).CopyTo(sums.AsSpan(first));
        return result;
    }

    // Every group to the shift that is known now.
    (double Sum, double Moment) Rescale()
    {
        var (total, moment) = (0.0, 0.0);
        for (var group = 0; group < groups.Length; group++)
        {
            var (from, sum, part) = groups[group];
            if (from == shift)
            {
                (total, moment) = (total + sum, moment + part);
                continue;
            }

            var difference = (double)from - shift;
            var factor = Math.Exp(difference);
            (total, moment) = (total + (factor * sum), moment + (factor * (part + (difference * sum))));
            var blocks = sums.AsSpan(group * WideBlocks.Count);
            blocks = blocks[..Math.Min(WideBlocks.Count, blocks.Length)];
            TensorPrimitives.Multiply(blocks, factor, blocks);
        }

        return (total, moment);
    }

    (double Sum, double Moment) SumBlockByBlock(ReadOnlySpan<float> row)
    {
        var (total, moment) = (0.0, 0.0);
        var padded = stackalloc float[Block];
        for (var block = 0; block < sums.Length; block++)
        {
            var from = logits + (block * Block);
            if (size < (block + 1) * Block)
            {
                new Span<float>(padded, Block).Fill(float.NegativeInfinity);
                row[(block * Block)..size].CopyTo(new Span<float>(padded, Block));
                from = padded;
            }

            (sums[block], var part) = Sum(from, shift, scale);
            (total, moment) = (total + sums[block], moment + part);
        }

        return (total, moment);
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

    void SumBlocks() => (Total, summed) = (TensorPrimitives.Sum<double>(sums), false);

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

    [StructLayout(LayoutKind.Auto)]
    readonly record struct GroupSum(float Shift, double Sum, double Moment);
}
