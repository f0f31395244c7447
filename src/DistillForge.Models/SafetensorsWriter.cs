using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Text.Json;

namespace DistillForge.Models;

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
