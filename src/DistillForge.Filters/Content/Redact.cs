using System.Text;
using DistillForge.Core;

namespace DistillForge.Filters;

/// <summary>
/// Writes <c>[EMAIL]</c>, <c>[PHONE]</c>, … for personal data and secrets. The changed row is a row of its own: another id, and no trace, because the
/// token ids of the old one spell out what was taken away and every later token was predicted with it in view.
/// </summary>
[Component("redact")]
public sealed class Redact(Redact.Options options) : ITransform
{
    public sealed record Options
    {
        /// <summary>What is replaced; all of it when the policy names none.</summary>
        public IReadOnlyList<PiiKind> Kinds { get; init; } = [];

        public Scope Scope { get; init; } = Scope.All;
    }

    readonly uint kinds = Pii.MaskOf(options.Kinds);

    public Example Apply(Example example)
    {
        var prompt = options.Scope == Scope.Completion ? example.Prompt : Apply(example.Prompt);
        var completion = options.Scope == Scope.Prompt ? example.Completion : Apply(example.Completion);
        var rejected = options.Scope == Scope.Prompt || example.Rejected is not { } worse ? example.Rejected : Apply(worse);
        if (ReferenceEquals(prompt, example.Prompt) && ReferenceEquals(completion, example.Completion) && ReferenceEquals(rejected, example.Rejected))
        {
            return example;
        }

        return example with
        {
            Id = RowId.For([.. prompt, .. completion], example.Id, "redact", example.Seed),
            Prompt = prompt,
            Completion = completion,
            Rejected = rejected,
            Expected = example.Expected is { } expected ? Apply(expected) : null,
            Trace = null,
        };
    }

    // The same list when nothing changed.
    IReadOnlyList<Message> Apply(IReadOnlyList<Message> messages)
    {
        Message[]? changed = null;
        for (var i = 0; i < messages.Count; i++)
        {
            var text = Apply(messages[i].Content);
            if (!ReferenceEquals(text, messages[i].Content))
            {
                changed ??= [.. messages];
                changed[i] = messages[i] with { Content = text };
            }
        }

        return changed ?? messages;
    }

    string Apply(string text)
    {
        if (PiiScanner.Find(text, kinds) is not { } hits)
        {
            return text;
        }

        var redacted = new StringBuilder(text.Length);
        var from = 0;
        foreach (var hit in hits)
        {
            redacted.Append(text, from, hit.Start - from).Append(MarkOf(hit.Kind));
            from = hit.End;
        }

        return redacted.Append(text, from, text.Length - from).ToString();
    }

    static string MarkOf(PiiKind kind) => kind switch
    {
        PiiKind.Email => "[EMAIL]",
        PiiKind.Phone => "[PHONE]",
        PiiKind.Iban => "[IBAN]",
        PiiKind.Card => "[CARD]",
        PiiKind.IpAddress => "[IP]",
        PiiKind.Secret => "[SECRET]",
        _ => "[ID]",
    };
}
