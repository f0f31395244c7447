using System.Globalization;
using System.Numerics;
using System.Runtime.CompilerServices;

namespace DistillForge.Filters;

/// <summary>
/// Walks over the words of a text: runs of letters, marks and digits, case folded and hashed as they are met. In scripts that write
/// without blanks (Han, kana, Thai, Lao, Khmer, Burmese) every character is a word, and so is every character beyond the basic plane.
/// </summary>
ref struct WordScanner(ReadOnlySpan<char> text)
{
    const uint Alone = 0x1_0000;

    // 0 where no word goes on, else the folded character.
    static readonly byte[] Ascii = [.. Enumerable.Range(0, 128).Select(c => char.IsAsciiLetterOrDigit((char)c) ? (byte)char.ToLowerInvariant((char)c) : (byte)0)];

    readonly ReadOnlySpan<char> text = text;
    readonly byte[] ascii = Ascii;
    int next;

    /// <summary>Of the present word; never 0.</summary>
    public ulong Hash { get; private set; }

    public int Start { get; private set; }

    public readonly int End => next;

    public bool MoveNext()
    {
        var i = next;
        uint folded = 0;
        while ((uint)i < (uint)text.Length && (folded = Fold(text[i])) == 0)
        {
            i++;
        }

        if ((uint)i >= (uint)text.Length)
        {
            next = i;
            return false;
        }

        Start = i;
        if (folded >= Alone)
        {
            next = i + (char.IsHighSurrogate(text[i]) && i + 1 < text.Length && char.IsLowSurrogate(text[i + 1]) ? 2 : 1);
            Hash = Mix(next - i == 2 ? ((ulong)text[i] << 16) | text[i + 1] : folded);
            return true;
        }

        // Eight bytes are taken in at once: up to eight ASCII letters no two words agree.
        var (hash, group, bits) = (0UL, 0UL, 0);
        do
        {
            group |= (ulong)(folded & 0xff) << bits;
            bits += 8;
            if (folded > 0xff || bits == 64)
            {
                Flush(folded >> 8, ref hash, ref group, ref bits);
            }

            i++;
        }
        while ((uint)i < (uint)text.Length && (folded = Fold(text[i])) - 1 < Alone - 1);

        next = i;
        Hash = Mix(bits > 0 ? Append(hash, group) : hash);
        return true;
    }

    /// <summary>The hash of a word, not yet mixed, with its next eight bytes; zeros behind its last.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ulong Append(ulong hash, ulong group) => BitOperations.RotateLeft(hash * 0x9FB21C651E98DF25, 29) ^ group;

    static void Flush(uint high, ref ulong hash, ref ulong group, ref int bits)
    {
        if (bits == 64)
        {
            (hash, group, bits) = (Append(hash, group), 0, 0);
        }

        if (high > 0)
        {
            group |= (ulong)high << bits;
            bits += 8;
            if (bits == 64)
            {
                (hash, group, bits) = (Append(hash, group), 0, 0);
            }
        }
    }

    /// <summary>Spreads every bit over all others.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ulong Mix(ulong value)
    {
        value = (value ^ (value >> 32)) * 0xD6E8FEB86659FD93;
        value = (value ^ (value >> 32)) * 0xD6E8FEB86659FD93;
        return (value ^ (value >> 32)) | 1;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    readonly uint Fold(char character) => character < 128 ? ascii[character] : FoldWide(character);

    [MethodImpl(MethodImplOptions.NoInlining)]
    static uint FoldWide(char character)
    {
        if (char.IsSurrogate(character) || IsWithoutBlanks(character))
        {
            return Alone | character;
        }

        return char.IsLetterOrDigit(character) || char.GetUnicodeCategory(character) is UnicodeCategory.NonSpacingMark or UnicodeCategory.SpacingCombiningMark
            ? char.ToLowerInvariant(character)
            : 0u;
    }

    static bool IsWithoutBlanks(char c) => c is >= '\u0e01' and <= '\u0eff' or >= '\u1000' and <= '\u109f' or >= '\u1780' and <= '\u17ff'
        or >= '\u3041' and <= '\u30ff' or >= '\u3400' and <= '\u4dbf' or >= '\u4e00' and <= '\u9fff' or >= '\uf900' and <= '\ufaff';
}
