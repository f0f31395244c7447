using System.Buffers.Binary;
using System.IO.Compression;
using System.Security.Cryptography;
using DistillForge.Core;
using DistillForge.Models;

namespace DistillForge.Teachers;

/// <summary>An answer as it was paid for.</summary>
/// <param name="Body">The server's JSON.</param>
sealed record PaidAnswer(byte[] Body, double CostUsd, double Seconds);

/// <summary>
/// Answers by the hash of what was asked, one file each: what was paid for is never sent again, by no run. Several programs may share a
/// folder. A file that is damaged in any way is as good as absent.
/// </summary>
public sealed class RequestCache(string folder, int maxBytes = 64 << 20)
{
    // magic, cost, seconds, length of the JSON; then SHA-256 of what follows and of these, then gzip
    const int HeadBytes = 32;
    const uint Magic = 0x31434644; // DFC1

    int asked;
    int found;

    /// <summary>Look-ups so far.</summary>
    public int Asked => Volatile.Read(ref asked);

    /// <summary>Look-ups that saved a request.</summary>
    public int Found => Volatile.Read(ref found);

    /// <param name="parts">Everything that the answer depends on.</param>
    internal static string Key(params ReadOnlySpan<string> parts)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        Span<byte> length = stackalloc byte[4];
        foreach (var part in parts)
        {
            var bytes = System.Text.Encoding.UTF8.GetBytes(part);
            BinaryPrimitives.WriteInt32LittleEndian(length, bytes.Length);
            hash.AppendData(length);
            hash.AppendData(bytes);
        }

        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }

    internal PaidAnswer? Find(string key)
    {
        Interlocked.Increment(ref asked);
        try
        {
            var answer = Read(File.ReadAllBytes(PathOf(key)));
            if (answer is not null)
            {
                Interlocked.Increment(ref found);
            }

            return answer;
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException or InvalidDataException)
        {
            return null;
        }
    }

    /// <summary>Ends when the answer is safe on the disk.</summary>
    /// <exception cref="ForgeException">The folder cannot be written, or the disk is full.</exception>
    internal void Put(string key, PaidAnswer answer)
    {
        var packed = new MemoryStream();
        packed.SetLength(HeadBytes + SHA256.HashSizeInBytes);
        packed.Position = packed.Length;
        using (var gzip = new GZipStream(packed, CompressionLevel.Fastest, leaveOpen: true))
        {
            gzip.Write(answer.Body);
        }

        var bytes = packed.ToArray();
        BinaryPrimitives.WriteUInt32LittleEndian(bytes, Magic);
        BinaryPrimitives.WriteInt32LittleEndian(bytes.AsSpan(4), answer.Body.Length);
        BinaryPrimitives.WriteDoubleLittleEndian(bytes.AsSpan(8), answer.CostUsd);
        BinaryPrimitives.WriteDoubleLittleEndian(bytes.AsSpan(16), answer.Seconds);
        Checksum(bytes).CopyTo(bytes.AsSpan(HeadBytes));

        // Another program may write the same answer now: each into a file of its own, and the last name wins.
        var path = PathOf(key);
        var temporary = $"{path}.{Guid.NewGuid():N}";
        try
        {
            Directory.CreateDirectory(Path.GetDirectoryName(path)!);
            File.WriteAllBytes(temporary, bytes);
            DurableFile.Rename(temporary, path);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            File.Delete(temporary);
            throw DurableFile.Unwritable(folder, error);
        }
    }

    /// <summary>Takes answers out, e.g. those that somebody wants to be gone; damaged files go as well.</summary>
    /// <param name="isGone">Told the server's JSON.</param>
    /// <returns>Answers removed.</returns>
    public int Remove(Func<byte[], bool> isGone)
    {
        var removed = 0;
        foreach (var path in Directory.EnumerateFiles(folder, "*", SearchOption.AllDirectories).ToList())
        {
            PaidAnswer? answer;
            try
            {
                answer = Read(File.ReadAllBytes(path));
            }
            catch (InvalidDataException)
            {
                answer = null;
            }

            if (answer is null || isGone(answer.Body))
            {
                File.Delete(path);
                removed++;
            }
        }

        return removed;
    }

    PaidAnswer? Read(byte[] bytes)
    {
        if (bytes.Length < HeadBytes + SHA256.HashSizeInBytes || BinaryPrimitives.ReadUInt32LittleEndian(bytes) != Magic
            || !Checksum(bytes).AsSpan().SequenceEqual(bytes.AsSpan(HeadBytes, SHA256.HashSizeInBytes)))
        {
            return null;
        }

        var length = BinaryPrimitives.ReadInt32LittleEndian(bytes.AsSpan(4));
        if (length < 0 || length > maxBytes)
        {
            return null;
        }

        var body = new byte[length];
        using var gzip = new GZipStream(new MemoryStream(bytes, HeadBytes + SHA256.HashSizeInBytes, bytes.Length - HeadBytes - SHA256.HashSizeInBytes), CompressionMode.Decompress);
        return gzip.ReadAtLeast(body, length, throwOnEndOfStream: false) == length
            ? new PaidAnswer(body, BinaryPrimitives.ReadDoubleLittleEndian(bytes.AsSpan(8)), BinaryPrimitives.ReadDoubleLittleEndian(bytes.AsSpan(16)))
            : null;
    }

    static byte[] Checksum(byte[] bytes)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        hash.AppendData(bytes, 0, HeadBytes);
        hash.AppendData(bytes, HeadBytes + SHA256.HashSizeInBytes, bytes.Length - HeadBytes - SHA256.HashSizeInBytes);
        return hash.GetHashAndReset();
    }

    // A folder for each of 256 beginnings: a million files in one is slow to list.
    string PathOf(string key) => Path.Combine(folder, key[..2], key[2..]);
}
