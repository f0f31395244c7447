using System.Numerics.Tensors;

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
        for (var i = 0; i < floats.Length; i++)
        {
            var bits = BitConverter.SingleToUInt32Bits(floats[i]);
            numbers[i] = float.IsNaN(floats[i])
                ? (ushort)(bits >> 16 | 64)                            // quiet, as ggml does
                : (ushort)(bits + 0x7FFF + (bits >> 16 & 1) >> 16);    // ties to even
        }
    }
}
