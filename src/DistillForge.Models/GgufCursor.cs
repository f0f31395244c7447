using System.Buffers.Binary;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Text;

namespace DistillForge.Models;

/// <summary>Reads a header forwards. Every read says which field it is for, and fails before it touches a byte past the end.</summary>
sealed class GgufCursor(MappedFile file, string path)
{
    // A chat template of a megabyte is unheard of; a vocabulary's tokens are a few bytes each.
    public const int LongestString = 16 << 20;

    static readonly UTF8Encoding Strict = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    public long Position { get; private set; }

    public long Remaining => file.Length - Position;

    public GgufException Fail(string field, string what) => new(path, field, what);

    public ReadOnlySpan<byte> Take(string field, long bytes)
    {
        if (bytes > Remaining)
        {
            throw Fail(field, $"needs {bytes} bytes at offset {Position}, but the file ends after {Remaining}: it is cut off.");
        }

        var span = file.Span(Position, bytes);
        Position += bytes;
        return span;
    }

    public uint UInt32(string field) => BinaryPrimitives.ReadUInt32LittleEndian(Take(field, 4));

    public ulong UInt64(string field) => BinaryPrimitives.ReadUInt64LittleEndian(Take(field, 8));

    /// <summary>A count of things that take at least so many bytes each, so that it can be checked before anything is allocated.</summary>
    public int Count(string field, int bytesEach, int most)
    {
        var count = UInt64(field);
        if (count > (ulong)most)
        {
            throw Fail(field, $"is {count}, more than the {most} that are allowed.");
        }

        return count <= (ulong)(Remaining / bytesEach) ? (int)count : throw Fail(field, $"is {count}, but the file has only {Remaining} bytes left.");
    }

    public string Text(string field, int longest = LongestString)
    {
        var length = UInt64($"{field}, length");
        if (length > (ulong)longest)
        {
            throw Fail(field, $"is {length} bytes long, more than the {longest} that are allowed.");
        }

        try
        {
            return Strict.GetString(Take(field, (long)length));
        }
        catch (DecoderFallbackException)
        {
            throw Fail(field, "is not UTF-8.");
        }
    }

    /// <summary>A name: not empty, and without NUL, at which C code would cut it.</summary>
    public string Name(string field, int longest)
    {
        var name = Text(field, longest);
        return name.Length == 0 ? throw Fail(field, "is empty.") : name.Contains('\0') ? throw Fail(field, "holds a NUL character.") : name;
    }

    public T[] Numbers<T>(string field, int count)
        where T : unmanaged
        => MemoryMarshal.Cast<byte, T>(Take(field, (long)count * Unsafe.SizeOf<T>())).ToArray();   // little endian, as every host that .NET runs on but s390x
}
