namespace DistillForge.Training;

/// <summary>Cuts a step's rows into parts that are computed one after the other; their sums travel, and are divided by the whole step's trained tokens.</summary>
static class MicroBatches
{
    /// <param name="rows">In their order, which stays.</param>
    /// <param name="tokens">Rows × longest row of a part, at most; one row always fits. 0: all in one.</param>
    public static IEnumerable<Row[]> Of(IReadOnlyList<Row> rows, int tokens)
    {
        var (start, longest) = (0, 0);
        for (var end = 0; end < rows.Count; end++)
        {
            var with = Math.Max(longest, rows[end].Length);
            if (tokens > 0 && end > start && (long)(end - start + 1) * with > tokens)
            {
                yield return [.. rows.Skip(start).Take(end - start)];
                (start, with) = (end, rows[end].Length);
            }

            longest = with;
        }

        yield return [.. rows.Skip(start)];
    }
}
