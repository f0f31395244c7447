using System.Globalization;
using System.Text;

namespace DistillForge.Text;

/// <summary>The three classes of code points that pre-tokenizers ask for.</summary>
enum LetterClass : byte
{
    /// <summary>Beyond the end of the text.</summary>
    None,
    Other,
    Letter,
    Number,
    Space,
}

/// <summary>Classifies code points as llama.cpp v0.5.0 does, whose tables are those of Unicode 15.1.</summary>
static class LetterClasses
{
    // .NET 10 knows Unicode 16. These are its new letters and numbers, first and last code point of each range; llama.cpp knows none of them.
    static readonly int[] Since16 =
    [
        0x1C89, 0x1C8A, 0xA7CB, 0xA7CD, 0xA7DA, 0xA7DC, 0x105C0, 0x105F3, 0x10D40, 0x10D65, 0x10D6F, 0x10D85, 0x10EC2, 0x10EC4,
        0x11380, 0x11389, 0x1138B, 0x1138B, 0x1138E, 0x1138E, 0x11390, 0x113B5, 0x113B7, 0x113B7, 0x113D1, 0x113D1, 0x113D3, 0x113D3,
        0x116D0, 0x116E3, 0x11BC0, 0x11BE0, 0x11BF0, 0x11BF9, 0x13460, 0x143FA, 0x16100, 0x1611D, 0x16130, 0x16139, 0x16D40, 0x16D6C,
        0x16D70, 0x16D79, 0x18CFF, 0x18CFF, 0x1CCF0, 0x1CCF9, 0x1E5D0, 0x1E5ED, 0x1E5F0, 0x1E5FA,
    ];

    public static LetterClass Of(Rune rune)
    {
        if (Rune.IsWhiteSpace(rune))
        {
            return LetterClass.Space;
        }

        return CharUnicodeInfo.GetUnicodeCategory(rune.Value) switch
        {
            <= UnicodeCategory.OtherLetter when !IsNew(rune.Value) => LetterClass.Letter,
            UnicodeCategory.DecimalDigitNumber or UnicodeCategory.LetterNumber or UnicodeCategory.OtherNumber when !IsNew(rune.Value) => LetterClass.Number,
            _ => LetterClass.Other,
        };
    }

    static bool IsNew(int codePoint)
    {
        if (codePoint < Since16[0])
        {
            return false;
        }

        var at = Array.BinarySearch(Since16, codePoint);
        // Not found: an odd insertion point lies between a first and a last.
        return at >= 0 || (~at & 1) == 1;
    }
}
