using System.Runtime.InteropServices;
using DistillForge.Llama;
using DistillForge.Models;

namespace DistillForge.Engines.Tests.Models;

/// <summary>Our managed code against ggml's own functions, in the library that we bind.</summary>
public unsafe class GgmlParityTests
{
    static readonly nint Library = NativeLibrary.Load(Path.Combine(Engine.Verify(), "libggml-base.so"));

    public static TheoryData<GgmlType> Types => [.. GgmlTypes.All];

    [Theory]
    [MemberData(nameof(Types))]
    public void Block_sizes_are_ggmls(GgmlType type)
    {
        var elements = (delegate* unmanaged<int, long>)NativeLibrary.GetExport(Library, "ggml_blck_size");
        var bytes = (delegate* unmanaged<int, nuint>)NativeLibrary.GetExport(Library, "ggml_type_size");

        Assert.Equal((elements((int)type), (long)bytes((int)type)), (type.BlockSize(), type.BlockBytes()));
    }

    [Fact]
    public void No_type_of_ggml_is_missing()
    {
        var elements = (delegate* unmanaged<int, long>)NativeLibrary.GetExport(Library, "ggml_blck_size");

        Assert.Equal(Enumerable.Range(0, 43).Where(type => elements(type) > 0), GgmlTypes.All.Select(type => (int)type));
    }

    // Every pattern of the high bits with low bits around the middle, where rounding decides, and a million others.
    static float[] Numbers()
    {
        var random = new Random(7);
        var numbers = new List<float>();
        for (var high = 0; high < 1 << 16; high++)
        {
            foreach (var low in (uint[])[0, 1, 0x0FFF, 0x1000, 0x1001, 0x2FFF, 0x3000, 0x7FFF, 0x8000, 0x8001, 0xFFFF])
            {
                numbers.Add(BitConverter.UInt32BitsToSingle((uint)high << 16 | low));
            }
        }

        numbers.AddRange(Enumerable.Range(0, 1_000_000).Select(_ => (float)((random.NextDouble() - 0.5) * Math.Pow(2, random.Next(-30, 18)))));
        return [.. numbers];
    }

    [Fact]
    public void Float16_has_ggmls_bytes()
    {
        var numbers = Numbers();
        var (ours, theirs) = (new Half[numbers.Length], new Half[numbers.Length]);
        var convert = (delegate* unmanaged<float*, Half*, long, void>)NativeLibrary.GetExport(Library, "ggml_fp32_to_fp16_row");
        fixed (float* from = numbers)
        fixed (Half* to = theirs)
        {
            convert(from, to, numbers.Length);
        }

        HalfPrecision.ToF16(numbers, ours);

        Assert.Equal(0, Differences(MemoryMarshal.Cast<Half, ushort>(theirs), MemoryMarshal.Cast<Half, ushort>(ours)));
    }

    [Fact]
    public void Bfloat16_has_ggmls_bytes()
    {
        var numbers = Numbers();
        var (ours, theirs) = (new ushort[numbers.Length], new ushort[numbers.Length]);
        var convert = (delegate* unmanaged<float*, ushort*, long, void>)NativeLibrary.GetExport(Library, "ggml_fp32_to_bf16_row");
        fixed (float* from = numbers)
        fixed (ushort* to = theirs)
        {
            convert(from, to, numbers.Length);
        }

        HalfPrecision.ToBF16(numbers, ours);

        Assert.Equal(0, Differences(theirs, ours));
    }

    static readonly GgmlType[] NeverInFiles = [GgmlType.Q8_1, GgmlType.Q8_K, GgmlType.I8, GgmlType.I16, GgmlType.I32, GgmlType.I64, GgmlType.F32, GgmlType.F64];

    public static TheoryData<GgmlType> Stored => [.. GgmlTypes.All.Except(NeverInFiles)];

    [Fact]
    public void No_type_that_ggml_reads_is_left_out()
    {
        Blocks.Use();
        var traits = (delegate* unmanaged<int, nint*>)NativeLibrary.GetExport(Library, "ggml_get_type_traits");

        Assert.Equal(GgmlTypes.All.Where(type => traits((int)type)[5] != 0).Order(), GgmlTypes.All.Except(NeverInFiles).Order());
        Assert.All(GgmlTypes.All.Except(NeverInFiles), type => Assert.True(Dequantize.Can(type)));
    }

    // Any bytes are a block; a scale that is no number makes numbers that are none, there as here.
    [Theory]
    [MemberData(nameof(Stored))]
    public void Reads_any_bytes_as_ggml_reads_them(GgmlType type)
    {
        Blocks.Use();
        var bytes = new byte[type.BytesFor(256 * 64)];
        new Random(11).NextBytes(bytes);
        var (ours, theirs) = (new float[256 * 64], new float[256 * 64]);
        var traits = ((delegate* unmanaged<int, nint*>)NativeLibrary.GetExport(Library, "ggml_get_type_traits"))((int)type);
        fixed (float* to = theirs)
        fixed (byte* blocks = bytes)
        {
            ((delegate* unmanaged<void*, float*, long, void>)traits[5])(blocks, to, theirs.Length);
        }

        Dequantize.ToFloat32(type, bytes, ours);

        Assert.Equal(theirs, ours);
        Assert.True(ours.Distinct().Count() > 50);
    }

    public static TheoryData<GgmlType> Plain => [GgmlType.F16, GgmlType.BF16, GgmlType.Q8_0, GgmlType.Q4_0, GgmlType.Q4_1, GgmlType.Q5_0, GgmlType.Q5_1, GgmlType.Q4_K, GgmlType.Q5_K, GgmlType.Q6_K];

    [Theory]
    [MemberData(nameof(Plain))]
    public void Dequantizes_to_ggmls_numbers(GgmlType type)
    {
        var random = new Random(7);
        var numbers = Enumerable.Range(0, 4096).Select(_ => (float)(random.NextDouble() - 0.5)).ToArray();
        var bytes = new byte[type.BytesFor(numbers.Length)];
        var (ours, theirs) = (new float[numbers.Length], new float[numbers.Length]);
        var quantize = (delegate* unmanaged<int, float*, void*, long, long, long, float*, nuint>)NativeLibrary.GetExport(Library, "ggml_quantize_chunk");
        var traits = ((delegate* unmanaged<int, nint*>)NativeLibrary.GetExport(Library, "ggml_get_type_traits"))((int)type);
        var toFloat = (delegate* unmanaged<void*, float*, long, void>)traits[5];   // after name, two block sizes, type size and a bool
        fixed (float* from = numbers, to = theirs)
        fixed (byte* blocks = bytes)
        {
            Assert.Equal((nuint)bytes.Length, quantize((int)type, from, blocks, 0, 16, 256, null));
            toFloat(blocks, to, numbers.Length);
        }

        Dequantize.ToFloat32(type, bytes, ours);

        Assert.Equal(theirs, ours);
        Assert.InRange(ours.Zip(numbers, (a, b) => Math.Abs(a - b)).Max(), 0, 0.07f);   // it is the same tensor, not two times nothing
    }

    static int Differences(ReadOnlySpan<ushort> a, ReadOnlySpan<ushort> b)
    {
        var count = 0;
        for (var i = 0; i < a.Length; i++)
        {
            count += a[i] == b[i] ? 0 : 1;
        }

        return count;
    }
}
