using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace DistillForge.Llama.Numerics;

/// <summary>
/// One row of logits, read exactly: log-sum-exp and entropy over the real vocabulary, ranks, and the weights to draw from. One a
/// thread, used again for row after row, so that a token costs no allocation.
/// </summary>
sealed unsafe class Row(int vocabulary)
{
    float* logits; // [V], llama.cpp's own memory
    bool normalised;
    double logSumExp;

    public ReadOnlySpan<float> Logits => new(logits, vocabulary);

    public float Max { get; private set; }

    /// <summary>There is a highest logit and none is NaN.</summary>
    public bool IsFinite { get; private set; }

    public double LogSumExp => normalised ? logSumExp : throw new InvalidOperationException("Normalise first");

    /// <summary>Nats.</summary>
    public double Entropy { get; private set; }

    /// <summary>e^(logit − Max); a capture takes the head out of it.</summary>
    public BlockWeights Weights { get; } = new(vocabulary);

    public void Read(float* row)
    {
        logits = row;
        normalised = false;
        ref var first = ref MemoryMarshal.GetReference(Logits);
        var max = Vector256.Create(float.NegativeInfinity);
        var ordered = Vector256<float>.AllBitsSet;
        var whole = vocabulary - (vocabulary % 8);
        for (var i = 0; i < whole; i += 8)
        {
            var x = Vector256.LoadUnsafe(ref first, (nuint)i);
            max = Vector256.MaxNative(max, x);
            ordered &= Vector256.Equals(x, x);
        }

        var highest = float.NegativeInfinity;
        for (var lane = 0; lane < 8; lane++)
        {
            highest = MathF.Max(highest, max[lane]);
        }

        var numbers = Vector256.EqualsAll(ordered.AsInt32(), Vector256<int>.AllBitsSet);
        for (var i = whole; i < vocabulary; i++)
        {
            highest = MathF.Max(highest, logits[i]);
            numbers &= !float.IsNaN(logits[i]);
        }

        (Max, IsFinite) = (highest, numbers && float.IsFinite(highest));
    }

    /// <summary>Log-sum-exp and entropy.</summary>
    public void Normalise()
    {
        var moment = Weights.Fill(Logits, Max, 1);
        var log = Math.Log(Weights.Total);
        logSumExp = Max + log;
        // H = −Σ p log p = log Σ e^x − Σ x e^x / Σ e^x, with x = logit − max.
        Entropy = Math.Max(0, log - (moment / Weights.Total));
        normalised = true;
    }

    public float LogProbability(int id) => (float)(logits[id] - LogSumExp);

    /// <summary>The most likely token, of equal ones the first.</summary>
    public int Greedy => Logits.IndexOf(Max);

    /// <summary>How many tokens are more likely than this one.</summary>
    public int Rank(int id)
    {
        ref var first = ref MemoryMarshal.GetReference(Logits);
        var least = Vector256.Create(logits[id]);
        var counts = Vector256<int>.Zero;
        var whole = vocabulary - (vocabulary % 8);
        for (var i = 0; i < whole; i += 8)
        {
            counts -= Vector256.GreaterThan(Vector256.LoadUnsafe(ref first, (nuint)i), least).AsInt32();
        }

        var rank = Vector256.Sum(counts);
        for (var i = whole; i < vocabulary; i++)
        {
            rank += logits[i] > logits[id] ? 1 : 0;
        }

        return rank;
    }
}
