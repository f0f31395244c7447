using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Text;

namespace DistillForge.Models;

/// <summary>A tensor to be written: its bytes are asked for when its turn comes, so that no model need be in memory twice.</summary>
/// <param name="Shape">In ggml's order, see <see cref="GgufTensor.Shape"/>.</param>
/// <param name="WriteTo">Writes exactly the bytes that type and shape say.</param>
public sealed record GgufTensorSource(string Name, GgmlType Type, IReadOnlyList<long> Shape, Action<Stream> WriteTo)
{
    // So much stays in a core's cache while it is made and handed over.
    const long PartBytes = 1 << 18;

    /// <summary>Makes whole rows, from the given one on, of which as many are wanted as fit. Called by several threads at once.</summary>
    public delegate void RowFiller(long firstRow, Span<byte> rows);

    public long ByteCount => Type.BytesFor(Shape.Aggregate(1L, (product, size) => checked(product * size)));

    /// <summary>Where set, rows can be had in any order.</summary>
    internal RowFiller? Fill { get; private init; }

    long RowBytes => Type.BytesFor(Shape[0]);

    /// <summary>Of rows that can be made in any order, and so by several cores.</summary>
    public static GgufTensorSource InRows(string name, GgmlType type, IReadOnlyList<long> shape, RowFiller fill)
    {
        GgufTensorSource? tensor = null;
        tensor = new GgufTensorSource(name, type, shape, stream => tensor!.WriteParts(stream)) { Fill = fill };
        return tensor;
    }

    public static GgufTensorSource Of(string name, GgmlType type, IReadOnlyList<long> shape, ReadOnlyMemory<byte> bytes)
        => new(name, type, shape, stream => stream.Write(bytes.Span));

    /// <summary>Float32 numbers as they are.</summary>
    public static GgufTensorSource Of(string name, IReadOnlyList<long> shape, ReadOnlyMemory<float> numbers)
        => new(name, GgmlType.F32, shape, stream => stream.Write(MemoryMarshal.AsBytes(numbers.Span)));

    /// <summary>Its parts: first row, first byte, and number of bytes.</summary>
    internal IEnumerable<(long Row, long At, int Bytes)> Parts()
    {
        var rows = Math.Clamp(PartBytes / RowBytes, 1, int.MaxValue / RowBytes);
        for (var at = 0L; at < ByteCount; at += rows * RowBytes)
        {
            yield return (at / RowBytes, at, (int)Math.Min(rows * RowBytes, ByteCount - at));
        }
    }

    void WriteParts(Stream stream)
    {
        var buffer = Array.Empty<byte>();
        foreach (var (row, _, bytes) in Parts())
        {
            Array.Resize(ref buffer, Math.Max(buffer.Length, bytes));
            Fill!(row, buffer.AsSpan(0, bytes));
            stream.Write(buffer, 0, bytes);
        }
    }
}

/// <summary>Writes GGUF version 3 as llama.cpp and gguf-py lay it out.</summary>
public sealed class GgufWriter
{
    // So much is worth a word to the disk.
    const long BeginBytes = 8 << 20;

    // So little is made at once.
    const long SmallBytes = 1 << 20;

    readonly Stream stream;
    readonly int alignment;
    long written;
    long begun;

    GgufWriter(Stream stream, int alignment) => (this.stream, this.alignment) = (stream, alignment);

    /// <summary>Writes a whole file or none: beside its place, forced to disk, then renamed.</summary>
    public static void Write(string path, GgufMetadata metadata, IReadOnlyList<GgufTensorSource> tensors)
        => DurableFile.Write(path, stream => Write(stream, metadata, tensors));

    public static void Write(Stream stream, GgufMetadata metadata, IReadOnlyList<GgufTensorSource> tensors)
        => new GgufWriter(stream, GgufTensors.Alignment(metadata, "")).Write(metadata, tensors);

    void Write(GgufMetadata metadata, IReadOnlyList<GgufTensorSource> tensors)
    {
        Bytes("GGUF"u8);
        UInt32(3);
        UInt64((ulong)tensors.Count);
        UInt64((ulong)metadata.Count);
        foreach (var (key, value) in metadata)
        {
            Text(key);
            UInt32((uint)value.Type);
            Value(value);
        }

        Table(tensors);
        Pad();
        var start = written;
        // What can only be written from its beginning to its end comes in its turn, the rest by all cores, in the order of the file.
        if (stream is FileStream file && tensors.All(tensor => tensor.Fill is not null || tensor.ByteCount <= SmallBytes))
        {
            using var rows = new GgufRows(file, start, alignment);
            rows.Write(tensors);
            return;
        }

        foreach (var tensor in tensors)
        {
            Data(tensor);
        }
    }

    void Table(IReadOnlyList<GgufTensorSource> tensors)
    {
        var names = new HashSet<string>(StringComparer.Ordinal);
        var offset = 0L;
        foreach (var tensor in tensors)
        {
            if (Encoding.UTF8.GetByteCount(tensor.Name) > GgufTensors.LongestName || !names.Add(tensor.Name) || tensor.Shape.Count is 0 or > GgufTensors.MostDimensions)
            {
                throw new ArgumentException($"tensor '{tensor.Name}' [{string.Join(", ", tensor.Shape)}]: its name appears twice or is too long, or it has no or too many dimensions", nameof(tensors));
            }

            Text(tensor.Name);
            UInt32((uint)tensor.Shape.Count);
            foreach (var size in tensor.Shape)
            {
                UInt64((ulong)size);
            }

            UInt32((uint)tensor.Type);
            UInt64((ulong)offset);
            offset = Next(offset, tensor, alignment);
        }
    }

    /// <summary>Where the tensor after this one begins.</summary>
    internal static long Next(long offset, GgufTensorSource tensor, int alignment) => checked((offset + tensor.ByteCount + alignment - 1) / alignment * alignment);

    void Data(GgufTensorSource tensor)
    {
        written += Write(tensor, stream, Begin);
        Pad();
    }

    /// <returns>The bytes written.</returns>
    internal static long Write(GgufTensorSource tensor, Stream stream, Action<long>? onWritten = null)
    {
        var counted = new CountingStream(stream, onWritten);
        tensor.WriteTo(counted);
        return counted.Written == tensor.ByteCount
            ? counted.Written
            : throw new InvalidOperationException($"tensor '{tensor.Name}' wrote {counted.Written} bytes, but {tensor.Type} [{string.Join(", ", tensor.Shape)}] takes {tensor.ByteCount}");
    }

    // Within a large tensor too: else the disk would wait for the whole of it.
    void Begin(long ofTensor)
    {
        if (written + ofTensor - begun >= BeginBytes)
        {
            DurableFile.Begin(stream, begun);
            begun = written + ofTensor;
        }
    }

    void Value(GgufValue value)
    {
        switch (value.Value)
        {
            case string text: Text(text); break;
            case bool flag: Bytes([flag ? (byte)1 : (byte)0]); break;
            case byte number: Bytes([number]); break;
            case sbyte number: Bytes([(byte)number]); break;
            case ushort number: Number(number); break;
            case short number: Number(number); break;
            case uint number: Number(number); break;
            case int number: Number(number); break;
            case ulong number: Number(number); break;
            case long number: Number(number); break;
            case float number: Number(number); break;
            case double number: Number(number); break;
            default: Array(value); break;
        }
    }

    void Array(GgufValue value)
    {
        UInt32((uint)value.ElementType);
        UInt64((ulong)value.Count);
        switch (value.Value)
        {
            case string[] texts: System.Array.ForEach(texts, Text); break;
            case GgufValue[] arrays: System.Array.ForEach(arrays, Array); break;
            case bool[] flags: Bytes(System.Array.ConvertAll(flags, flag => flag ? (byte)1 : (byte)0)); break;
            case System.Array numbers: Bytes(MemoryMarshal.CreateReadOnlySpan(ref MemoryMarshal.GetArrayDataReference(numbers), Buffer.ByteLength(numbers))); break;
        }
    }

    void Number<T>(T number)
        where T : unmanaged
        => Bytes(MemoryMarshal.AsBytes(new ReadOnlySpan<T>(in number)));   // little endian, like the reader

    void Text(string text)
    {
        var bytes = Encoding.UTF8.GetBytes(text);
        UInt64((ulong)bytes.Length);
        Bytes(bytes);
    }

    void UInt32(uint value)
    {
        Span<byte> bytes = stackalloc byte[4];
        BinaryPrimitives.WriteUInt32LittleEndian(bytes, value);
        Bytes(bytes);
    }

    void UInt64(ulong value)
    {
        Span<byte> bytes = stackalloc byte[8];
        BinaryPrimitives.WriteUInt64LittleEndian(bytes, value);
        Bytes(bytes);
    }

    void Pad() => Bytes(new byte[(alignment - written % alignment) % alignment]);

    void Bytes(ReadOnlySpan<byte> bytes)
    {
        stream.Write(bytes);
        written += bytes.Length;
    }
}
