namespace DistillForge.Data;

/// <summary>
/// Texts that a spreadsheet would take for a formula, and run: they begin with one of the characters that OWASP names (CSV injection), full-width ones included. An apostrophe before such a text makes it
/// a text; it is taken off again when a file comes back. A text that begins with apostrophes and such a character gets one more, so that nothing is lost.
/// </summary>
static class FormulaGuard
{
    const string Starts = "=+-@\t\r\n\uff1d\uff0b\uff0d\uff20";

    public static string Guarded(string cell) => IsFormula(cell.AsSpan().TrimStart('\'')) ? "'" + cell : cell;

    public static string Unguarded(string cell) => cell.StartsWith('\'') && IsFormula(cell.AsSpan().TrimStart('\'')) ? cell[1..] : cell;

    public static bool IsFormula(ReadOnlySpan<char> text) => !text.IsEmpty && Starts.Contains(text[0]);
}
