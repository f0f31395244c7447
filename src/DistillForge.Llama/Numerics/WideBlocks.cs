using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace DistillForge.Llama.Numerics;

/// <summary>
/// Sixteen blocks of 64 logits at once, with AVX-512: their highest logits, and the sums of their exponentials. Each block is folded into
/// sixteen lanes, and sixteen blocks together into one number a block, which costs a tenth of folding each alone.
/// </summary>
static unsafe class WideBlocks
{
    public const int Count = 16;
    public const int Length = Count * BlockWeights.Block;

    const int Lanes = 16;

    // What is lower has weight 0 all the same, and −∞ · 0 would be no number.
    const float Lowest = -1000f;

    public static bool IsSupported => Avx512F.IsSupported && Vector512.IsHardwareAccelerated;

    /// <param name="from">[1024]</param>
    /// <param name="numbers">A NaN clears lanes.</param>
    /// <returns>Of each block.</returns>
    public static Vector512<float> Maxima(float* from, ref Vector512<float> numbers)
    {
        var ordered = numbers;
        for (var i = 0; i < Length; i += Lanes)
        {
            ordered &= Vector512.Equals(Vector512.Load(from + i), Vector512.Load(from + i));
        }

        numbers = ordered;
        return Maxima(from);
    }

    /// <param name="from">[1024]; a NaN may be overlooked.</param>
    /// <returns>Of each block.</returns>
    public static Vector512<float> Maxima(float* from)
    {
        var blocks = stackalloc Vector512<float>[Count];
        for (var block = 0; block < Count; block++)
        {
            blocks[block] = Vector512.MaxNative(
                Vector512.MaxNative(Vector512.Load(from), Vector512.Load(from + Lanes)),
                Vector512.MaxNative(Vector512.Load(from + (2 * Lanes)), Vector512.Load(from + (3 * Lanes))));
            from += BlockWeights.Block;
        }

        return Fold<Highest>(blocks);
    }

    /// <param name="from">[64]</param>
    /// <returns>How many are higher.</returns>
    public static int CountAbove(float* from, float than)
    {
        var least = Vector512.Create(than);
        return BitOperations.PopCount(Vector512.GreaterThan(Vector512.Load(from), least).ExtractMostSignificantBits())
            + BitOperations.PopCount(Vector512.GreaterThan(Vector512.Load(from + Lanes), least).ExtractMostSignificantBits())
            + BitOperations.PopCount(Vector512.GreaterThan(Vector512.Load(from + (2 * Lanes)), least).ExtractMostSignificantBits())
            + BitOperations.PopCount(Vector512.GreaterThan(Vector512.Load(from + (3 * Lanes)), least).ExtractMostSignificantBits());
    }

    /// <param name="from">[1024]</param>
    /// <param name="sums">[16], of e^((logit − shift)·scale).</param>
    /// <returns>Sum and moment of all of them: Σ weight, and Σ weight·(logit − shift)·scale, which is NaN where a logit is NaN or +∞.</returns>
    public static (double Sum, double Moment) Sums(float* from, float shift, float scale, double* sums)
    {
        var blocks = stackalloc Vector512<float>[Count];
        var moment = Vector512<float>.Zero;
        for (var block = 0; block < Count; block++)
        {
            var sum = Vector512<float>.Zero;
            for (var i = 0; i < BlockWeights.Block; i += Lanes)
            {
                // In this order the instruction keeps a NaN.
                var x = Vector512.MaxNative(Vector512.Create(Lowest), (Vector512.Load(from + i) - Vector512.Create(shift)) * scale);
                var weight = VectorExp.OfNonPositive(x);
                sum += weight;
                moment = Vector512.MultiplyAddEstimate(weight, x, moment);
            }

            blocks[block] = sum;
            from += BlockWeights.Block;
        }

        var (first, last) = Vector512.Widen(Fold<Total>(blocks));
        first.Store(sums);
        last.Store(sums + (Count / 2));
        return (Vector512.Sum(first + last), Vector512.Sum(moment));
    }

    public static float HighestOf(Vector512<float> values)
    {
        var half = Vector256.MaxNative(values.GetLower(), values.GetUpper());
        var quarter = Vector128.MaxNative(half.GetLower(), half.GetUpper());
        quarter = Vector128.MaxNative(quarter, Vector128.Shuffle(quarter, Vector128.Create(2, 3, 0, 1)));
        return MathF.Max(quarter[0], quarter[1]);
    }

    // [16] vectors of 16 lanes → one number a vector: a transposition that folds at every step.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static Vector512<float> Fold<T>(Vector512<float>* blocks)
        where T : struct, IFold
    {
        var abcd = Quarter<T>(blocks);
        var efgh = Quarter<T>(blocks + 4);
        var ijkl = Quarter<T>(blocks + 8);
        var mnop = Quarter<T>(blocks + 12);
        var first = T.Of(Avx512F.Shuffle4x128(abcd, efgh, 0x44), Avx512F.Shuffle4x128(abcd, efgh, 0xEE));
        var last = T.Of(Avx512F.Shuffle4x128(ijkl, mnop, 0x44), Avx512F.Shuffle4x128(ijkl, mnop, 0xEE));
        return T.Of(Avx512F.Shuffle4x128(first, last, 0x88), Avx512F.Shuffle4x128(first, last, 0xDD));
    }

    // Four vectors a, b, c, d → in each 128 bits one number of a, b, c, d.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static Vector512<float> Quarter<T>(Vector512<float>* blocks)
        where T : struct, IFold
    {
        var ab = T.Of(Avx512F.UnpackLow(blocks[0], blocks[1]), Avx512F.UnpackHigh(blocks[0], blocks[1])).AsDouble();
        var cd = T.Of(Avx512F.UnpackLow(blocks[2], blocks[3]), Avx512F.UnpackHigh(blocks[2], blocks[3])).AsDouble();
        return T.Of(Avx512F.UnpackLow(ab, cd).AsSingle(), Avx512F.UnpackHigh(ab, cd).AsSingle());
    }

    interface IFold
    {
        static abstract Vector512<float> Of(Vector512<float> a, Vector512<float> b);
    }

    readonly struct Highest : IFold
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static Vector512<float> Of(Vector512<float> a, Vector512<float> b) => Vector512.MaxNative(a, b);
    }

    readonly struct Total : IFold
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static Vector512<float> Of(Vector512<float> a, Vector512<float> b) => a + b;
    }
}
