using System.Text.RegularExpressions;

namespace DistillForge.Filters;

/// <summary>A regular expression from a policy or schema: matched in linear time, its size bounded.</summary>
public sealed record Pattern
{
    const int MostCharacters = 2_000;
    const int MostStates = 5_000;

    Regex? regex;

    public Pattern(string text) => Text = text;

    /// <summary>As it was written.</summary>
    public string Text { get; init; }

    internal Regex Regex => regex ??= new Regex(Text, RegexOptions.NonBacktracking | RegexOptions.CultureInvariant);

    /// <exception cref="FormatException">It is no regular expression, or one that cannot be matched in linear time.</exception>
    public static Pattern FromText(string text)
    {
        if (text.Length is 0 or > MostCharacters)
        {
            throw new FormatException(text.Length == 0 ? "is empty; it matches everything." : $"has {text.Length:N0} characters; a pattern may have {MostCharacters:N0}.");
        }

        // Repetitions within repetitions multiply: ((a{1000}){1000}) is eleven characters and a million states.
        if (SizeOf(text) is > MostStates and var size)
        {
            throw new FormatException($"repeats up to about {size:N0} states; a pattern may have {MostStates:N0}.");
        }

        try
        {
            var pattern = new Pattern(text);
            _ = pattern.Regex;
            return pattern;
        }
        catch (Exception exception) when (exception is ArgumentException or NotSupportedException)
        {
            throw new FormatException(exception is NotSupportedException
                ? exception.Message.Contains("automata", StringComparison.Ordinal) ? "repeats up to more states than a pattern may have." : "looks around, refers back or is atomic, which has no linear time. Write it without."
                : $"is no regular expression: {exception.Message}", exception);
        }
    }

    /// <returns>Whether it matches anywhere, and where first.</returns>
    internal bool TryMatch(ReadOnlySpan<char> text, out int start, out int end)
    {
        foreach (var match in Regex.EnumerateMatches(text))
        {
            (start, end) = (match.Index, match.Index + match.Length);
            return true;
        }

        (start, end) = (0, 0);
        return false;
    }

    // An upper bound of the states, by one walk: groups add up, counted repetitions multiply what stands before them.
    static double SizeOf(string text)
    {
        var outer = new Stack<double>();
        var (sum, last) = (0.0, 0.0);
        for (var i = 0; i < text.Length; i++)
        {
            switch (text[i])
            {
                case '\\':
                    i++;
                    Atom(1);
                    break;
                case '[':
                    i = EndOfClass(text, i);
                    Atom(1);
                    break;
                case '(':
                    outer.Push(sum + last);
                    (sum, last) = (0, 0);
                    break;
                case ')':
                    last += sum;
                    sum = outer.TryPop(out var before) ? before : 0;
                    break;
                case '{' when CountAt(text, ref i) is { } times:
                    last *= Math.Max(1, times);
                    break;
                default:
                    Atom(1);
                    break;
            }
        }

        return sum + last + outer.Sum();

        void Atom(double size) => (sum, last) = (sum + last, size);
    }

    static int EndOfClass(string text, int open)
    {
        var i = open + 1;
        i += i < text.Length && text[i] == '^' ? 1 : 0;
        for (i += i < text.Length && text[i] == ']' ? 1 : 0; i < text.Length && text[i] != ']'; i++)
        {
            i += text[i] == '\\' ? 1 : 0;
        }

        return i;
    }

    // {n}, {n,} and {n,m}; null where the brace is only a brace.
    static double? CountAt(string text, ref int i)
    {
        var close = text.IndexOf('}', i);
        if (close < 0)
        {
            return null;
        }

        var parts = text[(i + 1)..close].Split(',');
        if (parts.Length > 2 || parts[0].Length == 0 || parts.Any(part => !part.All(char.IsAsciiDigit)))
        {
            return null;
        }

        i = close;
        return parts.Max(part => double.TryParse(part, out var number) ? number : 0);
    }
}
