using System.Buffers;

namespace DistillForge.Filters;

/// <summary>Finds the first of many terms in a text, without regard to case unless told, in one vectorised pass.</summary>
sealed class TermFinder
{
    readonly SearchValues<string> any;
    readonly Dictionary<char, string[]> byFirst;
    readonly StringComparison comparison;
    readonly bool wholeWords;

    /// <param name="wholeWords">A term that begins or ends with a letter or digit must not go on there.</param>
    public TermFinder(IEnumerable<string> terms, bool wholeWords = true, bool ignoreCase = true)
    {
        var all = terms.Where(term => term.Length > 0).Distinct(StringComparer.Ordinal).ToArray();
        comparison = ignoreCase ? StringComparison.OrdinalIgnoreCase : StringComparison.Ordinal;
        this.wholeWords = wholeWords;
        any = SearchValues.Create(all, comparison);
        // The longest first, so that the reader sees all of what matched.
        byFirst = all.GroupBy(term => Fold(term[0])).ToDictionary(group => group.Key, group => group.OrderByDescending(term => term.Length).ThenBy(term => term, StringComparer.Ordinal).ToArray());
    }

    public bool IsEmpty => byFirst.Count == 0;

    /// <returns>False when no term begins at or after <paramref name="from"/>.</returns>
    public bool TryFind(ReadOnlySpan<char> text, int from, out int start, out string term)
    {
        (start, term) = (from, "");
        while (start < text.Length && !IsEmpty)
        {
            var offset = text[start..].IndexOfAny(any);
            if (offset < 0)
            {
                break;
            }

            start += offset;
            if (At(text, start) is { } found)
            {
                term = found;
                return true;
            }

            start++;
        }

        return false;
    }

    string? At(ReadOnlySpan<char> text, int start)
    {
        if (!byFirst.TryGetValue(Fold(text[start]), out var candidates))
        {
            return null;
        }

        foreach (var candidate in candidates)
        {
            if (text[start..].StartsWith(candidate, comparison) && (!wholeWords || IsWhole(text, start, start + candidate.Length)))
            {
                return candidate;
            }
        }

        return null;
    }

    static bool IsWhole(ReadOnlySpan<char> text, int start, int end)
        => (start == 0 || !char.IsLetterOrDigit(text[start]) || !char.IsLetterOrDigit(text[start - 1]))
            && (end == text.Length || !char.IsLetterOrDigit(text[end - 1]) || !char.IsLetterOrDigit(text[end]));

    char Fold(char character) => comparison == StringComparison.Ordinal ? character : char.ToUpperInvariant(character);
}
