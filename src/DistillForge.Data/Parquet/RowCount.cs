namespace DistillForge.Data;

/// <summary>How many rows Parquet files say they have; reads only their footers.</summary>
public static class RowCount
{
    public static Task<long> OfAsync(IReadOnlyList<string> paths, CancellationToken cancellationToken)
        => new ParquetReading<Core.Failure>("rows", new FailureSchema(), paths).CountAsync(cancellationToken);
}
