using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Text;

namespace DistillForge.Llama.Protocol;

/// <summary>Reads what a <see cref="FrameWriter"/> wrote; a length beyond the frame's end is an error, never an allocation.</summary>
ref struct FrameReader(ReadOnlySpan<byte> frame)
{
    ReadOnlySpan<byte> rest = frame;

    public readonly bool AtEnd => rest.IsEmpty;

    public readonly ReadOnlySpan<byte> Rest => rest;

    public byte ReadByte() => Take(1)[0];

    public bool ReadBool() => ReadByte() != 0;

    public int ReadInt() => BinaryPrimitives.ReadInt32LittleEndian(Take(4));

    public long ReadLong() => BinaryPrimitives.ReadInt64LittleEndian(Take(8));

    public float ReadFloat() => BinaryPrimitives.ReadSingleLittleEndian(Take(4));

    public double ReadDouble() => BinaryPrimitives.ReadDoubleLittleEndian(Take(8));

    public int[] ReadInts() => Ints(ReadInt()).ToArray();

    public float[] ReadFloats() => Floats(ReadInt()).ToArray();

    public string ReadString() => Encoding.UTF8.GetString(Take(ReadInt()));

    public byte[] ReadBytes() => Take(ReadInt()).ToArray();

    public ReadOnlySpan<int> Ints(int count) => MemoryMarshal.Cast<byte, int>(Take((long)count * 4));

    public ReadOnlySpan<float> Floats(int count) => MemoryMarshal.Cast<byte, float>(Take((long)count * 4));

    ReadOnlySpan<byte> Take(long count)
    {
        if (count < 0 || count > rest.Length)
        {
            throw new InvalidDataException($"the frame ends {count - rest.Length} bytes too early");
        }

        var taken = rest[..(int)count];
        rest = rest[(int)count..];
        return taken;
    }
}
