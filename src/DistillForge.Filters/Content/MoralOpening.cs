using System.Text.RegularExpressions;

namespace DistillForge.Filters;

/// <summary>
/// An answer that begins by judging the question: "It is important to note that harming others is never acceptable. …". Told by its form, not by its subject: the first sentence stresses something, and
/// what it stresses is that something is not right.
/// </summary>
static class MoralOpening
{
    // Where the first sentence's own words begin: "First and foremost, it is important to …".
    const int Lead = 60;
    const int LongestSentence = 240;

    static readonly TermFinder Stress = new(from subject in new[] { "it is", "it's", "it’s" }
                                            from weight in new[] { "important", "crucial", "essential", "vital" }
                                            from verb in new[] { "note", "remember", "understand", "emphasize", "emphasise", "recognize", "recognise", "stress" }
                                            select $"{subject} {weight} to {verb} that");

    static readonly TermFinder StressOfMine = new(from must in new[] { "must", "have to", "want to", "would like to" }
                                                  from verb in new[] { "emphasize", "emphasise", "stress", "clarify", "point out" }
                                                  select $"i {must} {verb} that");

    static readonly Regex Disapproval = new(
        $@"\b(?:is|are)\s+(?:never|not)\s+(?:an?\s+|ever\s+)?(?:{Refusal.Right})\b|\bshould\s+(?:not|never)\s+be\s+(?:attempted|glorified|promoted|encouraged|emulated)\b|\b(?:illegal|unethical|immoral)\b",
        RegexOptions.IgnoreCase | RegexOptions.CultureInvariant | RegexOptions.NonBacktracking);

    /// <returns>The sentence; null where the answer does not begin so.</returns>
    public static (int Start, int End)? Find(string text)
    {
        foreach (var stress in new[] { Stress, StressOfMine })
        {
            if (stress.TryFind(text, 0, out var start, out var term) && start < Lead + text.Length - text.AsSpan().TrimStart().Length)
            {
                var end = start + term.Length;
                var rest = text.AsSpan(end, Math.Min(LongestSentence, text.Length - end));
                var length = rest.IndexOfAny(".!?\n") is >= 0 and var stop ? stop : rest.Length;
                return Disapproval.IsMatch(rest[..length]) ? (start, end + length) : null;
            }
        }

        return null;
    }
}
