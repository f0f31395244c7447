using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace DistillForge.Filters;

/// <summary>Takes words as they are met.</summary>
interface IWordSink
{
    /// <summary>Room for so many more.</summary>
    void Reserve(int words);

    void Add(ulong hash, int start, int end);
}

/// <summary>
/// The words of <see cref="WordScanner"/>, the same hashes and places, 64 characters at a time: a bit says of each whether it belongs to a word, and the bits'
/// edges are the words. Characters beyond ASCII are left to the scanner, one word each.
/// </summary>
static class WordBlocks
{
    const int Block = 64;

    public static void Scan<TSink>(ReadOnlySpan<char> text, ref TSink sink)
        where TSink : struct, IWordSink, allows ref struct
    {
        // Eight more, so that eight bytes can be read from any place.
        Span<byte> folded = stackalloc byte[Block + 8];
        Span<char> rest = stackalloc char[Block];
        for (var at = 0; at < text.Length;)
        {
            scoped var block = text[at..];
            if (block.Length < Block)
            {
                rest.Clear();
                block.CopyTo(rest);
                block = rest;
            }

            sink.Reserve(Block);
            var (inWord, ascii) = Classify(block, folded);
            var edges = inWord ^ (inWord << 1);
            var next = ascii;
            while (edges != 0)
            {
                var start = BitOperations.TrailingZeroCount(edges);
                edges &= edges - 1;
                var end = BitOperations.TrailingZeroCount(edges);
                edges &= edges - 1;
                if (end >= ascii)
                {
                    // It may go on beyond: looked at again from its start.
                    next = start;
                    break;
                }

                sink.Add(Hash(folded, start, end), at + start, at + end);
            }

            at += next;
            if ((next == 0 || ascii < Block) && at < text.Length)
            {
                at = ScanOne(text, at, ref sink);
            }
        }
    }

    // A word of other characters, or one that is longer than a block.
    [MethodImpl(MethodImplOptions.NoInlining)]
    static int ScanOne<TSink>(ReadOnlySpan<char> text, int from, ref TSink sink)
        where TSink : struct, IWordSink, allows ref struct
    {
        var scanner = new WordScanner(text[from..]);
        if (!scanner.MoveNext())
        {
            return text.Length;
        }

        sink.Add(scanner.Hash, from + scanner.Start, from + scanner.End);
        return from + scanner.End;
    }

    /// <param name="folded">[64 + 8] Lower-case ASCII, valid where the bit is set.</param>
    /// <returns>A bit for each character that belongs to a word, and how many characters there are before the first that is not ASCII.</returns>
    static (ulong InWord, int Ascii) Classify(ReadOnlySpan<char> block, Span<byte> folded)
    {
        ref var first = ref Unsafe.As<char, ushort>(ref MemoryMarshal.GetReference(block));
        var low = Vector512.LoadUnsafe(ref first);
        var high = Vector512.LoadUnsafe(ref first, 32);
        var bytes = Vector512.Narrow(low, high);
        var lower = bytes | Vector512.Create((byte)0x20);
        var letters = Vector512.LessThan(lower - Vector512.Create((byte)'a'), Vector512.Create((byte)26));
        var digits = Vector512.LessThan(bytes - Vector512.Create((byte)'0'), Vector512.Create((byte)10));
        Vector512.ConditionalSelect(letters, lower, bytes).CopyTo(folded);
        var inWord = (letters | digits).ExtractMostSignificantBits();
        if (((low | high) & Vector512.Create((ushort)0xff80)) == Vector512<ushort>.Zero)
        {
            return (inWord, Block);
        }

        var ascii = block[..Block].IndexOfAnyExceptInRange('\0', '\x7f');
        return (inWord & ((1UL << ascii) - 1), ascii);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static ulong Hash(ReadOnlySpan<byte> folded, int start, int end)
    {
        ref var word = ref Unsafe.Add(ref MemoryMarshal.GetReference(folded), start);
        var length = end - start;
        var hash = 0UL;
        for (; length > 8; length -= 8)
        {
            hash = WordScanner.Append(hash, Unsafe.ReadUnaligned<ulong>(ref word));
            word = ref Unsafe.Add(ref word, 8);
        }

        return WordScanner.Mix(WordScanner.Append(hash, Unsafe.ReadUnaligned<ulong>(ref word) & (ulong.MaxValue >> (64 - (8 * length)))));
    }
}

/// <summary>Hashes of runs of words.</summary>
static class WordRuns
{
    const ulong Base = 0x9E3779B97F4A7C15;

    /// <param name="runs">[words − length + 1] A hash for the run of so many words that begins at each; never 0.</param>
    public static void Hash(ReadOnlySpan<ulong> words, int length, Span<ulong> runs)
    {
        var i = 0;
        ref var first = ref MemoryMarshal.GetReference(words);
        for (; i + Vector512<ulong>.Count <= runs.Length; i += Vector512<ulong>.Count)
        {
            var hash = Vector512.LoadUnsafe(ref first, (nuint)i);
            for (var word = 1; word < length; word++)
            {
                hash = (hash * Base) + Vector512.LoadUnsafe(ref first, (nuint)(i + word));
            }

            hash = (hash ^ (hash >>> 32)) * 0xD6E8FEB86659FD93;
            hash = (hash ^ (hash >>> 32)) * 0xD6E8FEB86659FD93;
            ((hash ^ (hash >>> 32)) | Vector512<ulong>.One).CopyTo(runs[i..]);
        }

        for (; i < runs.Length; i++)
        {
            runs[i] = Hash(words.Slice(i, length));
        }
    }

    /// <summary>One run.</summary>
    public static ulong Hash(ReadOnlySpan<ulong> words)
    {
        var hash = 0UL;
        foreach (var word in words)
        {
            hash = (hash * Base) + word;
        }

        return WordScanner.Mix(hash);
    }
}
