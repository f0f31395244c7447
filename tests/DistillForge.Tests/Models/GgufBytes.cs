using System.Text;

namespace DistillForge.Tests.Models;

/// <summary>Writes GGUF fields byte by byte, right or wrong as a test wants them.</summary>
sealed class GgufBytes
{
    readonly MemoryStream bytes = new();

    public static GgufBytes Header(ulong tensors, ulong keys, uint version = 3) => new GgufBytes().Raw("GGUF"u8).UInt32(version).UInt64(tensors).UInt64(keys);

    public GgufBytes Raw(ReadOnlySpan<byte> value)
    {
        bytes.Write(value);
        return this;
    }

    public GgufBytes UInt32(uint value) => Raw(BitConverter.GetBytes(value));

    public GgufBytes UInt64(ulong value) => Raw(BitConverter.GetBytes(value));

    public GgufBytes Text(string value) => Text(Encoding.UTF8.GetBytes(value));

    public GgufBytes Text(byte[] value) => UInt64((ulong)value.Length).Raw(value);

    /// <summary>Key and type of a value; the value itself follows.</summary>
    public GgufBytes Key(string key, uint type) => Text(key).UInt32(type);

    public GgufBytes Tensor(string name, uint type, ulong offset, params ulong[] shape)
    {
        Text(name).UInt32((uint)shape.Length);
        foreach (var size in shape)
        {
            UInt64(size);
        }

        return UInt32(type).UInt64(offset);
    }

    /// <summary>Pads to the data section and adds so many bytes of data.</summary>
    public GgufBytes Data(int count) => Raw(new byte[(32 - bytes.Length % 32) % 32 + count]);

    public byte[] ToArray() => bytes.ToArray();
}
