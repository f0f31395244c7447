using System.Numerics.Tensors;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace DistillForge.Models;

/// <summary>float32 ↔ float16 and bfloat16, rounded to the nearest, ties to even; the same bytes as ggml's.</summary>
public static class HalfPrecision
{
    const int Lanes = 16;   // float32 numbers of two vectors
    const uint Magnitude = 0x7FFF_FFFF;

    public static void FromF16(ReadOnlySpan<Half> numbers, Span<float> floats) => TensorPrimitives.ConvertToSingle(numbers, floats);

    public static void ToF16(ReadOnlySpan<float> floats, Span<Half> numbers)
    {
        var from = MemoryMarshal.Cast<float, uint>(floats);
        var to = MemoryMarshal.Cast<Half, ushort>(numbers);
        var i = 0;
        for (; i + Lanes <= from.Length; i += Lanes)
        {
            var (low, high) = (Vector256.Create(from.Slice(i, 8)), Vector256.Create(from.Slice(i + 8, 8)));
            Vector256.Narrow(F16(low), F16(high)).CopyTo(to[i..]);
        }

        for (; i < from.Length; i++)
        {
            to[i] = (ushort)F16(Vector256.CreateScalar(from[i]))[0];
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
        var from = MemoryMarshal.Cast<float, uint>(floats);
        var i = 0;
        for (; i + Lanes <= from.Length; i += Lanes)
        {
            var (low, high) = (Vector256.Create(from.Slice(i, 8)), Vector256.Create(from.Slice(i + 8, 8)));
            Vector256.Narrow(BF16(low), BF16(high)).CopyTo(numbers[i..]);
        }

        for (; i < from.Length; i++)
        {
            numbers[i] = (ushort)BF16(Vector256.CreateScalar(from[i]))[0];
        }
    }

    /// <summary>The largest magnitude; infinite or NaN where a number is.</summary>
    public static float Largest(ReadOnlySpan<float> floats)
    {
        // Without their signs the bits of floats are in the order of the floats, infinity and NaN last.
        var from = MemoryMarshal.Cast<float, uint>(floats);
        var (one, other) = (Vector256<uint>.Zero, Vector256<uint>.Zero);
        var i = 0;
        for (; i + Lanes <= from.Length; i += Lanes)
        {
            one = Vector256.Max(one, Vector256.Create(from.Slice(i, 8)) & Vector256.Create(Magnitude));
            other = Vector256.Max(other, Vector256.Create(from.Slice(i + 8, 8)) & Vector256.Create(Magnitude));
        }

        var most = TensorPrimitives.Max<uint>([.. Numbers(one), .. Numbers(other)]);
        for (; i < from.Length; i++)
        {
            most = Math.Max(most, from[i] & Magnitude);
        }

        return BitConverter.UInt32BitsToSingle(most);
    }

    static uint[] Numbers(Vector256<uint> vector)
    {
        var numbers = new uint[Vector256<uint>.Count];
        vector.CopyTo(numbers);
        return numbers;
    }

    // https://gist.github.com/rygorous/2156668, float_to_half_fast3_rtne; ggml keeps the sign of a NaN and drops its payload.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static Vector256<uint> F16(Vector256<uint> bits)
    {
        var magnitude = bits & Vector256.Create(Magnitude);
        var sign = (bits ^ magnitude) >> 16;
        // The sum with 0.5 shifts the digits of a subnormal half to the end, and the addition rounds them.
        var half = Vector256.Create(0.5f);
        var small = (magnitude.AsSingle() + half).AsUInt32() - half.AsUInt32();
        // The exponent's bias is 15, not 127; 0xFFF and the last digit that stays round to even.
        var normal = (magnitude + Vector256.Create(0xC800_0FFFu) + ((magnitude >> 13) & Vector256<uint>.One)) >> 13;
        var whole = magnitude.AsInt32();
        var result = Vector256.ConditionalSelect(Vector256.LessThan(whole, Vector256.Create(113 << 23)).AsUInt32(), small, normal);
        var large = Vector256.ConditionalSelect(Vector256.GreaterThan(whole, Vector256.Create(255 << 23)).AsUInt32(), Vector256.Create(0x7E00u), Vector256.Create(0x7C00u));
        return Vector256.ConditionalSelect(Vector256.LessThan(whole, Vector256.Create(143 << 23)).AsUInt32(), result, large) | sign;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static Vector256<uint> BF16(Vector256<uint> bits)
    {
        var rounded = (bits + Vector256.Create(0x7FFFu) + ((bits >> 16) & Vector256<uint>.One)) >> 16;
        var quiet = bits >> 16 | Vector256.Create(64u);   // a NaN, as ggml makes it
        return Vector256.ConditionalSelect(Vector256.GreaterThan((bits & Vector256.Create(Magnitude)).AsInt32(), Vector256.Create(255 << 23)).AsUInt32(), quiet, rounded);
    }
}
