using System.Numerics;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace DistillForge.Filters;

/// <summary>
/// MinHash signatures (Broder 1997) of 112 values, cut into 14 bands of 8 for locality-sensitive hashing: two sets with Jaccard similarity J share a
/// band with probability 1 − (1 − J⁸)¹⁴, that is 0.92 at 0.8 and 0.9996 at 0.9, but 0.05 at 0.5.
/// </summary>
public static class MinHash
{
    public const int Hashes = 112;
    public const int Bands = 14;
    public const int BandRows = Hashes / Bands;

    // A permutation of the 32-bit numbers each: the bits that it flips. Shingles are well mixed already, so that each of a set's members comes first as often
    // as any other, over all sets; a factor beside it would double the work.
    static readonly uint[] Flips = Draw(1);

    /// <param name="signature">[112] The least value of each permutation over all shingles; all ones where there are none.</param>
    public static void Sign(ReadOnlySpan<uint> shingles, Span<uint> signature)
    {
        // All seven blocks of 16 permutations stay in registers while the shingles pass by once.
        ref var flips = ref MemoryMarshal.GetArrayDataReference(Flips);
        var (f0, f1, f2, f3) = (Vector512.LoadUnsafe(ref flips), Vector512.LoadUnsafe(ref flips, 16), Vector512.LoadUnsafe(ref flips, 32), Vector512.LoadUnsafe(ref flips, 48));
        var (f4, f5, f6) = (Vector512.LoadUnsafe(ref flips, 64), Vector512.LoadUnsafe(ref flips, 80), Vector512.LoadUnsafe(ref flips, 96));
        var (a, b, c, d, e, f, g) = (Vector512<uint>.AllBitsSet, Vector512<uint>.AllBitsSet, Vector512<uint>.AllBitsSet, Vector512<uint>.AllBitsSet, Vector512<uint>.AllBitsSet, Vector512<uint>.AllBitsSet, Vector512<uint>.AllBitsSet);
        foreach (var shingle in shingles)
        {
            var all = Vector512.Create(shingle);
            a = Vector512.Min(a, all ^ f0);
            b = Vector512.Min(b, all ^ f1);
            c = Vector512.Min(c, all ^ f2);
            d = Vector512.Min(d, all ^ f3);
            e = Vector512.Min(e, all ^ f4);
            f = Vector512.Min(f, all ^ f5);
            g = Vector512.Min(g, all ^ f6);
        }

        a.CopyTo(signature);
        b.CopyTo(signature[16..]);
        c.CopyTo(signature[32..]);
        d.CopyTo(signature[48..]);
        e.CopyTo(signature[64..]);
        f.CopyTo(signature[80..]);
        g.CopyTo(signature[96..]);
    }

    /// <param name="keys">[14] One hash a band; equal bands have equal keys.</param>
    public static void BandKeys(ReadOnlySpan<uint> signature, Span<uint> keys)
    {
        for (var band = 0; band < Bands; band++)
        {
            var hash = 0UL;
            foreach (var value in signature.Slice(band * BandRows, BandRows))
            {
                hash = (BitOperations.RotateLeft(hash, 23) ^ value) * 0x9FB21C651E98DF25;
            }

            keys[band] = (uint)(WordScanner.Mix(hash) >> 32);
        }
    }

    /// <summary>Exact Jaccard similarity of two sorted sets without repetitions.</summary>
    public static double Jaccard(ReadOnlySpan<uint> a, ReadOnlySpan<uint> b)
    {
        var (i, j, shared) = (0, 0, 0);
        while (i < a.Length && j < b.Length)
        {
            var (left, right) = (a[i], b[j]);
            shared += left == right ? 1 : 0;
            i += left <= right ? 1 : 0;
            j += right <= left ? 1 : 0;
        }

        var union = a.Length + b.Length - shared;
        return union == 0 ? 0 : (double)shared / union;
    }

    // SplitMix64: the same numbers on every machine and in every version.
    static uint[] Draw(ulong seed)
    {
        var state = seed * 0x9E3779B97F4A7C15;
        var numbers = new uint[Hashes];
        for (var i = 0; i < Hashes; i++)
        {
            state += 0x9E3779B97F4A7C15;
            var z = (state ^ (state >> 30)) * 0xBF58476D1CE4E5B9;
            z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
            numbers[i] = (uint)((z ^ (z >> 31)) >> 32);
        }

        return numbers;
    }

    /// <summary>Each shingle once, ascending, as <see cref="Jaccard"/> takes them.</summary>
    public static uint[] SortedSetOf(ReadOnlySpan<uint> shingles)
    {
        var sorted = shingles.ToArray();
        Array.Sort(sorted);
        var count = 0;
        foreach (var shingle in sorted)
        {
            if (count == 0 || sorted[count - 1] != shingle)
            {
                sorted[count++] = shingle;
            }
        }

        return sorted[..count];
    }
}
