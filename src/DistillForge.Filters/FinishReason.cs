using DistillForge.Core;

namespace DistillForge.Filters;

/// <summary>Drops answers that did not end by themselves.</summary>
[Component("finish-reason")]
public sealed class FinishReason(FinishReason.Options options) : IFilter
{
    public sealed record Options
    {
        /// <summary>Of <c>stop</c>, <c>length</c> and <c>content_filter</c>.</summary>
        public IReadOnlyList<string> Allowed { get; init; } = ["stop"];
    }

    public Verdict Judge(Example example) => options.Allowed.Contains(example.FinishReason)
        ? Verdict.Keep
        : Verdict.Drop(
            example.FinishReason switch { "length" => "cut-off", "content_filter" => "refused-by-author", _ => "odd-finish" },
            $"finished by '{example.FinishReason}' after {example.CompletionTokens} tokens, allowed: {string.Join(", ", options.Allowed)}");
}
