using System.Numerics.Tensors;
using System.Runtime.Intrinsics;

namespace DistillForge.Models;

/// <summary>float32 ↔ float16 and bfloat16, rounded to the nearest, ties to even; the same bytes as ggml's.</summary>
public static class HalfPrecision
{
    public static void FromF16(ReadOnlySpan<Half> numbers, Span<float> floats) => TensorPrimitives.ConvertToSingle(numbers, floats);

    public static void ToF16(ReadOnlySpan<float> floats, Span<Half> numbers)
    {
        TensorPrimitives.ConvertToHalf(floats, numbers);
        if (float.IsFinite(TensorPrimitives.Sum(floats)))
        {
            return;   // no NaN among them
        }

        for (var i = 0; i < floats.Length; i++)
        {
            if (float.IsNaN(floats[i]))
            {
                // ggml keeps the sign of a NaN and drops its payload.
                numbers[i] = BitConverter.UInt16BitsToHalf((ushort)(float.IsNegative(floats[i]) ? 0xFE00 : 0x7E00));
            }
        }
    }

    public static void FromBF16(ReadOnlySpan<ushort> numbers, Span<float> floats)
    {
        for (var i = 0; i < numbers.Length; i++)
        {
            floats[i] = BitConverter.UInt32BitsToSingle((uint)numbers[i] << 16);
        }
    }

    public static void ToBF16(ReadOnlySpan<float> floats, Span<ushort> numbers)
    {
        var done = Vector512.IsHardwareAccelerated ? Wide(floats, numbers) : 0;
        for (var i = done; i < floats.Length; i++)
        {
            var bits = BitConverter.SingleToUInt32Bits(floats[i]);
            numbers[i] = float.IsNaN(floats[i])
                ? (ushort)(bits >> 16 | 64)                            // quiet, as ggml does
                : (ushort)(bits + 0x7FFF + (bits >> 16 & 1) >> 16);    // ties to even
        }
    }

    // 32 at a time; whatever holds a NaN is left to the caller, from there on.
    static int Wide(ReadOnlySpan<float> floats, Span<ushort> numbers)
    {
        var i = 0;
        for (; i + 32 <= floats.Length; i += 32)
        {
            var (low, high) = (Vector512.Create(floats.Slice(i, 16)), Vector512.Create(floats.Slice(i + 16, 16)));
            if (!Vector512.EqualsAll(low, low) || !Vector512.EqualsAll(high, high))
            {
                return i;
            }

            Vector512.Narrow(Rounded(low.AsUInt32()), Rounded(high.AsUInt32())).CopyTo(numbers[i..]);
        }

        return i;
    }

    static Vector512<uint> Rounded(Vector512<uint> bits) => (bits + Vector512.Create(0x7FFFu) + ((bits >> 16) & Vector512<uint>.One)) >> 16;
}
