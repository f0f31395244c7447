namespace DistillForge.Filters;

/// <summary>UTF-8 that somebody read as Windows-1252 (or Latin-1): each byte became a character of its own.</summary>
static class Mojibake
{
    // Windows-1252 above 0x7f where it differs from Latin-1, by byte from 0x80; 0 where the byte means nothing.
    const string Windows = "€\0‚ƒ„…†‡ˆ‰Š‹Œ\0Ž\0\0‘’“”•–—˜™š›œ\0žŸ";

    /// <returns>Characters of a sequence that begins here; 0 when the text is what it seems.</returns>
    public static int LengthAt(ReadOnlySpan<char> text, int i)
    {
        var length = SequenceAt(text, i);
        if (length == 3 && text[i] != 'â' && IsMark(text[i + 1]) && IsMark(text[i + 2]))
        {
            return 0;
        }

        if (length != 2)
        {
            return length;
        }

        // "É»" and "À " end French quotations, so a pair counts only after the two commonest leads, or before another.
        return text[i] == 'Ã' ? !IsMark(text[i + 1]) ? 2 : 0
            : text[i] == 'Â' ? text[i + 1] is >= '\u00a1' and <= '\u00bf' and not '»' ? 2 : 0
            : SequenceAt(text, i + 2) >= 2 ? 4 : 0;
    }

    // What may well follow a letter with an accent.
    static bool IsMark(char character) => character is '\u00a0' or '»' or '”' or '“' or '„' or '’' or '‘' or '‚' or '›' or '…' or '–' or '—';

    static int SequenceAt(ReadOnlySpan<char> text, int i)
    {
        var lead = i < text.Length ? ByteOf(text[i]) : -1;
        var length = lead switch { >= 0xc2 and <= 0xdf => 2, >= 0xe0 and <= 0xef => 3, >= 0xf0 and <= 0xf4 => 4, _ => 0 };
        for (var k = 1; k < length; k++)
        {
            if (i + k >= text.Length || ByteOf(text[i + k]) is not (>= 0x80 and <= 0xbf))
            {
                return 0;
            }
        }

        return length;
    }

    static int ByteOf(char character) => character is >= '\u0080' and <= '\u00ff' ? character
        : character > '\u00ff' && Windows.IndexOf(character) is >= 0 and var place ? 0x80 + place
        : -1;
}
