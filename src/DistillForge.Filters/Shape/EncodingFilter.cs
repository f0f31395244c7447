using System.Buffers;
using DistillForge.Core;

namespace DistillForge.Filters;

/// <summary>Drops text that was broken on its way or hides something: mojibake, control characters, reversed or invisible characters, lost ones.</summary>
[Component("encoding")]
public sealed class EncodingFilter(EncodingFilter.Options options) : IFilter
{
    static readonly SearchValues<char> Plain = SearchValues.Create([.. Enumerable.Range(' ', 95).Select(c => (char)c), '\t', '\n', '\r']);

    /// <param name="Broken">Replacement characters (U+FFFD), lone surrogates and noncharacters.</param>
    /// <param name="Control">Control characters but tab and line ends.</param>
    /// <param name="Bidi">Characters that turn the direction of writing around: what one sees is not what a model reads.</param>
    /// <param name="Invisible">Characters without width where no script needs them, tags, and variation selectors that can carry a message.</param>
    /// <param name="Mojibake">UTF-8 that was read as Latin-1 or Windows-1252.</param>
    public sealed record Options(Scope Scope = Scope.Completion, bool Broken = true, bool Control = true, bool Bidi = true, bool Invisible = true, bool Mojibake = true);

    public Verdict Judge(Example example)
    {
        foreach (var passage in Passage.Of(example, options.Scope))
        {
            var text = passage.Text.AsSpan();
            for (var i = text.IndexOfAnyExcept(Plain); i >= 0; i = Next(text, i))
            {
                if (At(text, i, out var length) is var (code, what))
                {
                    return Verdict.Drop(code, $"{what} at {passage.At(i, i + length)}");
                }
            }
        }

        return Verdict.Keep;
    }

    static int Next(ReadOnlySpan<char> text, int i)
    {
        i += char.IsHighSurrogate(text[i]) && i + 1 < text.Length && char.IsLowSurrogate(text[i + 1]) ? 2 : 1;
        var next = text[i..].IndexOfAnyExcept(Plain);
        return next < 0 ? -1 : i + next;
    }

    (string Code, string What)? At(ReadOnlySpan<char> text, int i, out int length)
    {
        var c = text[i];
        length = 1;
        if (c is < ' ' or (>= '\u007f' and < '\u00a0'))
        {
            return options.Control ? ("control-character", $"U+{(int)c:X4}") : null;
        }

        if (c is '\ufffd' or '\ufffe' or '\uffff' or (>= '\ufdd0' and <= '\ufdef') || IsLone(text, i))
        {
            return options.Broken ? (c == '\ufffd' ? "replacement-character" : "broken-character", $"U+{(int)c:X4}") : null;
        }

        if (c is (>= '\u202a' and <= '\u202e') or (>= '\u2066' and <= '\u2069'))
        {
            return options.Bidi ? ("bidi-control", $"U+{(int)c:X4}") : null;
        }

        if (Hidden(text, i, out length))
        {
            return options.Invisible ? ("invisible-character", $"U+{CodePoint(text, i):X4}") : null;
        }

        length = options.Mojibake ? Filters.Mojibake.LengthAt(text, i) : 0;
        return length > 0 ? ("mojibake", $"'{text.Slice(i, length)}', which is UTF-8 read as Windows-1252,") : null;
    }

    static bool IsLone(ReadOnlySpan<char> text, int i) => char.IsHighSurrogate(text[i])
        ? i + 1 == text.Length || !char.IsLowSurrogate(text[i + 1])
        : char.IsLowSurrogate(text[i]) && (i == 0 || !char.IsHighSurrogate(text[i - 1]));

    static int CodePoint(ReadOnlySpan<char> text, int i) => char.IsHighSurrogate(text[i]) ? char.ConvertToUtf32(text[i], text[i + 1]) : text[i];

    // Joiners are part of many scripts and of emoji: they hide something only between plain letters. A mark of byte order may stand at the start.
    static bool Hidden(ReadOnlySpan<char> text, int i, out int length)
    {
        var code = CodePoint(text, i);
        length = code > 0xffff ? 2 : 1;
        return code switch
        {
            0x200c or 0x200d => IsPlainLetter(text, i - 1) && IsPlainLetter(text, i + 1),
            0xfeff => i > 0,
            0x200b or 0x2060 or 0x2061 or 0x2062 or 0x2063 or 0x2064 or 0x180e or 0x115f or 0x1160 or 0x3164 or 0xffa0 => true,
            >= 0xe0000 and <= 0xe007f => !IsFlag(text, i),
            >= 0xe0100 and <= 0xe01ef => !IsIdeograph(text, i - 1),
            _ => false,
        };
    }

    static bool IsPlainLetter(ReadOnlySpan<char> text, int i) => (uint)i < (uint)text.Length && char.IsAsciiLetterOrDigit(text[i]);

    static bool IsIdeograph(ReadOnlySpan<char> text, int i) => i >= 0 && (text[i] is >= '\u3400' and <= '\u9fff' || char.IsLowSurrogate(text[i]));

    // The flags of England, Scotland and Wales are a black flag with tags behind it.
    static bool IsFlag(ReadOnlySpan<char> text, int i)
    {
        while (i >= 2 && CodePoint(text, i) is >= 0xe0000 and <= 0xe007f && char.IsHighSurrogate(text[i - 2]))
        {
            i -= 2;
        }

        return char.IsHighSurrogate(text[i]) && CodePoint(text, i) == 0x1f3f4;
    }
}
