using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;

namespace DistillForge.Text;

public sealed partial class Vocabulary
{
    string Hash()
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        Append(hash, Kind);
        Append(hash, Pre);
        Append(hash, RealSize);
        for (var id = 0; id < RealSize; id++)
        {
            Append(hash, Tokens[id]);
            Append(hash, (int)Types[id]);
            // Scores decide how SentencePiece cuts; BPE files carry meaningless ones or none.
            if (Kind != "gpt2" && Scores.Count > 0)
            {
                Append(hash, BitConverter.SingleToInt32Bits(Scores[id]));
            }
        }

        Append(hash, Merges.Count);
        foreach (var merge in Merges)
        {
            Append(hash, merge);
        }

        foreach (var special in (ReadOnlySpan<int?>)[Bos, Eos, Eot, Unknown, Padding])
        {
            Append(hash, special ?? -1);
        }

        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }

    // Each text carries its length, so that no two vocabularies hash the same bytes.
    static void Append(IncrementalHash hash, string text)
    {
        var bytes = Encoding.UTF8.GetBytes(text);
        Append(hash, bytes.Length);
        hash.AppendData(bytes);
    }

    static void Append(IncrementalHash hash, int number)
    {
        Span<byte> bytes = stackalloc byte[4];
        BinaryPrimitives.WriteInt32LittleEndian(bytes, number);
        hash.AppendData(bytes);
    }
}
