using System.Runtime.InteropServices;
using System.Buffers.Binary;

namespace DistillForge.Models;

/// <summary>What a safetensors tensor holds, spelled as in the file.</summary>
public enum SafetensorsType
{
    BOOL,
    U8,
    I8,
    F8_E4M3,
    F8_E5M2,
    U16,
    I16,
    F16,
    BF16,
    U32,
    I32,
    F32,
    U64,
    I64,
    F64,
}

/// <summary>One tensor of a safetensors file.</summary>
/// <param name="Shape">As torch says it; empty for a scalar.</param>
/// <param name="Offset">From the end of the header.</param>
public sealed record SafetensorsTensor(string Name, SafetensorsType Type, IReadOnlyList<long> Shape, long Offset, long ByteCount);

/// <summary>A safetensors file: its header read and checked, its tensors mapped into memory.</summary>
public sealed class SafetensorsFile : IDisposable
{
    const long LongestHeader = 100_000_000;   // the reference implementation's

    readonly MappedFile file;
    readonly long dataOffset;
    readonly Dictionary<string, SafetensorsTensor> byName;

    SafetensorsFile(string path, MappedFile file)
    {
        (Path, this.file) = (path, file);
        var length = file.Length < 8 ? throw Fail("header length", $"needs 8 bytes, but the file has {file.Length}.") : BinaryPrimitives.ReadUInt64LittleEndian(file.Span(0, 8));
        if (length > LongestHeader || (long)length > file.Length - 8)
        {
            throw Fail("header length", $"is {length}, but the file has {file.Length - 8} bytes after it (and {LongestHeader} is the most): cut off, or no safetensors file.");
        }

        dataOffset = 8 + (long)length;
        (Tensors, Metadata) = new SafetensorsHeader(path, file.Length - dataOffset).Read(file.Span(8, (long)length));
        byName = Tensors.ToDictionary(tensor => tensor.Name, StringComparer.Ordinal);
    }

    /// <exception cref="ModelFileException">The file is absent, cut off, hostile, or no safetensors file.</exception>
    public static SafetensorsFile Open(string path)
    {
        var file = MappedFile.Open(path, (what, instead, inner) => new ModelFileException(path, "file", what, instead, inner));
        try
        {
            return new SafetensorsFile(path, file);
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    public string Path { get; }

    /// <summary>In the order of their offsets.</summary>
    public IReadOnlyList<SafetensorsTensor> Tensors { get; }

    /// <summary>The header's <c>__metadata__</c>.</summary>
    public IReadOnlyDictionary<string, string> Metadata { get; }

    public bool Contains(string name) => byName.ContainsKey(name);

    public SafetensorsTensor Tensor(string name) => byName.GetValueOrDefault(name) ?? throw Fail($"tensor '{Printable.Name(name)}'", "is missing.");

    /// <summary>A tensor's bytes; valid until the file is disposed.</summary>
    public ReadOnlySpan<byte> Data(SafetensorsTensor tensor) => file.Span(dataOffset + tensor.Offset, tensor.ByteCount);

    /// <summary>The numbers of an F32, F16 or BF16 tensor as float32.</summary>
    public float[] Floats(SafetensorsTensor tensor)
    {
        var type = FloatType(tensor);
        var numbers = new float[tensor.ByteCount / type.BlockBytes()];
        Dequantize.ToFloat32(type, Data(tensor), numbers);
        return numbers;
    }

    /// <summary>Some of them, from the given one on, as many as fit.</summary>
    public void CopyNumbers(SafetensorsTensor tensor, long first, Span<float> numbers)
    {
        var type = FloatType(tensor);
        var bytes = type.BlockBytes();
        Dequantize.ToFloat32(type, Data(tensor).Slice(checked((int)(first * bytes)), numbers.Length * bytes), numbers);
    }

    /// <summary>The same; an F32 tensor's are those of the mapped file, valid until it is disposed.</summary>
    public ReadOnlySpan<float> Numbers(SafetensorsTensor tensor) => tensor.Type == SafetensorsType.F32 ? MemoryMarshal.Cast<byte, float>(Data(tensor)) : Floats(tensor);

    public void Dispose() => file.Dispose();

    GgmlType FloatType(SafetensorsTensor tensor) => tensor.Type switch
    {
        SafetensorsType.F32 => GgmlType.F32,
        SafetensorsType.F16 => GgmlType.F16,
        SafetensorsType.BF16 => GgmlType.BF16,
        _ => throw Fail($"tensor '{Printable.Name(tensor.Name)}'", $"is {tensor.Type}, but F32, F16 or BF16 is needed."),
    };

    ModelFileException Fail(string field, string what) => new(Path, field, what);
}
