using DistillForge.Core;

namespace DistillForge.Training;

/// <summary>Which rows meet in which batch: shuffled for each epoch, then bucketed by length so that little is padding.</summary>
/// <param name="tokensPerBatch">Rows × longest row of a batch stays at or below this, one row always fits.</param>
/// <param name="packed">Rows lie end to end, so that nothing is padding, and chance alone says which meet.</param>
public sealed class BatchOrder(IReadOnlyList<Row> rows, int tokensPerBatch, long seed, bool packed = false)
{
    // Sorting by length within a pool of this many batches leaves chance enough and padding little.
    const int PoolBatches = 32;

    /// <summary>The batches of one epoch, each a list of row numbers; the same for the same seed and epoch.</summary>
    public List<int[]> Epoch(int epoch)
    {
        var random = Seeds.Source(seed, "epoch", epoch.ToString());
        var order = Enumerable.Range(0, rows.Count).ToArray();
        random.Shuffle(order);
        if (packed)
        {
            return [.. Filled(order)];
        }

        var batches = new List<int[]>();
        var start = 0;
        while (start < order.Length)
        {
            var end = PoolEnd(order, start);
            batches.AddRange(Cut([.. order[start..end].OrderBy(row => rows[row].Length)]));
            start = end;
        }

        var shuffled = batches.ToArray();
        random.Shuffle(shuffled);
        return [.. shuffled];
    }

    /// <summary>Every row once, longest last; for measuring.</summary>
    public List<int[]> Sorted() => [.. Cut([.. Enumerable.Range(0, rows.Count).OrderBy(row => rows[row].Length)])];

    IEnumerable<int[]> Filled(int[] order)
    {
        var (start, tokens) = (0, 0L);
        for (var end = 0; end < order.Length; end++)
        {
            tokens += rows[order[end]].Length;
            if (end > start && tokens > tokensPerBatch)
            {
                yield return order[start..end];
                (start, tokens) = (end, rows[order[end]].Length);
            }
        }

        yield return order[start..];
    }

    int PoolEnd(int[] order, int start)
    {
        var tokens = 0L;
        var end = start;
        while (end < order.Length && tokens < (long)PoolBatches * tokensPerBatch)
        {
            tokens += rows[order[end++]].Length;
        }

        return end;
    }

    // Ascending lengths: the row that is added is the longest so far.
    IEnumerable<int[]> Cut(int[] sorted)
    {
        var start = 0;
        for (var end = 1; end <= sorted.Length; end++)
        {
            if (end == sorted.Length || (long)(end - start + 1) * rows[sorted[end]].Length > tokensPerBatch)
            {
                yield return sorted[start..end];
                start = end;
            }
        }
    }
}
