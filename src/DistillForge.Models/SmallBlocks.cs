using System.Buffers.Binary;

namespace DistillForge.Models;

// ggml's four-bit types with unequal steps, and its ternary ones.
static class SmallBlocks
{
    // The steps are dense around zero, where weights are.
    static ReadOnlySpan<sbyte> Unequal => [-127, -104, -83, -65, -49, -35, -22, -10, 1, 13, 25, 38, 53, 69, 89, 113];

    // Four-bit floats (sign, two bits of exponent, one of mantissa), doubled to be whole.
    static ReadOnlySpan<sbyte> Float4 => [0, 1, 2, 3, 4, 6, 8, 12, 0, -1, -2, -3, -4, -6, -8, -12];

    static ReadOnlySpan<byte> PowersOfThree => [1, 3, 9, 27, 81];

    public static void Iq4Nl(ReadOnlySpan<byte> block, Span<float> numbers) => Steps(Half(block, 0), Unequal, block[2..18], numbers);

    public static void Iq4Xs(ReadOnlySpan<byte> block, Span<float> numbers)
    {
        var scale = Half(block, 0);
        var high = BinaryPrimitives.ReadUInt16LittleEndian(block[2..]);
        for (var group = 0; group < 8; group++)
        {
            var low = block[4 + group / 2] >> group % 2 * 4 & 0xF;
            Steps(scale * ((low | (high >> 2 * group & 3) << 4) - 32), Unequal, block.Slice(8 + group * 16, 16), numbers.Slice(group * 32, 32));
        }
    }

    /// <summary>OCP's microscaling format: a power of two for 32 four-bit floats.</summary>
    public static void Mxfp4(ReadOnlySpan<byte> block, Span<float> numbers)
    {
        // Half of 2^(e − 127), because the steps are doubled; the two smallest are subnormal.
        var bits = block[0] < 2 ? 0x0020_0000u << block[0] : (uint)(block[0] - 1) << 23;
        Steps(BitConverter.UInt32BitsToSingle(bits), Float4, block[1..17], numbers);
    }

    /// <summary>Five ternary digits a byte, as a fraction of 256: multiplied by a power of three, the top digit is what carries over.</summary>
    public static void Tq1(ReadOnlySpan<byte> block, Span<float> numbers)
    {
        var scale = Half(block, 52);
        var at = 0;
        foreach (var (start, count, digits) in ((int, int, int)[])[(0, 32, 5), (32, 16, 5), (48, 4, 4)])
        {
            for (var digit = 0; digit < digits; digit++)
            {
                for (var i = 0; i < count; i++)
                {
                    var rest = (byte)(block[start + i] * PowersOfThree[digit]);
                    numbers[at++] = ((rest * 3 >> 8) - 1) * scale;
                }
            }
        }
    }

    public static void Tq2(ReadOnlySpan<byte> block, Span<float> numbers)
    {
        var scale = Half(block, 64);
        for (var i = 0; i < 256; i++)
        {
            numbers[i] = ((block[i / 128 * 32 + i % 32] >> i % 128 / 32 * 2 & 3) - 1) * scale;
        }
    }

    // Low nibbles first, then high ones.
    static void Steps(float scale, ReadOnlySpan<sbyte> steps, ReadOnlySpan<byte> codes, Span<float> numbers)
    {
        for (var i = 0; i < 16; i++)
        {
            numbers[i] = scale * steps[codes[i] & 0xF];
            numbers[i + 16] = scale * steps[codes[i] >> 4];
        }
    }

    static float Half(ReadOnlySpan<byte> block, int at) => (float)BinaryPrimitives.ReadHalfLittleEndian(block[at..]);
}
