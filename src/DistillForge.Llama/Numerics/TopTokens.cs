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
    {
        var end = Math.Min(logits.Length, start + Block);
        for (var id = start; id < end; id++)
        {
            if (logits[id] > least && Offer(Key(logits[id], id), count))
            {
                least = MathF.Max(least, logits[Id(count - 1)]);
            }
        }

        return least;
    }

    float LeastOf(ReadOnlySpan<float> maxima, int count)
    {
        var least = float.NegativeInfinity;
        for (var block = 0; block < maxima.Length; block++)
        {
            if (maxima[block] > least && Offer(Key(maxima[block], block), count))
            {
                least = maxima[Id(count - 1)];
            }
        }

        Count = 0;
        return float.IsFinite(least) ? MathF.BitDecrement(least) : float.NegativeInfinity;
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
            best[place] = best[place - 1];
            place--;
        }

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
