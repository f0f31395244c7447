using System.Buffers.Binary;
using System.IO.Hashing;
using DistillForge.Core;

namespace DistillForge.Data;

/// <summary>Where a record's payload lies in its segment.</summary>
readonly record struct SegmentEntry(string Id, bool IsFailure, bool HasTrace, long Offset, int Length);

/// <summary>
/// The form of a segment: records one after another, each framed as magic, length, how many bytes of the segment were already
/// acknowledged when it was written, and a CRC-32 over these and the payload. A crash leaves a torn tail, which nobody was promised; the
/// acknowledged length in a later frame tells that apart from a damaged disk.
/// </summary>
static class Segment
{
    public const int FrameBytes = 20;
    const uint Magic = 0x314A4644; // DFJ1
    const int MaximumRecord = 1 << 28;

    public static void Frame(Stream target, byte[] record, long acknowledged)
    {
        Span<byte> frame = stackalloc byte[FrameBytes];
        BinaryPrimitives.WriteUInt32LittleEndian(frame, Magic);
        BinaryPrimitives.WriteInt32LittleEndian(frame[4..], record.Length);
        BinaryPrimitives.WriteInt64LittleEndian(frame[8..], acknowledged);
        BinaryPrimitives.WriteUInt32LittleEndian(frame[16..], Checksum(frame, record));
        target.Write(frame);
        target.Write(record);
    }

    /// <summary>Finds the whole records, and cuts off a torn tail.</summary>
    /// <exception cref="ForgeException">Something that was acknowledged is damaged.</exception>
    public static IReadOnlyList<SegmentEntry> Recover(string path)
    {
        using var stream = new FileStream(path, FileMode.Open, FileAccess.ReadWrite, FileShare.None, 1 << 16);
        var entries = new List<SegmentEntry>();
        var end = 0L;
        while (TryRead(stream, end) is { } record)
        {
            var head = AnswerRecord.ReadHead(record.Payload);
            entries.Add(new SegmentEntry(head.Id, head.IsFailure, head.HasTrace, end + FrameBytes, record.Payload.Length));
            end += FrameBytes + record.Payload.Length;
        }

        if (end < stream.Length)
        {
            RefuseDamage(stream, end, path);
            stream.SetLength(end);
            stream.Flush(flushToDisk: true);
        }

        return entries;
    }

    public static Answer Read(FileStream stream, SegmentEntry entry)
    {
        var payload = new byte[entry.Length];
        stream.Position = entry.Offset;
        stream.ReadExactly(payload);
        return AnswerRecord.Read(payload);
    }

    static (long Acknowledged, byte[] Payload)? TryRead(FileStream stream, long offset)
    {
        Span<byte> frame = stackalloc byte[FrameBytes];
        stream.Position = offset;
        if (stream.ReadAtLeast(frame, FrameBytes, throwOnEndOfStream: false) < FrameBytes || BinaryPrimitives.ReadUInt32LittleEndian(frame) != Magic)
        {
            return null;
        }

        var length = BinaryPrimitives.ReadInt32LittleEndian(frame[4..]);
        if (length is <= 0 or > MaximumRecord || offset + FrameBytes + length > stream.Length)
        {
            return null;
        }

        var payload = new byte[length];
        stream.ReadExactly(payload);
        return BinaryPrimitives.ReadUInt32LittleEndian(frame[16..]) == Checksum(frame, payload)
            ? (BinaryPrimitives.ReadInt64LittleEndian(frame[8..]), payload)
            : null;
    }

    // A whole frame further on, written when more than `end` bytes were already safe, proves that the damage is not a torn tail.
    static void RefuseDamage(FileStream stream, long end, string path)
    {
        stream.Position = end;
        var rest = new byte[stream.Length - end];
        stream.ReadExactly(rest);
        Span<byte> magic = stackalloc byte[4];
        BinaryPrimitives.WriteUInt32LittleEndian(magic, Magic);
        for (var at = 1; rest.AsSpan(at).IndexOf(magic) is >= 0 and var found; at += found + 1)
        {
            if (TryRead(stream, end + at + found) is { } later && later.Acknowledged > end)
            {
                throw new ForgeException(new Problem(path, $"is damaged at byte {end}, before records that were safe on the disk.", "Check the disk. Move the file away to go on without the rows from there on; they will be asked for again."), ExitCode.Unavailable);
            }
        }
    }

    static uint Checksum(ReadOnlySpan<byte> frame, ReadOnlySpan<byte> payload)
    {
        var checksum = new Crc32();
        checksum.Append(frame[4..16]);
        checksum.Append(payload);
        return checksum.GetCurrentHashAsUInt32();
    }
}
