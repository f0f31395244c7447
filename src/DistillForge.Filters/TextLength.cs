using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using DistillForge.Core;

namespace DistillForge.Filters;

/// <summary>How long a text is for a person.</summary>
public static class TextLength
{
    /// <summary>Pieces between white space, counted without cutting them out.</summary>
    public static int Words(string text)
    {
        var (words, at, spaceBefore) = (0, 0, true);
        ref var first = ref Unsafe.As<char, ushort>(ref MemoryMarshal.GetReference(text.AsSpan()));
        for (; at + Vector512<ushort>.Count <= text.Length; at += Vector512<ushort>.Count)
        {
            var block = Vector512.LoadUnsafe(ref first, (nuint)at);
            if (!Vector512.LessThanAll(block, Vector512.Create((ushort)0x80)))
            {
                words += Count(text.AsSpan(at, Vector512<ushort>.Count), ref spaceBefore);
                continue;
            }

            // The white space of ASCII: the blank, and 9 to 13.
            var space = (Vector512.Equals(block, Vector512.Create((ushort)' ')) | Vector512.LessThan(block - Vector512.Create((ushort)9), Vector512.Create((ushort)5))).ExtractMostSignificantBits();
            words += BitOperations.PopCount(~space & ((space << 1) | (spaceBefore ? 1u : 0)) & uint.MaxValue);
            spaceBefore = (space >> 31) != 0;
        }

        return words + Count(text.AsSpan(at), ref spaceBefore);
    }

    /// <summary>Problems of bounds in words and characters.</summary>
    internal static IEnumerable<Problem> Check(int words, int characters, int least)
        => from bound in new[] { (Key: "words", Value: words), (Key: "characters", Value: characters) }
           where bound.Value < least
           select new Problem(bound.Key, $"is {bound.Value}; it counts {bound.Key}, {least} or more.");

    static int Count(ReadOnlySpan<char> text, ref bool spaceBefore)
    {
        var words = 0;
        foreach (var character in text)
        {
            var space = char.IsWhiteSpace(character);
            words += !space && spaceBefore ? 1 : 0;
            spaceBefore = space;
        }

        return words;
    }
}
