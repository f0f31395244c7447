using System.Numerics;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace DistillForge.Llama.Numerics;

/// <summary>The k highest logits of a row, the highest first, equal ones by ascending id; tokens of logit −∞ are never among them.</summary>
sealed class TopTokens
{
    const int Block = BlockWeights.Block;

    // A logit as ordered bits, above the complement of its id: one comparison orders both.
    ulong[] best = [];

    public int Count { get; private set; }

    public int Id(int place) => (int)~(uint)best[place];

    public void Select(Row row, int count)
    {
        var logits = row.Logits;
        count = Math.Min(count, logits.Length);
        Count = 0;
        if (count <= 0)
        {
            return;
        }

        if (count > row.BlockMaxima.Length)
        {
            SortAll(logits, count);
            return;
        }

        if (best.Length < count)
        {
            best = new ulong[count];
        }

        // The k-th highest of the blocks' maxima: k tokens at least reach it, so nothing below it is needed.
        var least = LeastOf(row.BlockMaxima, count);
        for (var block = 0; block < row.BlockMaxima.Length; block++)
        {
            if (row.BlockMaxima[block] > least)
            {
                least = Search(logits, block * Block, count, least);
            }
        }
    }

    // Returns what the next one must exceed.
    float Search(ReadOnlySpan<float> logits, int start, int count, float least)
        => Offer(logits.Slice(start, Math.Min(Block, logits.Length - start)), start, count, least);

    float LeastOf(ReadOnlySpan<float> maxima, int count)
    {
        var least = Offer(maxima, 0, count, float.NegativeInfinity);
        Count = 0;
        return float.IsFinite(least) ? MathF.BitDecrement(least) : float.NegativeInfinity;
    }

    // Most of them are too low, eight at a time.
    float Offer(ReadOnlySpan<float> values, int firstId, int count, float least)
    {
        ref var first = ref MemoryMarshal.GetReference(values);
        var i = 0;
        for (; i + Vector256<float>.Count <= values.Length; i += Vector256<float>.Count)
        {
            for (var higher = Vector256.GreaterThan(Vector256.LoadUnsafe(ref first, (nuint)i), Vector256.Create(least)).ExtractMostSignificantBits(); higher != 0; higher &= higher - 1)
            {
                var place = i + BitOperations.TrailingZeroCount(higher);
                least = Offer(values[place], firstId + place, count, least);
            }
        }

        for (; i < values.Length; i++)
        {
            least = Offer(values[i], firstId + i, count, least);
        }

        return least;
    }

    float Offer(float value, int id, int count, float least)
        => value > least && Offer(Key(value, id), count) ? MathF.Max(least, Value(count - 1)) : least;

    float Value(int place)
    {
        var ordered = (uint)(best[place] >> 32);
        return BitConverter.UInt32BitsToSingle((ordered & 0x8000_0000) != 0 ? ordered & 0x7FFF_FFFF : ~ordered);
    }

    // True when there are k now.
    bool Offer(ulong key, int count)
    {
        var kept = Math.Min(Count, count - 1);
        if (Count == count && best[kept] >= key)
        {
            return true;
        }

        var place = kept;
        while (place > 0 && best[place - 1] < key)
        {
            place--;
        }

        Array.Copy(best, place, best, place + 1, kept - place);
        best[place] = key;
        Count = kept + 1;
        return Count == count;
    }

    void SortAll(ReadOnlySpan<float> logits, int count)
    {
        if (best.Length < logits.Length)
        {
            best = new ulong[logits.Length];
        }

        var kept = 0;
        for (var id = 0; id < logits.Length; id++)
        {
            if (logits[id] > float.NegativeInfinity)
            {
                best[kept++] = Key(logits[id], id);
            }
        }

        best.AsSpan(0, kept).Sort();
        best.AsSpan(0, kept).Reverse();
        Count = Math.Min(count, kept);
    }

    static ulong Key(float logit, int id) => ((ulong)Ordered(logit) << 32) | ~(uint)id;

    // Unsigned numbers in the order of the floats.
    static uint Ordered(float value)
    {
        var bits = BitConverter.SingleToUInt32Bits(value);
        return (bits & 0x8000_0000) == 0 ? bits | 0x8000_0000 : ~bits;
    }
}
