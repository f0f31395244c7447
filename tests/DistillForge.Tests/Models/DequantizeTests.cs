using DistillForge.Models;

namespace DistillForge.Tests.Models;

public class DequantizeTests
{
    static readonly byte[] Codes = [.. Enumerable.Range(0, 16).Select(i => (byte)(i | (15 - i) << 4))];   // low nibble i, high nibble 15 − i

    [Fact]
    public void Q8_0_is_scale_times_code()
        => Assert.Equal([.. Enumerable.Range(-16, 32).Select(i => i * 0.5f)], Floats(GgmlType.Q8_0, [.. Half(0.5f), .. Enumerable.Range(-16, 32).Select(i => (byte)(sbyte)i)]));

    [Fact]
    public void Q4_0_is_scale_times_nibble_less_eight_low_nibbles_first()
        => Assert.Equal([.. Enumerable.Range(0, 16).Select(i => (i - 8) * 2f), .. Enumerable.Range(0, 16).Select(i => (7 - i) * 2f)], Floats(GgmlType.Q4_0, [.. Half(2f), .. Codes]));

    [Fact]
    public void Q4_1_adds_a_minimum()
        => Assert.Equal([.. Enumerable.Range(0, 16).Select(i => i * 2f - 3f), .. Enumerable.Range(0, 16).Select(i => (15 - i) * 2f - 3f)], Floats(GgmlType.Q4_1, [.. Half(2f), .. Half(-3f), .. Codes]));

    [Fact]
    public void Q5_0_has_a_fifth_bit_for_every_element()
    {
        var fifths = BitConverter.GetBytes(0b1000_0000_0000_0010_0000_0000_0000_0001u);   // of elements 0, 17 and 31

        var numbers = Floats(GgmlType.Q5_0, [.. Half(1f), .. fifths, .. Codes]);

        Assert.Equal([0f, -15f, -1f, 14f, 0f], [numbers[0], numbers[1], numbers[16], numbers[17], numbers[31]]);
    }

    [Fact]
    public void Q5_1_has_both()
    {
        var numbers = Floats(GgmlType.Q5_1, [.. Half(1f), .. Half(0.5f), .. BitConverter.GetBytes(1u << 31), .. Codes]);

        Assert.Equal([0.5f, 15.5f, 15.5f, 16.5f], [numbers[0], numbers[15], numbers[16], numbers[31]]);
    }

    [Theory]
    [InlineData(1f, 0x3C00)]
    [InlineData(1.00048828125f, 0x3C00)]    // halfway between two: the even one
    [InlineData(1.00146484375f, 0x3C02)]    // halfway again: up to the even one
    [InlineData(65519f, 0x7BFF)]
    [InlineData(65520f, 0x7C00)]            // infinity
    [InlineData(-5.9604645e-8f, 0x8001)]    // the smallest
    [InlineData(2.9802322e-8f, 0x0000)]     // half of it, to even
    [InlineData(float.NaN, 0xFE00)]         // .NET's NaN is negative
    public void Float16_rounds_to_nearest_even(float number, int bits)
    {
        var half = new Half[1];
        HalfPrecision.ToF16([number], half);
        Assert.Equal(bits, BitConverter.HalfToUInt16Bits(half[0]));
    }

    [Theory]
    [InlineData(1f, 0x3F80)]
    [InlineData(1.00390625f, 0x3F80)]       // halfway: the even one
    [InlineData(1.01171875f, 0x3F82)]       // halfway: up to the even one
    [InlineData(3.4028235e38f, 0x7F80)]     // infinity
    [InlineData(float.NegativeInfinity, 0xFF80)]
    [InlineData(float.NaN, 0xFFC0)]
    public void Bfloat16_rounds_to_nearest_even(float number, int bits)
    {
        var rounded = new ushort[1];
        HalfPrecision.ToBF16([number], rounded);
        Assert.Equal(bits, rounded[0]);
    }

    [Fact]
    public void Every_float16_and_bfloat16_survives_the_way_through_float32()
    {
        var halves = Enumerable.Range(0, 1 << 16).Select(i => BitConverter.UInt16BitsToHalf((ushort)i)).Where(h => !System.Half.IsNaN(h)).ToArray();
        var brains = Enumerable.Range(0, 1 << 16).Select(i => (ushort)i).Where(i => (i & 0x7FFF) <= 0x7F80).ToArray();
        var (floats, back) = (new float[halves.Length], new Half[halves.Length]);
        HalfPrecision.FromF16(halves, floats);
        HalfPrecision.ToF16(floats, back);
        var (wide, narrow) = (new float[brains.Length], new ushort[brains.Length]);
        HalfPrecision.FromBF16(brains, wide);
        HalfPrecision.ToBF16(wide, narrow);

        Assert.Equal(halves.Select(BitConverter.HalfToUInt16Bits), back.Select(BitConverter.HalfToUInt16Bits));
        Assert.Equal(brains, narrow);
    }

    [SharedFact("models/cardputer-chat-3m/cardputer-chat-3m-q8_0.gguf")]
    public void A_real_Q8_0_tensor_is_near_its_F32_one()
    {
        using var rough = GgufFile.Open(SharedFiles.PathOf("models/cardputer-chat-3m/cardputer-chat-3m-q8_0.gguf"));
        using var exact = GgufFile.Open(SharedFiles.PathOf("models/cardputer-chat-3m/cardputer-chat-3m-f32.gguf"));
        var (a, b) = (rough.Floats(rough.Tensor("token_embd.weight")), exact.Floats(exact.Tensor("token_embd.weight")));

        // A block's largest number is 127 steps, and rounding is off by half a step; the step's own rounding to float16 adds a little.
        for (var block = 0; block < a.Length; block += 32)
        {
            var step = b.AsSpan(block, 32).ToArray().Max(MathF.Abs) / 127;
            Assert.All(Enumerable.Range(block, 32), i => Assert.InRange(a[i] - b[i], -0.57f * step, 0.57f * step));
        }
    }

    [Fact]
    public void Bytes_that_do_not_fit_the_numbers_are_refused()
        => Assert.Throws<ArgumentException>(() => Dequantize.ToFloat32(GgmlType.Q8_0, new byte[33], new float[32]));

    static float[] Floats(GgmlType type, byte[] bytes)
    {
        var numbers = new float[32];
        Dequantize.ToFloat32(type, bytes, numbers);
        return numbers;
    }

    static byte[] Half(float number) => BitConverter.GetBytes((Half)number);
}
