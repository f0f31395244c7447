using DistillForge.Core;

namespace DistillForge.Filters;

/// <summary>Drops answers in another language than wanted. Scripts and function words decide; what cannot be told is kept unless the policy says otherwise.</summary>
[Component("language")]
public sealed class Language(Language.Options options) : IFilter
{
    /// <summary>What becomes of an answer that is too short or has no word that tells.</summary>
    public enum Unknown
    {
        Keep,
        Drop,
    }

    public sealed record Options : ICheckedOptions
    {
        /// <summary>ISO 639-1 codes of the languages that stay.</summary>
        public IReadOnlyList<string> Keep { get; init; } = [];

        /// <summary>Words (or characters, where a script has no blanks) that a judgement needs.</summary>
        public int MinWords { get; init; } = 6;

        /// <summary>How much better another language must fit than the best wanted one.</summary>
        public double Margin { get; init; } = 1.5;

        public Unknown Undetermined { get; init; } = Unknown.Keep;

        public Scope Scope { get; init; } = Scope.Completion;

        public IEnumerable<Problem> Check()
        {
            if (Keep.Count == 0)
            {
                yield return new Problem("keep", "is missing.", $"Name the languages that stay, of {string.Join(", ", LanguageProfile.Codes)}.");
            }

            foreach (var code in Keep.Where(code => !LanguageProfile.Codes.Contains(code)))
            {
                yield return new Problem("keep", $"names '{code}'.", $"Known: {string.Join(", ", LanguageProfile.Codes)}.");
            }
        }
    }

    readonly int[] wanted = [.. options.Keep.Select(LanguageProfile.IndexOf).Where(index => index >= 0)];

    public Verdict Judge(Example example)
    {
        if (wanted.Length == 0)
        {
            return Verdict.Keep;
        }

        Span<float> scores = stackalloc float[LanguageProfile.Count];
        foreach (var passage in Passage.Of(example, options.Scope))
        {
            scores.Clear();
            var words = LanguageProfile.Score(passage.Text, scores);
            if (Judge(passage, words, scores) is { } verdict)
            {
                return verdict;
            }
        }

        return Verdict.Keep;
    }

    Verdict? Judge(Passage passage, int words, ReadOnlySpan<float> scores)
    {
        var best = 0;
        for (var i = 1; i < scores.Length; i++)
        {
            best = scores[i] > scores[best] ? i : best;
        }

        // One function word in twenty is too little to tell by: names, numbers, code.
        if (words < options.MinWords || scores[best] < Math.Max(1, words * 0.05f))
        {
            return options.Undetermined == Unknown.Keep ? null : Verdict.Drop("language-unknown", $"{words} words in {passage.At(0, passage.Text.Length)} do not tell the language");
        }

        var ours = wanted[0];
        foreach (var index in wanted)
        {
            ours = scores[index] > scores[ours] ? index : ours;
        }

        return scores[best] > options.Margin * scores[ours]
            ? Verdict.Drop("other-language", $"reads as {LanguageProfile.Codes[best]} ({scores[best]:F1} points of {words} words; {LanguageProfile.Codes[ours]} has {scores[ours]:F1}), {passage.At(0, passage.Text.Length)}")
            : null;
    }
}
