using System.Text.RegularExpressions;

namespace DistillForge.Filters;

/// <summary>Patterns of phrases that are tried one after the other where an anchor was found; one automaton of all would be larger than .NET allows.</summary>
/// <param name="patterns">Without regard to case.</param>
sealed class Phrases(params IEnumerable<string> patterns)
{
    readonly Regex[] all = [.. patterns.Select(pattern => new Regex($@"\A(?:{pattern})", RegexOptions.IgnoreCase | RegexOptions.CultureInvariant | RegexOptions.NonBacktracking))];

    /// <returns>Characters of the first pattern that matches at the start; 0 when none does.</returns>
    public int LengthAt(ReadOnlySpan<char> text)
    {
        foreach (var regex in all)
        {
            foreach (var match in regex.EnumerateMatches(text))
            {
                return match.Length;
            }
        }

        return 0;
    }
}
