using System.Runtime.CompilerServices;
using DistillForge.Core;
using DistillForge.Data;

namespace DistillForge.Filters;

/// <summary>A filter in its place in the policy: one of <paramref name="Row"/>, <paramref name="Dataset"/>, <paramref name="Transform"/> and <paramref name="Model"/>.</summary>
sealed record Judge(ComponentSetting Setting, int Order, IFilter? Row = null, IDatasetFilter? Dataset = null, ITransform? Transform = null, IModelFilter? Model = null)
{
    readonly string version = FilterPipeline.VersionOf(Setting);

    /// <summary>As it is written down: a drop becomes what the policy says.</summary>
    public JudgedRow Write(string id, Verdict verdict) => new(id, Setting.Name, Order, verdict.Action == FilterAction.Drop && Setting.Action != FilterAction.Drop
        ? verdict with { Action = Setting.Action }
        : verdict, version);

    /// <summary>What a transform did, as a verdict on the row that was.</summary>
    public JudgedRow Write(Example before, Example after) => new(before.Id, Setting.Name, Order, ReferenceEquals(before, after)
        ? Verdict.Keep
        : new Verdict(Setting.Action == FilterAction.Review ? FilterAction.Review : FilterAction.Warn, new Reason("changed", $"goes on as row {after.Id}")), version);
}

/// <summary>One row with its verdicts in policy order.</summary>
/// <param name="Result">What a person's edit and the policy's transforms made of the row; the row itself where they left it alone.</param>
/// <param name="Ruling">The decision of a person, which wins over every filter but one: an approval of what a row says does not lift the terms that it is under.</param>
sealed record Judgement(Example Row, Example Result, JudgedRow[] Verdicts, Decision? Ruling = null)
{
    const string Terms = "terms";

    /// <summary>Why the row is dropped; null where it is kept or awaits a person.</summary>
    public JudgedRow? Cause => Verdicts.FirstOrDefault(judged => judged.Verdict.Action == FilterAction.Drop && (judged.Filter == Terms || Ruling is null || judged.Filter == Decisions.Filter));

    /// <summary>A filter asks for a person, and none has decided.</summary>
    public bool AwaitsReview => Ruling is null && Cause is null && Verdicts.Any(judged => judged.Verdict.Action == FilterAction.Review);
}

/// <summary>
/// The judges of a policy. Row filters judge a batch of rows in parallel; dataset filters read the dataset for themselves, in step. All judge the rows as
/// they were; transforms change, one after the other, what goes on. Models are asked last, about what
/// goes on, and only of rows that no earlier filter drops and no person decided: a question costs more than all else.
/// </summary>
sealed class Bench(IReadOnlyList<Judge> judges, Decisions decisions, IProgressLog progress)
{
    const int BatchRows = 512;

    long asked;

    /// <summary>Every row with its verdicts in policy order.</summary>
    public async IAsyncEnumerable<Judgement> JudgeAsync(IDataset dataset, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var streams = judges.Select(judge => judge.Dataset?.JudgeAsync(dataset, cancellationToken).GetAsyncEnumerator(cancellationToken)).ToList();
        try
        {
            await foreach (var batch in dataset.ReadAsync(cancellationToken).Chunk(BatchRows).WithCancellation(cancellationToken))
            {
                var rows = JudgeRows(batch, cancellationToken);
                for (var i = 0; i < batch.Length; i++)
                {
                    await FillAsync(rows[i].Verdicts, batch[i].Id, streams);
                }

                foreach (var judge in judges.Where(judge => judge.Model is not null))
                {
                    await AskAsync(judge, rows, dataset.Count, cancellationToken);
                }

                foreach (var row in rows)
                {
                    yield return row;
                }
            }
        }
        finally
        {
            foreach (var stream in streams.OfType<IAsyncEnumerator<Verdict>>())
            {
                await stream.DisposeAsync();
            }
        }
    }

    Judgement[] JudgeRows(Example[] batch, CancellationToken cancellationToken)
    {
        var rows = new Judgement[batch.Length];
        Parallel.For(0, batch.Length, new ParallelOptions { CancellationToken = cancellationToken }, i => rows[i] = JudgeRow(batch[i]));
        return rows;
    }

    Judgement JudgeRow(Example row)
    {
        var (ruling, comments) = (decisions.On(row.Id), decisions.CommentsOn(row.Id));
        var verdicts = new JudgedRow[judges.Count + comments.Count + (ruling is null ? 0 : 1)];
        var result = ruling is { Kind: DecisionKind.Edit } edit ? edit.Apply(row) : row;
        foreach (var judge in judges)
        {
            if (judge.Row is not null)
            {
                verdicts[judge.Order] = judge.Write(row.Id, judge.Row.Judge(row));
            }
            else if (judge.Transform is not null)
            {
                var after = judge.Transform.Apply(result);
                verdicts[judge.Order] = judge.Write(result, after) with { Id = row.Id };
                result = after;
            }
        }

        var place = judges.Count;
        foreach (var comment in comments)
        {
            verdicts[place] = new JudgedRow(row.Id, Decisions.Filter, place++, comment.ToVerdict());
        }

        if (ruling is not null)
        {
            verdicts[place] = new JudgedRow(row.Id, Decisions.Filter, place, ruling.ToVerdict(result.Id));
        }

        return new Judgement(row, result, verdicts, ruling);
    }

    async Task FillAsync(JudgedRow[] row, string id, IReadOnlyList<IAsyncEnumerator<Verdict>?> streams)
    {
        foreach (var judge in judges.Where(judge => judge.Dataset is not null))
        {
            var stream = streams[judge.Order]!;
            row[judge.Order] = await stream.MoveNextAsync()
                ? judge.Write(id, stream.Current)
                : throw new InvalidOperationException($"filter '{judge.Setting.Name}' gave fewer verdicts than there are rows");
        }
    }

    // The model batches what is asked side by side.
    async Task AskAsync(Judge judge, Judgement[] rows, long total, CancellationToken cancellationToken)
    {
        await Task.WhenAll(rows.Select(async row =>
        {
            row.Verdicts[judge.Order] = judge.Write(row.Row.Id, Settled(judge, row) ?? await judge.Model!.JudgeAsync(row.Result with { Id = row.Row.Id }, cancellationToken));
            progress.Report(judge.Setting.Name, Math.Min(total, Interlocked.Increment(ref asked)), total, "rows");
        }));
    }

    static Verdict? Settled(Judge judge, Judgement row)
        => row.Ruling is not null ? Verdict.Warn("not-asked", "a person decided")
            : row.Verdicts.Take(judge.Order).FirstOrDefault(judged => judged?.Verdict.Action == FilterAction.Drop) is { } dropped ? Verdict.Warn("not-asked", $"dropped by {dropped.Filter}")
            : null;
}
