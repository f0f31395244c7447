using DistillForge.Core;

namespace DistillForge.Training;

/// <summary>The rows of a run, split once into those that train and those that only measure.</summary>
public sealed class Corpus
{
    readonly TraceContents held;

    /// <param name="validationShare">0 … 1, chosen by a hash of the row id, so that a row never changes sides when others come or go.</param>
    /// <param name="ensemble">Set where each row has a trace of each of several teachers.</param>
    /// <param name="rejected">Worse answers, by the row's id, where rows are pairs.</param>
    /// <param name="validation">Ids of those that only measure, where somebody chose them.</param>
    public Corpus(IEnumerable<TokenTrace> traces, int context, double validationShare, TeacherEnsemble? ensemble = null, IEnumerable<TokenTrace>? rejected = null, IReadOnlySet<string>? validation = null)
    {
        var worse = (rejected ?? []).ToDictionary(trace => trace.Id);
        foreach (var group in ensemble?.Group(traces) ?? traces.Select(trace => new[] { trace }))
        {
            var trace = group[0];
            var row = new Row(trace, context)
            {
                Others = [.. group.Skip(1).Select(other => new Row(other, context))],
                Rejected = worse.GetValueOrDefault(trace.Id) is { } other ? new Row(other, context) : null,
            };
            Cut += row.IsCut ? 1 : 0;
            if (row.Trained.Length == 0)
            {
                Empty++;
                continue;
            }

            ((validation?.Contains(trace.Id) ?? IsHeldOut(trace.Id, validationShare)) ? Validation : Training).Add(row);
        }

        var rows = Training.Concat(Validation).ToList();
        held = TraceContents.Of(rows.Select(row => row.Trace)) with
        {
            Ensemble = ensemble,
            Others = [.. Enumerable.Range(0, (ensemble?.Scorers.Count ?? 1) - 1).Select(k => TraceContents.Of(rows.Select(row => row.Others[k].Trace)))],
        };
    }

    public List<Row> Training { get; } = [];

    public List<Row> Validation { get; } = [];

    /// <summary>A teacher reads the batches: traces give the tokens, and what they hold of its thoughts is not needed.</summary>
    public bool IsTeacherAtHand { get; init; }

    /// <summary>Heads are probabilities by rank: see <see cref="AlignedHead.Ranked"/>.</summary>
    public bool AreHeadsRanked { get; init; }

    public TraceContents Contents => IsTeacherAtHand ? TraceContents.AtHand : AreHeadsRanked ? held with { Heads = HeadKind.Ranked } : held;

    /// <summary>Rows longer than the context.</summary>
    public int Cut { get; }

    /// <summary>Rows that have nothing to train on.</summary>
    public int Empty { get; }

    public long Tokens => Training.Sum(row => (long)row.Length);

    public long TrainedTokens => Training.Sum(row => (long)row.Trained.Length);

    static bool IsHeldOut(string id, double share) => Seeds.Derive(0, "validation", id) < share * long.MaxValue;
}
