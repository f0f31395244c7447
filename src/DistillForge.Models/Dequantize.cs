using System.Buffers.Binary;
using System.Runtime.InteropServices;

namespace DistillForge.Models;

/// <summary>ggml's blocks → float32, with the same arithmetic as ggml's own functions.</summary>
public static class Dequantize
{
    /// <summary>Reads blocks of the types whose code books (IQ1 to IQ3) are tables of ggml's own; a host that has the engine sets it.</summary>
    public delegate void BlockReader(GgmlType type, ReadOnlySpan<byte> bytes, Span<float> numbers);

    /// <summary>Null where there is no engine: those types are then refused.</summary>
    public static BlockReader? Codebooks { get; set; }

    /// <summary>There is managed code for this type.</summary>
    public static bool IsManaged(GgmlType type) => type is GgmlType.F32 or GgmlType.F16 or GgmlType.BF16
        or GgmlType.Q8_0 or GgmlType.Q4_0 or GgmlType.Q4_1 or GgmlType.Q5_0 or GgmlType.Q5_1
        or GgmlType.Q2_K or GgmlType.Q3_K or GgmlType.Q4_K or GgmlType.Q5_K or GgmlType.Q6_K or GgmlType.Q8_K
        or GgmlType.IQ4_NL or GgmlType.IQ4_XS or GgmlType.MXFP4 or GgmlType.TQ1_0 or GgmlType.TQ2_0;

    /// <summary>Needs <see cref="Codebooks"/>.</summary>
    public static bool NeedsCodebook(GgmlType type) => type is GgmlType.IQ1_S or GgmlType.IQ1_M or GgmlType.IQ2_XXS or GgmlType.IQ2_XS or GgmlType.IQ2_S
        or GgmlType.IQ3_XXS or GgmlType.IQ3_S or GgmlType.NVFP4 or GgmlType.Q1_0 or GgmlType.Q2_0;

    /// <summary>Its numbers can be read here and now.</summary>
    public static bool Can(GgmlType type) => IsManaged(type) || (Codebooks is not null && NeedsCodebook(type));

    /// <param name="numbers">As many as the bytes hold.</param>
    public static void ToFloat32(GgmlType type, ReadOnlySpan<byte> bytes, Span<float> numbers)
    {
        if (bytes.Length != type.BytesFor(numbers.Length))
        {
            throw new ArgumentException($"{numbers.Length} numbers of {type} take {type.BytesFor(numbers.Length)} bytes, not {bytes.Length}", nameof(bytes));
        }

        switch (type)
        {
            case GgmlType.F32:
                bytes.CopyTo(MemoryMarshal.AsBytes(numbers));
                break;
            case GgmlType.F16:
                HalfPrecision.FromF16(MemoryMarshal.Cast<byte, Half>(bytes), numbers);
                break;
            case GgmlType.BF16:
                HalfPrecision.FromBF16(MemoryMarshal.Cast<byte, ushort>(bytes), numbers);
                break;
            case var _ when !IsManaged(type):
                (Codebooks is { } read && NeedsCodebook(type) ? read : throw new NotSupportedException($"{type} has no dequantizer here"))(type, bytes, numbers);
                break;
            case var _ when type.BlockSize() == 32 && type is not (GgmlType.IQ4_NL or GgmlType.MXFP4):
                Blocks(type, bytes, numbers);
                break;
            default:
                Each(type, bytes, numbers);
                break;
        }
    }

    static void Each(GgmlType type, ReadOnlySpan<byte> bytes, Span<float> numbers)
    {
        var (size, elements) = (type.BlockBytes(), type.BlockSize());
        for (var b = 0; b < numbers.Length / elements; b++)
        {
            var block = bytes.Slice(b * size, size);
            var target = numbers.Slice(b * elements, elements);
            switch (type)
            {
                case GgmlType.Q2_K: KQuants.Q2(block, target); break;
                case GgmlType.Q3_K: KQuants.Q3(block, target); break;
                case GgmlType.Q4_K: KQuants.Q4(block, target); break;
                case GgmlType.Q5_K: KQuants.Q5(block, target); break;
                case GgmlType.Q6_K: KQuants.Q6(block, target); break;
                case GgmlType.Q8_K: KQuants.Q8(block, target); break;
                case GgmlType.IQ4_NL: SmallBlocks.Iq4Nl(block, target); break;
                case GgmlType.IQ4_XS: SmallBlocks.Iq4Xs(block, target); break;
                case GgmlType.MXFP4: SmallBlocks.Mxfp4(block, target); break;
                case GgmlType.TQ1_0: SmallBlocks.Tq1(block, target); break;
                default: SmallBlocks.Tq2(block, target); break;
            }
        }
    }

    static void Blocks(GgmlType type, ReadOnlySpan<byte> bytes, Span<float> numbers)
    {
        var size = type.BlockBytes();
        for (var b = 0; b < numbers.Length / 32; b++)
        {
            var block = bytes.Slice(b * size, size);
            var target = numbers.Slice(b * 32, 32);
            var scale = (float)BinaryPrimitives.ReadHalfLittleEndian(block);
            switch (type)
            {
                case GgmlType.Q8_0: Bytes(scale, block[2..], target); break;
                case GgmlType.Q4_0: Nibbles(scale, -8, 0, 0f, block[2..], target); break;
                case GgmlType.Q4_1: Nibbles(scale, 0, 0, Minimum(block), block[4..], target); break;
                case GgmlType.Q5_0: Nibbles(scale, -16, BinaryPrimitives.ReadUInt32LittleEndian(block[2..]), 0f, block[6..], target); break;
                case GgmlType.Q5_1: Nibbles(scale, 0, BinaryPrimitives.ReadUInt32LittleEndian(block[4..]), Minimum(block), block[8..], target); break;
                default: throw new NotSupportedException($"{type} has no managed dequantizer");
            }
        }
    }

    static void Bytes(float scale, ReadOnlySpan<byte> codes, Span<float> numbers)
    {
        for (var i = 0; i < 32; i++)
        {
            numbers[i] = (sbyte)codes[i] * scale;
        }
    }

    // The low nibbles are elements 0 to 15, the high ones 16 to 31; bit i of fifths is element i's fifth bit.
    static void Nibbles(float scale, int bias, uint fifths, float minimum, ReadOnlySpan<byte> codes, Span<float> numbers)
    {
        for (var i = 0; i < 16; i++)
        {
            var low = (codes[i] & 0x0F) | (int)((fifths >> i & 1) << 4);
            var high = (codes[i] >> 4) | (int)((fifths >> (i + 16) & 1) << 4);
            numbers[i] = (low + bias) * scale + minimum;
            numbers[i + 16] = (high + bias) * scale + minimum;
        }
    }

    static float Minimum(ReadOnlySpan<byte> block) => (float)BinaryPrimitives.ReadHalfLittleEndian(block[2..]);
}
