namespace DistillForge.Core;

/// <summary>Text from outside on its way to a terminal, which must not obey it.</summary>
public static class TerminalText
{
    /// <summary>Control characters and those that turn the direction of writing become U+FFFD; ends of lines and tabs stay.</summary>
    public static string Harmless(string text) => string.Concat(text.Select(c => Steers(c) ? '\uFFFD' : c));

    /// <summary>The same on one line.</summary>
    public static string OnOneLine(string text) => Harmless(text.ReplaceLineEndings(" ⏎ "));

    static bool Steers(char c)
        => (char.IsControl(c) && c is not ('\n' or '\t')) || c is '\u200e' or '\u200f' or (>= '\u202a' and <= '\u202e') or (>= '\u2066' and <= '\u2069');
}
