using System.Runtime.InteropServices;
using DistillForge.Models;
using DistillForge.Text;

namespace DistillForge.Packaging;

/// <summary>What a GGUF file says about where it came from.</summary>
/// <param name="License">SPDX name, or null where nobody said.</param>
/// <param name="BaseModel">The teacher's name; null for a model trained from scratch.</param>
/// <param name="DatasetSha256">Of the curated rows.</param>
public sealed record Origin(string Name, string? License, string? BaseModel, string? DatasetSha256);

/// <summary>A checkpoint folder (<c>model.safetensors</c>, <c>config.json</c>, <c>vocabulary.gguf</c>) → a GGUF file that llama.cpp runs.</summary>
public sealed class StudentExport
{
    const int CachedNumbers = 1 << 12;   // looked at, then converted while a core still has them
    const uint QuantizationVersion = 2;   // GGML_QNT_VERSION

    readonly string folder;

    /// <exception cref="ForgeException">A file of the checkpoint is missing or broken, or they contradict one another.</exception>
    public StudentExport(string checkpointFolder)
    {
        folder = checkpointFolder;
        Shape = HuggingFaceConfig.Read(Path.Combine(folder, "config.json"));
        Vocabulary = Vocabulary.Read(Path.Combine(folder, "vocabulary.gguf"));
        if (Vocabulary.Size != Shape.Vocabulary)
        {
            throw new ForgeException(folder, [new Problem("vocabulary.gguf", $"has {Vocabulary.Size} tokens, but config.json's vocab_size is {Shape.Vocabulary}.", "Train again: the folder is a mixture of two runs.")]);
        }
    }

    public ModelShape Shape { get; }

    public Vocabulary Vocabulary { get; }

    /// <summary>Writes a whole file or none.</summary>
    /// <param name="type">F32, F16 or BF16, of the matrices; vectors stay F32, as converters do it.</param>
    public void Write(string gguf, GgmlType type, Origin origin)
    {
        using var weights = SafetensorsFile.Open(Path.Combine(folder, "model.safetensors"));
        var tensors = TensorNames.Of(Shape).Select(tensor => Source(weights, tensor, tensor.StaysF32 ? GgmlType.F32 : type)).ToList();
        if (Shape.RopeFactors is { Linear: null } factors)
        {
            tensors.Add(GgufTensorSource.Of(RopeFactors.TensorName, [factors.Count], factors.Values.ToArray()));
        }

        GgufWriter.Write(gguf, Metadata(type, origin), tensors);
    }

    GgufMetadata Metadata(GgmlType type, Origin origin)
    {
        var metadata = new GgufMetadata { { "general.architecture", GgufValue.Of(Shape.Architecture) }, { "general.type", GgufValue.Of("model") }, { "general.name", GgufValue.Of(origin.Name) } };
        if (origin.License is { } license)
        {
            metadata.Add("general.license", GgufValue.Of(license));
        }

        if (origin.BaseModel is { } teacher)
        {
            metadata.Add("general.base_model.count", GgufValue.Of(1u));
            metadata.Add("general.base_model.0.name", GgufValue.Of(teacher));
        }

        if (origin.DatasetSha256 is { } dataset)
        {
            metadata.Add("distillforge.dataset_sha256", GgufValue.Of(dataset));
        }

        metadata.AddAll(GgufShape.Write(Shape));
        metadata.Add("general.file_type", GgufValue.Of(FileType(type)));
        metadata.Add("general.quantization_version", GgufValue.Of(QuantizationVersion));
        metadata.AddAll(Vocabulary.ToGguf());
        return metadata;
    }

    GgufTensorSource Source(SafetensorsFile weights, NamedTensor tensor, GgmlType type)
    {
        var stored = weights.Tensor(tensor.HuggingFace);
        var isRightShape = stored.Shape.SequenceEqual(tensor.TorchShape);
        return isRightShape
            ? GgufTensorSource.InRows(tensor.Gguf, type, tensor.GgufShape, (first, rows) => Fill(rows, (int)first, weights, stored, tensor, type))
            : throw new ModelFileException(weights.Path, $"tensor '{tensor.HuggingFace}'", $"is [{string.Join(", ", stored.Shape)}], but config.json makes it [{string.Join(", ", tensor.TorchShape)}].");
    }

    static void Fill(Span<byte> rows, int first, SafetensorsFile weights, SafetensorsTensor stored, NamedTensor tensor, GgmlType type)
    {
        var count = rows.Length / (int)type.BytesFor(tensor.Columns);
        var isAsStored = stored.Type == SafetensorsType.F32 && !tensor.Transposed && tensor.RotaryHeads == 0;
        var numbers = isAsStored
            ? weights.Numbers(stored).Slice(first * tensor.Columns, count * tensor.Columns)
            : InOrder(weights, stored, tensor, first, count);
        var bytes = rows.Length / numbers.Length;
        for (var at = 0; at < numbers.Length; at += CachedNumbers)
        {
            var some = numbers.Slice(at, Math.Min(CachedNumbers, numbers.Length - at));
            Check(weights.Path, tensor, some, type);
            Encode(some, rows.Slice(at * bytes, some.Length * bytes), type);
        }
    }

    static void Check(string path, NamedTensor tensor, ReadOnlySpan<float> numbers, GgmlType type)
    {
        var largest = HalfPrecision.Largest(numbers);
        if (!float.IsFinite(largest))
        {
            throw new ModelFileException(path, $"tensor '{tensor.HuggingFace}'", "holds a number that is not finite: training diverged.", "Lower train.learning_rate and train again.");
        }

        if (type == GgmlType.F16 && largest >= 65520)
        {
            throw new ModelFileException(path, $"tensor '{tensor.HuggingFace}'", $"holds {largest}, beyond float16's 65,504.", "Package it as bf16 or f32 instead.");
        }
    }

    // [count, Columns]
    static float[] InOrder(SafetensorsFile weights, SafetensorsTensor stored, NamedTensor tensor, int first, int count)
    {
        var (rows, columns) = (tensor.Rows, tensor.Columns);
        var numbers = new float[count * columns];
        if (tensor.Transposed)
        {
            var column = new float[count];
            for (var j = 0; j < columns; j++)
            {
                weights.CopyNumbers(stored, (long)j * rows + first, column);
                for (var i = 0; i < count; i++)
                {
                    numbers[i * columns + j] = column[i];
                }
            }

            return numbers;
        }

        for (var i = 0; i < count; i++)
        {
            var row = tensor.RotaryHeads > 0 ? RotaryLayout.HalvesRow(first + i, rows / tensor.RotaryHeads) : first + i;
            weights.CopyNumbers(stored, (long)row * columns, numbers.AsSpan(i * columns, columns));
        }

        return numbers;
    }

    static void Encode(ReadOnlySpan<float> numbers, Span<byte> bytes, GgmlType type)
    {
        switch (type)
        {
            case GgmlType.F32:
                MemoryMarshal.AsBytes(numbers).CopyTo(bytes);
                break;
            case GgmlType.F16:
                HalfPrecision.ToF16(numbers, MemoryMarshal.Cast<byte, Half>(bytes));
                break;
            default:
                HalfPrecision.ToBF16(numbers, MemoryMarshal.Cast<byte, ushort>(bytes));
                break;
        }
    }

    // LLAMA_FTYPE_*
    static uint FileType(GgmlType type) => type switch
    {
        GgmlType.F32 => 0,
        GgmlType.F16 => 1,
        GgmlType.BF16 => 32,
        _ => throw new ArgumentOutOfRangeException(nameof(type), type, "written by us are F32, F16 and BF16; the quantizer makes the others"),
    };
}
