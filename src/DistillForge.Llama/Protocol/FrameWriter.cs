using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Text;

namespace DistillForge.Llama.Protocol;

/// <summary>A growing buffer of little-endian values; kept and cleared, so that writing a token allocates nothing.</summary>
sealed class FrameWriter
{
    byte[] bytes = new byte[256];

    public int Length { get; private set; }

    public ReadOnlySpan<byte> Written => bytes.AsSpan(0, Length);

    public ReadOnlyMemory<byte> WrittenMemory => bytes.AsMemory(0, Length);

    public void Clear() => Length = 0;

    public void Write(byte value) => Take(1)[0] = value;

    public void Write(bool value) => Write(value ? (byte)1 : (byte)0);

    public void Write(int value) => BinaryPrimitives.WriteInt32LittleEndian(Take(4), value);

    public void Write(long value) => BinaryPrimitives.WriteInt64LittleEndian(Take(8), value);

    public void Write(float value) => BinaryPrimitives.WriteSingleLittleEndian(Take(4), value);

    public void Write(double value) => BinaryPrimitives.WriteDoubleLittleEndian(Take(8), value);

    public void Write(ReadOnlySpan<byte> values) => values.CopyTo(Take(values.Length));

    public void Write(ReadOnlySpan<int> values) => Write(MemoryMarshal.AsBytes(values));

    public void Write(ReadOnlySpan<float> values) => Write(MemoryMarshal.AsBytes(values));

    public void WriteArray(ReadOnlySpan<int> values)
    {
        Write(values.Length);
        Write(values);
    }

    public void WriteArray(ReadOnlySpan<float> values)
    {
        Write(values.Length);
        Write(values);
    }

    public void Write(string value)
    {
        var length = Encoding.UTF8.GetByteCount(value);
        Write(length);
        Encoding.UTF8.GetBytes(value, Take(length));
    }

    public void WriteBytes(ReadOnlySpan<byte> value)
    {
        Write(value.Length);
        Write(value);
    }

    /// <summary>Puts a value at a place that was written before.</summary>
    public void Patch(int offset, int value) => BinaryPrimitives.WriteInt32LittleEndian(bytes.AsSpan(offset), value);

    Span<byte> Take(int count)
    {
        var length = checked(Length + count);
        if (length > bytes.Length)
        {
            Array.Resize(ref bytes, Math.Max(length, (int)Math.Min(Array.MaxLength, 2L * bytes.Length)));
        }

        var taken = bytes.AsSpan(Length, count);
        Length = length;
        return taken;
    }
}
