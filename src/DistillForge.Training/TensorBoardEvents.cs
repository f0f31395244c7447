using System.Buffers.Binary;
using System.Numerics;
using System.Text;

namespace DistillForge.Training;

/// <summary>
/// An event file of TensorBoard: TFRecord frames (length, checksum of the length, content, checksum of the content) of <c>Event</c> messages in
/// Protocol Buffers' wire format. tensorflow/core/lib/io/record_writer.h, tensorflow/core/util/event.proto.
/// </summary>
sealed class TensorBoardEvents : IDisposable
{
    // Of event.proto: wall_time, step, file_version, summary, session_log; of summary.proto: value, its tag, its simple_value.
    const byte WallTime = (1 << 3) | 1;
    const byte Step = (2 << 3) | 0;
    const byte FileVersion = (3 << 3) | 2;
    const byte Summary = (5 << 3) | 2;
    const byte SessionLog = (7 << 3) | 2;
    const byte Value = (1 << 3) | 2;
    const byte Tag = (1 << 3) | 2;
    const byte SimpleValue = (2 << 3) | 5;

    readonly Stream stream;
    readonly TimeProvider clock;

    /// <param name="from">Steps done. Whatever an earlier file says of later ones did not happen: the session starts again here.</param>
    public TensorBoardEvents(string path, long from, TimeProvider clock)
    {
        this.clock = clock;
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        stream = new FileStream(path, FileMode.Create, FileAccess.Write, FileShare.Read);
        Write(0, [FileVersion, .. Sized(Encoding.UTF8.GetBytes("brain.Event:2"))]);
        // session_log { status: START }
        Write(from + 1, [SessionLog, .. Sized([1 << 3, 1])]);
    }

    public void Scalar(string tag, long step, double value)
    {
        byte[] number = [SimpleValue, 0, 0, 0, 0];
        BinaryPrimitives.WriteSingleLittleEndian(number.AsSpan(1), (float)value);
        Write(step, [Summary, .. Sized([Value, .. Sized([Tag, .. Sized(Encoding.UTF8.GetBytes(tag)), .. number])])]);
    }

    public void Flush() => stream.Flush();

    public void Dispose() => stream.Dispose();

    /// <summary>CRC-32C, turned and shifted, because a checksum of something that holds checksums is a weak one.</summary>
    internal static uint MaskedChecksum(ReadOnlySpan<byte> bytes)
    {
        var sum = uint.MaxValue;
        foreach (var x in bytes)
        {
            sum = BitOperations.Crc32C(sum, x);
        }

        return BitOperations.RotateRight(~sum, 15) + 0xa282ead8;
    }

    void Write(long step, byte[] what)
    {
        byte[] time = [WallTime, .. new byte[8]];
        BinaryPrimitives.WriteDoubleLittleEndian(time.AsSpan(1), clock.GetUtcNow().ToUnixTimeMilliseconds() / 1000.0);
        byte[] content = [.. time, Step, .. Number((ulong)step), .. what];
        Span<byte> length = stackalloc byte[8];
        BinaryPrimitives.WriteUInt64LittleEndian(length, (ulong)content.Length);
        stream.Write(length);
        stream.Write(Little(MaskedChecksum(length)));
        stream.Write(content);
        stream.Write(Little(MaskedChecksum(content)));
    }

    static byte[] Little(uint number)
    {
        var bytes = new byte[4];
        BinaryPrimitives.WriteUInt32LittleEndian(bytes, number);
        return bytes;
    }

    static byte[] Sized(byte[] bytes) => [.. Number((ulong)bytes.Length), .. bytes];

    // Seven bits a byte, the lowest first; the eighth says that more follow.
    static IEnumerable<byte> Number(ulong number)
    {
        for (; number >= 0x80; number >>= 7)
        {
            yield return (byte)(number | 0x80);
        }

        yield return (byte)number;
    }
}
