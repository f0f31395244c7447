using DistillForge.Core;

namespace DistillForge.Filters;

/// <summary>Drops rows that match a denied pattern, or none of the allowed ones.</summary>
[Component("regex")]
public sealed class RegexFilter(RegexFilter.Options options) : IFilter
{
    public sealed record Options : ICheckedOptions
    {
        /// <summary>A row that any of these matches is dropped.</summary>
        public IReadOnlyList<Pattern> Deny { get; init; } = [];

        /// <summary>When there are some, each message that is read must match one.</summary>
        public IReadOnlyList<Pattern> Allow { get; init; } = [];

        public Scope Scope { get; init; } = Scope.Completion;

        public IEnumerable<Problem> Check()
        {
            if (Deny.Count == 0 && Allow.Count == 0)
            {
                yield return new Problem("", "has no patterns and would judge nothing.", "Give deny or allow.");
            }
        }
    }

    public Verdict Judge(Example example)
    {
        foreach (var passage in Passage.Of(example, options.Scope))
        {
            foreach (var pattern in options.Deny)
            {
                if (pattern.TryMatch(passage.Text, out var start, out var end))
                {
                    return Verdict.Drop("denied-pattern", $"'{pattern.Text}' matches {passage.At(start, end)}");
                }
            }

            if (options.Allow.Count > 0 && !options.Allow.Any(pattern => pattern.TryMatch(passage.Text, out _, out _)))
            {
                return Verdict.Drop("no-allowed-pattern", $"none of {options.Allow.Count} allowed patterns matches {passage.At(0, passage.Text.Length)}");
            }
        }

        return Verdict.Keep;
    }
}
