using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Text.Json;

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
        var type = tensor.Type switch
        {
            SafetensorsType.F32 => GgmlType.F32,
            SafetensorsType.F16 => GgmlType.F16,
            SafetensorsType.BF16 => GgmlType.BF16,
            _ => throw Fail($"tensor '{Printable.Name(tensor.Name)}'", $"is {tensor.Type}, but F32, F16 or BF16 is needed."),
        };
        var numbers = new float[tensor.ByteCount / type.BlockBytes()];
        Dequantize.ToFloat32(type, Data(tensor), numbers);
        return numbers;
    }

    public void Dispose() => file.Dispose();

    ModelFileException Fail(string field, string what) => new(Path, field, what);
}

/// <summary>A tensor to be written: its bytes are asked for when its turn comes.</summary>
/// <param name="WriteTo">Writes exactly the bytes that type and shape say.</param>
public sealed record SafetensorsSource(string Name, SafetensorsType Type, IReadOnlyList<long> Shape, Action<Stream> WriteTo)
{
    public long ByteCount => Shape.Aggregate((long)SafetensorsHeader.Bytes(Type), (product, size) => checked(product * size));

    public static SafetensorsSource Of(string name, IReadOnlyList<long> shape, ReadOnlyMemory<float> numbers)
        => new(name, SafetensorsType.F32, shape, stream => stream.Write(MemoryMarshal.AsBytes(numbers.Span)));

    public static SafetensorsSource Of(string name, SafetensorsType type, IReadOnlyList<long> shape, ReadOnlyMemory<byte> bytes)
        => new(name, type, shape, stream => stream.Write(bytes.Span));
}

/// <summary>Writes safetensors files, tensor after tensor.</summary>
public static class SafetensorsWriter
{
    /// <summary>Writes a whole file or none: beside its place, forced to disk, then renamed.</summary>
    public static void Write(string path, IReadOnlyList<SafetensorsSource> tensors, IReadOnlyDictionary<string, string>? metadata = null)
        => DurableFile.Write(path, stream => Write(stream, tensors, metadata));

    public static void Write(Stream stream, IReadOnlyList<SafetensorsSource> tensors, IReadOnlyDictionary<string, string>? metadata = null)
    {
        var header = Header(tensors, metadata);
        Span<byte> length = stackalloc byte[8];
        BinaryPrimitives.WriteUInt64LittleEndian(length, (ulong)header.Length);
        stream.Write(length);
        stream.Write(header);
        foreach (var tensor in tensors)
        {
            var counted = new CountingStream(stream);
            tensor.WriteTo(counted);
            if (counted.Written != tensor.ByteCount)
            {
                throw new InvalidOperationException($"tensor '{tensor.Name}' wrote {counted.Written} bytes, but {tensor.Type} [{string.Join(", ", tensor.Shape)}] takes {tensor.ByteCount}");
            }
        }
    }

    static byte[] Header(IReadOnlyList<SafetensorsSource> tensors, IReadOnlyDictionary<string, string>? metadata)
    {
        if (tensors.DistinctBy(tensor => tensor.Name, StringComparer.Ordinal).Count() != tensors.Count)
        {
            throw new ArgumentException("a tensor's name appears twice", nameof(tensors));
        }

        var header = new Dictionary<string, object> { ["__metadata__"] = metadata ?? new Dictionary<string, string> { ["format"] = "pt" } };
        var offset = 0L;
        foreach (var tensor in tensors)
        {
            var end = checked(offset + tensor.ByteCount);
            header.Add(tensor.Name, new { dtype = tensor.Type.ToString(), shape = tensor.Shape, data_offsets = new[] { offset, end } });
            offset = end;
        }

        // Spaces up to a multiple of eight, so that the numbers lie aligned.
        var json = JsonSerializer.SerializeToUtf8Bytes(header);
        var padded = new byte[(json.Length + 7) / 8 * 8];
        padded.AsSpan().Fill((byte)' ');
        json.CopyTo(padded, 0);
        return padded;
    }
}
