using System.Runtime.CompilerServices;
using DistillForge.Core;
using DistillForge.Data;

namespace DistillForge.Filters;

/// <summary>A filter in its place in the policy: one of <paramref name="Row"/> and <paramref name="Dataset"/>.</summary>
sealed record Judge(ComponentSetting Setting, int Order, IFilter? Row, IDatasetFilter? Dataset)
{
    /// <summary>As it is written down: a drop becomes what the policy says.</summary>
    public JudgedRow Write(string id, Verdict verdict) => new(id, Setting.Name, Order, verdict.Action == FilterAction.Drop && Setting.Action != FilterAction.Drop
        ? verdict with { Action = Setting.Action }
        : verdict);
}

/// <summary>The judges of a policy. Row filters judge a batch of rows in parallel; dataset filters read the dataset for themselves, in step.</summary>
sealed class Bench(IReadOnlyList<Judge> judges)
{
    const int BatchRows = 512;

    /// <summary>Every row with its verdicts in policy order.</summary>
    public async IAsyncEnumerable<(Example Example, JudgedRow[] Verdicts)> JudgeAsync(IDataset dataset, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var streams = judges.Select(judge => judge.Dataset?.JudgeAsync(dataset, cancellationToken).GetAsyncEnumerator(cancellationToken)).ToList();
        try
        {
            await foreach (var batch in dataset.ReadAsync(cancellationToken).Chunk(BatchRows).WithCancellation(cancellationToken))
            {
                var rows = JudgeRows(batch, cancellationToken);
                for (var i = 0; i < batch.Length; i++)
                {
                    await FillAsync(rows[i], batch[i].Id, streams);
                    yield return (batch[i], rows[i]);
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

    JudgedRow[][] JudgeRows(Example[] batch, CancellationToken cancellationToken)
    {
        var rows = new JudgedRow[batch.Length][];
        Parallel.For(0, batch.Length, new ParallelOptions { CancellationToken = cancellationToken }, i =>
        {
            rows[i] = new JudgedRow[judges.Count];
            foreach (var judge in judges.Where(judge => judge.Row is not null))
            {
                rows[i][judge.Order] = judge.Write(batch[i].Id, judge.Row!.Judge(batch[i]));
            }
        });
        return rows;
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
}
