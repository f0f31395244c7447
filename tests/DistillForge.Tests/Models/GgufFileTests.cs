using System.Runtime.InteropServices;
using DistillForge.Models;
using Xunit.Abstractions;

namespace DistillForge.Tests.Models;

public class GgufFileTests(ITestOutputHelper output)
{
    const string Stories = "models/stories260K/stories260K-f32.gguf";
    const string TinyStories = "models/tinystories-656k/TinyStories-656K-f32.gguf";
    const string Cardputer = "models/cardputer-chat-3m/cardputer-chat-3m-f32.gguf";
    const string CardputerQ8 = "models/cardputer-chat-3m/cardputer-chat-3m-q8_0.gguf";

    [SharedTheory("models")]
    [InlineData(Stories, "llama", 47, 260_032)]
    [InlineData(TinyStories, "llama", 20, 656_000)]
    [InlineData(Cardputer, "gpt2", 100, 3_413_632)]   // the README's 3,410,560 and the zero biases of q, k, v
    [InlineData(CardputerQ8, "gpt2", 100, 3_413_632)]
    public void Reads_real_files(string file, string architecture, int tensors, long parameters)
    {
        using var gguf = GgufFile.Open(SharedFiles.PathOf(file));

        Assert.Equal((architecture, tensors, parameters), (gguf.Metadata.Text("general.architecture"), gguf.Tensors.Count, gguf.ParameterCount));
        Assert.Equal(parameters, GgufShape.Read(gguf).Parameters);
    }

    [SharedTheory("models")]
    [InlineData(Stories)]
    [InlineData(TinyStories)]
    [InlineData(Cardputer)]
    [InlineData(CardputerQ8)]
    public void Writes_a_real_file_again_byte_for_byte(string file)
    {
        using var scratch = new Scratch();
        using var gguf = GgufFile.Open(SharedFiles.PathOf(file));

        GgufWriter.Write(scratch["copy.gguf"], gguf.Metadata, [.. gguf.Tensors.Select(t => new GgufTensorSource(t.Name, t.Type, t.Shape, stream => stream.Write(gguf.Data(t))))]);

        Assert.Equal(Sha256.OfFile(SharedFiles.PathOf(file)), Sha256.OfFile(scratch["copy.gguf"]));
    }

    [Fact]
    public void Every_value_type_comes_back_as_it_was_written()
    {
        using var scratch = new Scratch();
        var metadata = new GgufMetadata
        {
            { "u8", GgufValue.Of((byte)200) },
            { "i8", GgufValue.Of((sbyte)-100) },
            { "u16", GgufValue.Of((ushort)60_000) },
            { "i16", GgufValue.Of((short)-30_000) },
            { "u32", GgufValue.Of(4_000_000_000u) },
            { "i32", GgufValue.Of(-2_000_000_000) },
            { "f32", GgufValue.Of(0.1f) },
            { "bool", GgufValue.Of(true) },
            { "text", GgufValue.Of("größer 日本 \0 🙂") },
            { "u64", GgufValue.Of(ulong.MaxValue) },
            { "i64", GgufValue.Of(long.MinValue) },
            { "f64", GgufValue.Of(0.1) },
            { "u8s", GgufValue.Of<byte>([1, 2, 255]) },
            { "i8s", GgufValue.Of<sbyte>([-1, 2]) },
            { "u16s", GgufValue.Of<ushort>([1, 65535]) },
            { "i16s", GgufValue.Of<short>([-1, 2]) },
            { "u32s", GgufValue.Of<uint>([1, uint.MaxValue]) },
            { "i32s", GgufValue.Of<int>([-1, int.MaxValue]) },
            { "f32s", GgufValue.Of<float>([float.NaN, -0f]) },
            { "bools", GgufValue.Of<bool>([true, false]) },
            { "texts", GgufValue.Of<string>(["", "a", "日"]) },
            { "u64s", GgufValue.Of<ulong>([ulong.MaxValue]) },
            { "i64s", GgufValue.Of<long>([long.MinValue, 1]) },
            { "f64s", GgufValue.Of<double>([0.1, double.NegativeInfinity]) },
            { "nested", GgufValue.Of([GgufValue.Of<int>([1, 2]), GgufValue.Of<string>(["x"])]) },
            { "none", GgufValue.Of<int>([]) },
        };

        GgufWriter.Write(scratch["all.gguf"], metadata, []);
        using var file = GgufFile.Open(scratch["all.gguf"]);

        Assert.Equal(metadata.Select(pair => (pair.Key, pair.Value.Type)), file.Metadata.Select(pair => (pair.Key, pair.Value.Type)));
        Assert.All(metadata.SkipLast(2), pair => Assert.Equal(pair.Value.Value, file.Metadata[pair.Key].Value));
        var nested = (GgufValue[])file.Metadata["nested"].Value;
        Assert.Equal<int[]>([1, 2], (int[])nested[0].Value);
        Assert.Equal<string[]>(["x"], (string[])nested[1].Value);
        Assert.Equal((GgufType.Int32, 0), (file.Metadata["none"].ElementType, file.Metadata["none"].Count));
    }

    [Theory]
    [MemberData(nameof(Types))]
    public void A_tensor_of_every_type_takes_the_bytes_that_ggml_says(GgmlType type)
    {
        using var scratch = new Scratch();
        var bytes = new byte[type.BytesFor(512)];
        new Random(7).NextBytes(bytes);

        GgufWriter.Write(scratch["a.gguf"], [], [GgufTensorSource.Of("first", [3], new float[] { 1, 2, 3 }), GgufTensorSource.Of("second", type, [256, 2], bytes)]);
        using var file = GgufFile.Open(scratch["a.gguf"]);

        Assert.Equal<float[]>([1, 2, 3], file.Floats(file.Tensor("first")));
        Assert.Equal((32L, 512L), (file.Tensor("second").Offset, file.Tensor("second").ElementCount));
        Assert.True(file.Data(file.Tensor("second")).SequenceEqual(bytes));
    }

    public static TheoryData<GgmlType> Types => [.. GgmlTypes.All];

    [Fact]
    public void The_alignment_that_a_file_names_is_kept()
    {
        using var scratch = new Scratch();

        GgufWriter.Write(scratch["a.gguf"], new GgufMetadata { { "general.alignment", GgufValue.Of(64u) } }, [GgufTensorSource.Of("a", [1], new float[] { 1 }), GgufTensorSource.Of("b", [1], new float[] { 2 })]);
        using var file = GgufFile.Open(scratch["a.gguf"]);

        Assert.Equal((0L, 64L), (file.DataOffset % 64, file.Tensor("b").Offset));
        Assert.Equal<float[]>([2], file.Floats(file.Tensor("b")));
    }

    [Fact]
    public void Rows_made_by_every_core_become_the_file_that_one_would_write()
    {
        using var scratch = new Scratch();
        // Several parts, a part that is not whole, rows longer than a part, a tensor that must be written in one go, and gaps between them.
        GgufTensorSource[] tensors = [Rows("many", 1000, 1501), Rows("odd", 7, 3), Rows("long", 200_000, 3), new("whole", GgmlType.F16, [5], stream => stream.Write(new byte[] { 1, 2, 3, 4, 5, 6, 7, 8, 9, 10 }, 0, 10)), Rows("last", 33, 20_001)];

        GgufWriter.Write(scratch["a.gguf"], [], tensors);
        using var one = new MemoryStream();
        GgufWriter.Write(one, [], tensors);

        Assert.True(File.ReadAllBytes(scratch["a.gguf"]).AsSpan().SequenceEqual(one.ToArray()));
        using var file = GgufFile.Open(scratch["a.gguf"]);
        Assert.Equal(1500 * 1000 + 999, MemoryMarshal.Cast<byte, ushort>(file.Data(file.Tensor("many")))[^1] + 65536 * ((1500 * 1000 + 999) / 65536));

        static GgufTensorSource Rows(string name, int columns, int rows) => GgufTensorSource.InRows(name, GgmlType.F16, [columns, rows], (first, bytes) =>
        {
            var numbers = MemoryMarshal.Cast<byte, ushort>(bytes);
            for (var i = 0; i < numbers.Length; i++)
            {
                numbers[i] = (ushort)(first * columns + i);
            }
        });
    }

    [Fact]
    public void Rows_that_cannot_be_made_say_why_and_leave_no_file()
    {
        using var scratch = new Scratch();
        var broken = GgufTensorSource.InRows("broken", GgmlType.F32, [1000, 1000], (first, _) => throw new ModelFileException("model.safetensors", "tensor 'broken'", $"ends before row {first}."));

        var error = Assert.Throws<ModelFileException>(() => GgufWriter.Write(scratch["a.gguf"], [], [broken]));

        Assert.Contains("ends before row", error.Message, StringComparison.Ordinal);
        Assert.Empty(Directory.GetFiles(scratch.Folder));
    }

    [Fact]
    public void A_write_that_fails_leaves_the_old_file_and_nothing_else()
    {
        using var scratch = new Scratch();
        scratch.Put("a.gguf", [1, 2, 3]);

        Assert.Throws<InvalidOperationException>(() => GgufWriter.Write(scratch["a.gguf"], [], [new GgufTensorSource("short", GgmlType.F32, [2], stream => stream.WriteByte(0))]));

        Assert.Equal<byte[]>([1, 2, 3], File.ReadAllBytes(scratch["a.gguf"]));
        Assert.Single(Directory.GetFiles(scratch.Folder));
    }

    [Fact]
    public void A_folder_that_cannot_be_written_is_told_as_an_error_of_the_user()
    {
        var error = Assert.Throws<ForgeException>(() => GgufWriter.Write("/proc/distillforge/a.gguf", [], []));

        Assert.Contains("/proc/distillforge/a.gguf: cannot be written", error.Message);
    }

    [SharedFact(Stories)]
    public void A_thousand_mutated_headers_are_read_or_refused_in_bounded_memory()
    {
        using var scratch = new Scratch();
        var original = File.ReadAllBytes(SharedFiles.PathOf(Stories));
        using var whole = GgufFile.Open(SharedFiles.PathOf(Stories));
        var (read, refused, most) = (0, 0, 0L);
        for (var seed = 0; seed < 1000; seed++)
        {
            var path = scratch.Put("mutant.gguf", Mutant(original, (int)whole.DataOffset, new Random(seed)));
            var before = GC.GetAllocatedBytesForCurrentThread();
            try
            {
                using var mutant = GgufFile.Open(path);
                _ = GgufShape.Read(mutant);
                _ = mutant.Tensors.Sum(t => (long)mutant.Data(t)[^1]);   // the last byte is there
                read++;
            }
            catch (GgufException e) when (e.Field.Length > 0)
            {
                refused++;
            }

            most = Math.Max(most, GC.GetAllocatedBytesForCurrentThread() - before);
        }

        output.WriteLine($"{read} read, {refused} refused, at most {most} bytes allocated");
        Assert.Equal(1000, read + refused);
        Assert.InRange(refused, 500, 990);
        Assert.InRange(most, 1, 4L * original.Length);
    }

    static byte[] Mutant(byte[] original, int header, Random random)
    {
        var bytes = original.ToArray();
        for (var change = random.Next(1, 8); change > 0; change--)
        {
            var at = random.Next(header);
            switch (random.Next(4))
            {
                case 0: bytes[at] = (byte)random.Next(256); break;
                case 1: bytes[at] ^= (byte)(1 << random.Next(8)); break;
                case 2: random.NextBytes(bytes.AsSpan(at, Math.Min(8, header - at))); break;
                default: MemoryMarshal.Write(bytes.AsSpan(Math.Min(at, header - 8)), random.NextInt64(-1, 1L << random.Next(1, 63))); break;
            }
        }

        return random.Next(10) == 0 ? bytes[..random.Next(1, bytes.Length)] : bytes;
    }
}
