using System.Text;
using System.Text.RegularExpressions;

namespace DistillForge.Evaluation;

/// <summary>What means what it says letter by letter: code, quotations, addresses.</summary>
static partial class Fixed
{
    /// <summary>Changes everything else, part by part.</summary>
    public static string Around(string text, Func<string, string> change)
    {
        var changed = new StringBuilder(text.Length);
        var from = 0;
        foreach (var span in Spans().EnumerateMatches(text))
        {
            changed.Append(change(text[from..span.Index])).Append(text.AsSpan(span.Index, span.Length));
            from = span.Index + span.Length;
        }

        return changed.Append(change(text[from..])).ToString();
    }

    public static bool IsIn(string text) => Spans().IsMatch(text);

    [GeneratedRegex("```.*?```|`[^`\n]+`|\"[^\"\n]+\"|“[^”\n]+”|https?://\\S+|\\S+@\\S+\\.\\S+", RegexOptions.Singleline, 1000)]
    private static partial Regex Spans();
}
