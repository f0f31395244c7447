using System.Collections.Concurrent;
using DistillForge.Core;
using DistillForge.Data;

namespace DistillForge.Filters;

/// <summary>Drops rows of teachers whose terms forbid training other models, by <c>teachers.yaml</c>; a person's override in the recipe lifts it and stays visible.</summary>
[Component("terms")]
public sealed class Terms(Terms.Options options, TermsInForce? inForce = null) : IFilter
{
    /// <param name="Unknown">What becomes of rows whose author is in no register, or whose terms nobody read.</param>
    public sealed record Options(FilterAction Unknown = FilterAction.Warn);

    readonly TermsInForce inForce = inForce ?? TermsInForce.Own;
    readonly ConcurrentDictionary<(string Author, string? Sha256), Verdict> verdicts = new();

    public Verdict Judge(Example example) => verdicts.GetOrAdd((example.Author, example.AuthorSha256), who => Of(who.Author, who.Sha256));

    Verdict Of(string author, string? sha256)
    {
        var (terms, _) = inForce.Of(author, sha256);
        return terms.MayTrain switch
        {
            MayTrain.Yes => Verdict.Keep,
            MayTrain.No when inForce.Lifted is { } person => Verdict.Warn("terms-overridden", $"{terms.Name}: training is forbidden, and {person.By} answers for it: {person.Reason}"),
            MayTrain.No => Verdict.Drop("terms-forbid-training", $"{terms.Name}: its answers may not train other models{(terms.Terms is { } text ? $" ({text})" : "")}"),
            _ => options.Unknown == FilterAction.Keep ? Verdict.Keep : new Verdict(options.Unknown, new Reason("terms-unknown", $"nobody wrote down whether answers of {author} may train other models")),
        };
    }
}
