using System.Buffers.Binary;

namespace DistillForge.Llama.Protocol;

/// <summary>What a frame says. A frame is: length of what follows (int), kind (byte), request (long), payload.</summary>
enum FrameKind : byte
{
    // To the worker.
    Open = 1,
    Complete,
    Score,
    Encode,
    Decode,
    Quantize,
    MeasureSpeed,
    Cancel,
    MeasureDecode,
    MeasureImportance,

    // From the worker.
    Opened = 64,
    Encoded,
    Decoded,
    Positions,
    Piece,
    Completed,
    Scored,
    Quantized,
    Measured,
    DecodeMeasured,
    ImportanceMeasured,
    Refused,
    Failed,
}

/// <summary>One frame as it was read.</summary>
/// <param name="Body">Rented by nobody: each frame has its own array.</param>
readonly record struct Frame(FrameKind Kind, long Request, byte[] Body);

/// <summary>Frames on a byte stream.</summary>
static class Frames
{
    /// <summary>Longest frame that is accepted; long traces travel in parts.</summary>
    public const int Longest = 256 << 20;

    const int HeaderLength = 13;

    /// <summary>Begins a frame in a buffer that may hold others; returns what <see cref="End"/> needs.</summary>
    public static int Begin(FrameWriter to, FrameKind kind, long request)
    {
        var start = to.Length;
        to.Write(0);
        to.Write((byte)kind);
        to.Write(request);
        return start;
    }

    public static void End(FrameWriter to, int start)
    {
        var length = to.Length - start - 4;
        if (length > Longest)
        {
            throw new InvalidDataException($"a frame of {length} bytes is longer than {Longest}");
        }

        to.Patch(start, length);
    }

    /// <summary>The next frame, or null at the end of the stream; a stream that ends within a frame has ended.</summary>
    /// <exception cref="InvalidDataException">What comes is no frame.</exception>
    public static Frame? Read(Stream stream)
    {
        Span<byte> header = stackalloc byte[HeaderLength];
        if (stream.ReadAtLeast(header, HeaderLength, throwOnEndOfStream: false) < HeaderLength)
        {
            return null;
        }

        var length = BinaryPrimitives.ReadInt32LittleEndian(header) - (HeaderLength - 4);
        if (length is < 0 or > Longest)
        {
            throw new InvalidDataException($"a frame of {length} bytes is not within 0 … {Longest}");
        }

        var body = new byte[length];
        return stream.ReadAtLeast(body, length, throwOnEndOfStream: false) < length
            ? null
            : new Frame((FrameKind)header[4], BinaryPrimitives.ReadInt64LittleEndian(header[5..]), body);
    }
}
