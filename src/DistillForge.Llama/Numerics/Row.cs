using System.Runtime.Intrinsics;

namespace DistillForge.Llama.Numerics;

/// <summary>
/// One row of logits, read exactly: log-sum-exp and entropy over the real vocabulary, ranks, and the weights to draw from. One a
/// thread, used again for row after row, so that a token costs no allocation. It is read whole once, for the maxima of its blocks
/// and, where they are wanted, the exponentials (without AVX-512 once more for these); the most likely tokens and ranks are then found in the few blocks that can hold them.
/// </summary>
sealed unsafe class Row(int vocabulary)
{
    const int Block = BlockWeights.Block;

    readonly float[] blockMaxima = new float[(vocabulary + Block - 1) / Block];
    float* logits; // [V], llama.cpp's own memory
    bool normalised;
    double logSumExp;

    public ReadOnlySpan<float> Logits => new(logits, vocabulary);

    /// <summary>Highest logit of each block of 64.</summary>
    public ReadOnlySpan<float> BlockMaxima => blockMaxima;

    public float Max { get; private set; }

    /// <summary>There is a highest logit and none is NaN.</summary>
    public bool IsFinite { get; private set; }

    public double LogSumExp => normalised ? logSumExp : throw new InvalidOperationException("Normalise first");

    /// <summary>Nats.</summary>
    public double Entropy { get; private set; }

    /// <summary>e^(logit − Max), once normalised; a capture takes the head out of it.</summary>
    public BlockWeights Weights { get; } = new(vocabulary);

    /// <summary>Takes a row that stays where it is until the next one.</summary>
    /// <param name="normalise">Log-sum-exp and entropy will be asked for: where the processor can, they are found in the same pass.</param>
    public void Read(float* row, bool normalise = false)
    {
        logits = row;
        normalised = false;
        if (normalise && WideBlocks.IsSupported)
        {
            Max = Weights.FillAndFind(Logits, blockMaxima, out var moment);
            IsFinite = float.IsFinite(Max) && blockMaxima.Contains(Max);
            Conclude(moment);
            return;
        }

        var ordered = Vector256<float>.AllBitsSet;
        var highest = float.NegativeInfinity;
        var whole = vocabulary / Block;
        var first = WideBlocks.IsSupported ? ReadWide(ref ordered, ref highest) : 0;
        for (var block = first; block < whole; block++)
        {
            var max = MaxOf(logits + (block * Block), ref ordered);
            blockMaxima[block] = max;
            highest = MathF.Max(highest, max);
        }

        var numbers = Vector256.EqualsAll(ordered.AsInt32(), Vector256<int>.AllBitsSet);
        if (whole < blockMaxima.Length)
        {
            var rest = Logits[(whole * Block)..];
            blockMaxima[whole] = float.NegativeInfinity;
            foreach (var logit in rest)
            {
                blockMaxima[whole] = MathF.Max(blockMaxima[whole], logit);
                numbers &= !float.IsNaN(logit);
            }

            highest = MathF.Max(highest, blockMaxima[whole]);
        }

        (Max, IsFinite) = (highest, numbers && float.IsFinite(highest));
    }

    // Sixteen blocks at a time; returns how many blocks were read.
    int ReadWide(ref Vector256<float> ordered, ref float highest)
    {
        var numbers = Vector512<float>.AllBitsSet;
        var block = 0;
        for (; (block + WideBlocks.Count) * Block <= vocabulary; block += WideBlocks.Count)
        {
            var maxima = WideBlocks.Maxima(logits + (block * Block), ref numbers);
            maxima.CopyTo(blockMaxima, block);
            highest = MathF.Max(highest, WideBlocks.HighestOf(maxima));
        }

        ordered &= numbers.GetLower() & numbers.GetUpper();
        return block;
    }

    /// <summary>Log-sum-exp and entropy; once a row.</summary>
    public void Normalise()
    {
        if (normalised)
        {
            return;
        }

        Conclude(Weights.Fill(Logits, Max, 1));
    }

    void Conclude(double moment)
    {
        var log = Math.Log(Weights.Total);
        logSumExp = Max + log;
        // H = −Σ p log p = log Σ e^x − Σ x e^x / Σ e^x, with x = logit − max.
        Entropy = Math.Max(0, log - (moment / Weights.Total));
        normalised = true;
    }

    public float LogProbability(int id) => (float)(logits[id] - LogSumExp);

    /// <summary>The most likely token, of equal ones the first.</summary>
    public int Greedy
    {
        get
        {
            var block = blockMaxima.AsSpan().IndexOf(Max);
            return (block * Block) + Logits.Slice(block * Block, Math.Min(Block, vocabulary - (block * Block))).IndexOf(Max);
        }
    }

    /// <summary>How many tokens are more likely than this one.</summary>
    public int Rank(int id)
    {
        var least = logits[id];
        var rank = 0;
        for (var block = 0; block < blockMaxima.Length; block++)
        {
            if (blockMaxima[block] > least)
            {
                rank += CountAbove(least, block * Block);
            }
        }

        return rank;
    }

    /// <summary>The highest logit of all other tokens.</summary>
    /// <param name="ids">Ascending.</param>
    public float MaxWithout(ReadOnlySpan<int> ids)
    {
        var highest = float.NegativeInfinity;
        var next = 0;
        for (var block = 0; block < blockMaxima.Length; block++)
        {
            if (next == ids.Length || ids[next] / Block != block)
            {
                highest = MathF.Max(highest, blockMaxima[block]);
                continue;
            }

            for (var id = block * Block; id < Math.Min(vocabulary, (block + 1) * Block); id++)
            {
                if (next < ids.Length && ids[next] == id)
                {
                    next++;
                }
                else
                {
                    highest = MathF.Max(highest, logits[id]);
                }
            }
        }

        return highest;
    }

    int CountAbove(float least, int start)
    {
        if (WideBlocks.IsSupported && start + Block <= vocabulary)
        {
            return WideBlocks.CountAbove(logits + start, least);
        }

        var count = 0;
        if (start + Block <= vocabulary)
        {
            var than = Vector256.Create(least);
            var counts = Vector256<int>.Zero;
            for (var i = start; i < start + Block; i += 8)
            {
                counts -= Vector256.GreaterThan(Vector256.Load(logits + i), than).AsInt32();
            }

            return Vector256.Sum(counts);
        }

        for (var i = start; i < vocabulary; i++)
        {
            count += logits[i] > least ? 1 : 0;
        }

        return count;
    }

    // A NaN clears lanes of ordered.
    static float MaxOf(float* from, ref Vector256<float> ordered)
    {
        var max = Vector256.Load(from);
        ordered &= Vector256.Equals(max, max);
        for (var i = 8; i < Block; i += 8)
        {
            var x = Vector256.Load(from + i);
            ordered &= Vector256.Equals(x, x);
            max = Vector256.MaxNative(max, x);
        }

        var half = Vector128.MaxNative(max.GetLower(), max.GetUpper());
        half = Vector128.MaxNative(half, Vector128.Shuffle(half, Vector128.Create(2, 3, 0, 1)));
        return MathF.Max(half[0], half[1]);
    }
}
