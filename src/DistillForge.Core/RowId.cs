using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;

namespace DistillForge.Core;

/// <summary>
/// Names a row by what made it: SHA-256 over the prompt's messages, the teacher's identity, the sampling, and the row's
/// own seed. Two runs that would ask the same thing of the same teacher in the same way get the same id, so no row is
/// asked for twice.
/// </summary>
public static class RowId
{
    /// <param name="teacher">SHA-256 of the GGUF, or the API's base address and model name.</param>
    /// <param name="sampling">Only what changes the text; see <see cref="Sampling.Describe"/>.</param>
    /// <returns>64 hexadecimal digits.</returns>
    public static string For(IReadOnlyList<Message> messages, string teacher, string sampling, long seed)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        Append(hash, messages.Count.ToString());
        foreach (var message in messages)
        {
            Append(hash, message.Role);
            Append(hash, message.Content);
        }

        Append(hash, teacher);
        Append(hash, sampling);
        Append(hash, seed.ToString());
        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }

    // Each part carries its length, so that moving a character from one part to the next changes the id.
    static void Append(IncrementalHash hash, string part)
    {
        var bytes = Encoding.UTF8.GetBytes(part);
        Span<byte> length = stackalloc byte[4];
        BinaryPrimitives.WriteInt32LittleEndian(length, bytes.Length);
        hash.AppendData(length);
        hash.AppendData(bytes);
    }
}

/// <summary>SHA-256 of files and texts, in lower-case hexadecimal.</summary>
public static class Sha256
{
    public static string OfText(string text) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text)));

    public static string OfBytes(ReadOnlySpan<byte> bytes) => Convert.ToHexStringLower(SHA256.HashData(bytes));

    /// <exception cref="ForgeException">It is no file; see <see cref="OutsideFile"/>.</exception>
    public static string OfFile(string path)
    {
        OutsideFile.Require(path);
        using var stream = File.OpenRead(path);
        return Convert.ToHexStringLower(SHA256.HashData(stream));
    }
}

/// <summary>Independent streams of randomness from one seed.</summary>
public static class Seeds
{
    /// <summary>A seed for one use of chance. The same seed and path give the same value on every machine.</summary>
    /// <returns>0 … 2^63 − 1.</returns>
    public static long Derive(long seed, params ReadOnlySpan<string> path)
    {
        var bytes = SHA256.HashData(Encoding.UTF8.GetBytes($"{seed}/{string.Join('/', path)}"));
        return BinaryPrimitives.ReadInt64LittleEndian(bytes) & long.MaxValue;
    }

    /// <summary>A random source for one use of chance.</summary>
    public static Random Source(long seed, params ReadOnlySpan<string> path)
    {
        var derived = Derive(seed, path);
        return new Random((int)(derived ^ (derived >> 32)));
    }
}
