using System.Buffers.Binary;
using System.Runtime.InteropServices;

namespace DistillForge.Models;

// ggml's K-quants: 256 elements a block, in groups of 16 or 32 with scales of 4 to 8 bits that a float16 scales again.
static class KQuants
{
    const int Size = 256;

    public static void Q2(ReadOnlySpan<byte> block, Span<float> numbers)
    {
        var scales = block[..16];
        var codes = block[16..80];
        var (scale, minimum) = (Half(block, 80), Half(block, 82));
        for (var i = 0; i < Size; i++)
        {
            // 128 elements share 32 bytes: two bits of each, 32 elements a time.
            var (half, within) = (i / 128, i % 128);
            var group = scales[i / 16];
            var code = codes[half * 32 + within % 32] >> within / 32 * 2 & 3;
            numbers[i] = scale * (group & 0xF) * code - minimum * (group >> 4);
        }
    }

    public static void Q3(ReadOnlySpan<byte> block, Span<float> numbers)
    {
        var high = block[..32];
        var codes = block[32..96];
        var packed = block[96..108];
        var scale = Half(block, 108);
        for (var i = 0; i < Size; i++)
        {
            var (half, within, group) = (i / 128, i % 128, i / 16);
            // Six bits a scale: four in the first eight bytes, two in the last four.
            var four = group < 8 ? packed[group] & 0xF : packed[group - 8] >> 4;
            var two = packed[8 + group % 4] >> group / 4 * 2 & 3;
            var code = codes[half * 32 + within % 32] >> within / 32 * 2 & 3;
            var third = high[within % 32] >> (half * 4 + within / 32) & 1;
            numbers[i] = scale * ((four | two << 4) - 32) * (code - (third == 1 ? 0 : 4));
        }
    }

    public static void Q4(ReadOnlySpan<byte> block, Span<float> numbers) => FourOrFive(block, block[4..16], fifths: default, block[16..144], numbers);

    public static void Q5(ReadOnlySpan<byte> block, Span<float> numbers) => FourOrFive(block, block[4..16], block[16..48], block[48..176], numbers);

    public static void Q6(ReadOnlySpan<byte> block, Span<float> numbers)
    {
        var low = block[..128];
        var high = block[128..192];
        var scales = MemoryMarshal.Cast<byte, sbyte>(block[192..208]);
        var scale = Half(block, 208);
        for (var i = 0; i < Size; i++)
        {
            var (half, within) = (i / 128, i % 128);
            var four = low[half * 64 + within % 64] >> (within / 64 * 4) & 0xF;
            var two = high[half * 32 + within % 32] >> within / 32 * 2 & 3;
            numbers[i] = scale * scales[i / 16] * ((four | two << 4) - 32);
        }
    }

    public static void Q8(ReadOnlySpan<byte> block, Span<float> numbers)
    {
        var scale = BinaryPrimitives.ReadSingleLittleEndian(block);
        for (var i = 0; i < Size; i++)
        {
            numbers[i] = scale * (sbyte)block[4 + i];
        }
    }

    static void FourOrFive(ReadOnlySpan<byte> block, ReadOnlySpan<byte> packed, ReadOnlySpan<byte> fifths, ReadOnlySpan<byte> codes, Span<float> numbers)
    {
        var (scale, minimum) = (Half(block, 0), Half(block, 2));
        for (var group = 0; group < 8; group++)
        {
            var (factor, offset) = ScaleAndMinimum(group, packed);
            var (d, m) = (scale * factor, minimum * offset);
            for (var i = 0; i < 32; i++)
            {
                // 64 elements share 32 bytes: low nibbles, then high ones. Each group has a bit of its own in the fifths.
                var code = codes[group / 2 * 32 + i] >> group % 2 * 4 & 0xF;
                var fifth = fifths.IsEmpty ? 0 : fifths[i] >> group & 1;
                numbers[group * 32 + i] = d * (code + fifth * 16) - m;
            }
        }
    }

    // Eight pairs of six bits in twelve bytes: the last four pairs have their upper two bits above those of the first.
    static (int Scale, int Minimum) ScaleAndMinimum(int group, ReadOnlySpan<byte> packed) => group < 4
        ? (packed[group] & 63, packed[group + 4] & 63)
        : (packed[group + 4] & 0xF | packed[group - 4] >> 6 << 4, packed[group + 4] >> 4 | packed[group] >> 6 << 4);

    static float Half(ReadOnlySpan<byte> block, int at) => (float)BinaryPrimitives.ReadHalfLittleEndian(block[at..]);
}
