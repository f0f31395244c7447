using System.Globalization;
using DistillForge.Core;

namespace DistillForge.Data;

/// <summary>What a person says of a row.</summary>
public enum DecisionKind
{
    /// <summary>It is kept, whatever the filters said.</summary>
    Approve,

    /// <summary>It is dropped, whatever the filters said.</summary>
    Reject,

    /// <summary>It is kept with another answer.</summary>
    Edit,

    /// <summary>Something to remember; it decides nothing.</summary>
    Comment,
}

/// <summary>One decision of a person about one row.</summary>
/// <param name="Id">The row's, as the teacher's answer has it.</param>
/// <param name="Edited">Of an edit: the answer that takes the place of the row's.</param>
/// <param name="Reviewer">Name.</param>
/// <param name="Time">Among several decisions on a row, the latest counts.</param>
public sealed record Decision(string Id, DecisionKind Kind, string? Edited, string? Comment, string Reviewer, DateTimeOffset Time)
{
    /// <summary>As a verdict beside those of the filters, under the name <see cref="Decisions.Filter"/>.</summary>
    /// <param name="becomes">Of an edit: the id under which the changed row goes on.</param>
    public Verdict ToVerdict(string? becomes = null)
    {
        var said = string.Create(CultureInfo.InvariantCulture, $"by {Reviewer}, {Time.UtcDateTime:yyyy-MM-dd HH:mm} UTC{(string.IsNullOrWhiteSpace(Comment) ? "" : ": " + Comment)}");
        return Kind switch
        {
            DecisionKind.Approve => new Verdict(FilterAction.Keep, new Reason("approved", said)),
            DecisionKind.Reject => Verdict.Drop("rejected", said),
            DecisionKind.Edit => Verdict.Warn("edited", $"goes on as row {becomes}, {said}"),
            _ => new Verdict(FilterAction.Keep, new Reason("comment", said)),
        };
    }

    /// <summary>The row as the edit makes it: another row, under another id, and without a trace, since nobody said these words with those log-probabilities.</summary>
    public Example Apply(Example row)
    {
        var completion = (Message[])[.. row.Completion.SkipLast(1), row.Completion.Count == 0 ? Message.Assistant(Edited!) : row.Completion[^1] with { Content = Edited! }];
        return row with { Id = RowId.For([.. row.Prompt, .. completion], row.Id, "edit", row.Seed), Completion = completion, Trace = null };
    }
}

/// <summary>All decisions on a run's rows.</summary>
public sealed class Decisions
{
    /// <summary>What persons are called among the filters of a verdict.</summary>
    public const string Filter = "person";

    readonly Dictionary<string, Decision> rulings = [];
    readonly Dictionary<string, List<Decision>> comments = [];

    /// <param name="decisions">In the order in which they were brought in: of two at the same time the later one counts.</param>
    public Decisions(IEnumerable<Decision> decisions)
    {
        foreach (var decision in decisions.OrderBy(decision => decision.Time))
        {
            if (decision.Kind != DecisionKind.Comment)
            {
                rulings[decision.Id] = decision;
            }
            else
            {
                (comments.TryGetValue(decision.Id, out var list) ? list : comments[decision.Id] = []).Add(decision);
            }
        }
    }

    public static Decisions None { get; } = new([]);

    /// <summary>The decision that counts for a row, or null.</summary>
    public Decision? On(string id) => rulings.GetValueOrDefault(id);

    public IReadOnlyList<Decision> CommentsOn(string id) => comments.GetValueOrDefault(id) ?? [];
}
