namespace DistillForge.Training;

/// <summary>Cuts a step's rows into parts that are computed one after the other; their sums travel, and are divided by the whole step's trained tokens.</summary>
static class MicroBatches
{
    /// <param name="rows">In their order, which stays.</param>
    /// <param name="tokens">Of a part, at most, its padding included; one row always fits. 0: all in one.</param>
    /// <param name="packed">There is no padding.</param>
    public static IEnumerable<Row[]> Of(IReadOnlyList<Row> rows, int tokens, bool packed = false)
    {
        var (start, longest, sum) = (0, 0, 0L);
        for (var end = 0; end < rows.Count; end++)
        {
            (longest, sum) = (Math.Max(longest, rows[end].Length), sum + rows[end].Length);
            if (tokens > 0 && end > start && (packed ? sum : (long)(end - start + 1) * longest) > tokens)
            {
                yield return [.. rows.Skip(start).Take(end - start)];
                (start, longest, sum) = (end, rows[end].Length, rows[end].Length);
            }
        }

        yield return [.. rows.Skip(start)];
    }
}
