using DistillForge.Core;

namespace DistillForge.Filters;

/// <summary>Drops rows with personal data or secrets. To keep the rows without them see <see cref="Redact"/>.</summary>
[Component("pii")]
public sealed class Pii(Pii.Options options) : IFilter
{
    public sealed record Options
    {
        /// <summary>What is looked for; all of it when the policy names none.</summary>
        public IReadOnlyList<PiiKind> Kinds { get; init; } = [];

        public Scope Scope { get; init; } = Scope.All;
    }

    readonly uint kinds = MaskOf(options.Kinds);

    public Verdict Judge(Example example)
    {
        foreach (var passage in Passage.Of(example, options.Scope))
        {
            if (PiiScanner.Find(passage.Text, kinds) is [var first, ..] hits)
            {
                // The detail says where, never what: verdicts are read by more people than rows.
                var others = hits.Count > 1 ? $", and {hits.Count - 1} more there" : "";
                return Verdict.Drop(CodeOf(first.Kind), $"{first.Label} at {passage.At(first.Start, first.End)}{others}");
            }
        }

        return Verdict.Keep;
    }

    internal static uint MaskOf(IReadOnlyList<PiiKind> kinds)
        => kinds.Count == 0 ? uint.MaxValue : kinds.Aggregate(0u, (mask, kind) => mask | (1u << (int)kind));

    /// <summary>The code of a verdict about a kind.</summary>
    public static string CodeOf(PiiKind kind) => kind switch
    {
        PiiKind.Email => "pii-email",
        PiiKind.Phone => "pii-phone",
        PiiKind.Iban => "pii-iban",
        PiiKind.Card => "pii-card",
        PiiKind.IpAddress => "pii-ip-address",
        PiiKind.Secret => "pii-secret",
        _ => "pii-national-id",
    };
}
