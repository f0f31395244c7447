#pragma warning disable MA0025, CS9113
using DistillForge.Core;

namespace DistillForge.Data;

/// <summary>Prompts as Parquet.</summary>
public static class PromptsFile
{
    public static Task<long> WriteAsync(string path, IAsyncEnumerable<Prompt> rows, CancellationToken cancellationToken) => throw new NotImplementedException();

    public static IAsyncEnumerable<Prompt> ReadAsync(IReadOnlyList<string> paths, CancellationToken cancellationToken) => throw new NotImplementedException();
}

/// <summary>Examples as Parquet, without their traces.</summary>
public static class ExamplesFile
{
    /// <returns>Rows written.</returns>
    public static Task<long> WriteAsync(string path, IAsyncEnumerable<Example> rows, CancellationToken cancellationToken) => throw new NotImplementedException();

    public static IAsyncEnumerable<Example> ReadAsync(IReadOnlyList<string> paths, CancellationToken cancellationToken) => throw new NotImplementedException();
}

/// <summary>Traces as Parquet.</summary>
public static class TracesFile
{
    public static Task<long> WriteAsync(string path, IAsyncEnumerable<TokenTrace> rows, CancellationToken cancellationToken) => throw new NotImplementedException();

    public static IAsyncEnumerable<TokenTrace> ReadAsync(IReadOnlyList<string> paths, CancellationToken cancellationToken) => throw new NotImplementedException();
}

/// <summary>Failures as Parquet.</summary>
public static class FailuresFile
{
    public static Task<long> WriteAsync(string path, IAsyncEnumerable<Failure> rows, CancellationToken cancellationToken) => throw new NotImplementedException();

    public static IAsyncEnumerable<Failure> ReadAsync(IReadOnlyList<string> paths, CancellationToken cancellationToken) => throw new NotImplementedException();
}

/// <summary>Verdicts as Parquet.</summary>
public static class VerdictsFile
{
    public static Task<long> WriteAsync(string path, IAsyncEnumerable<JudgedRow> rows, CancellationToken cancellationToken) => throw new NotImplementedException();

    public static IAsyncEnumerable<JudgedRow> ReadAsync(IReadOnlyList<string> paths, CancellationToken cancellationToken) => throw new NotImplementedException();
}

/// <summary>Examples in the order of their ids, each with its trace where there is one. The order does not depend on the order of answers.</summary>
/// <param name="traces">Shards of traces; none for examples without.</param>
/// <param name="scorer">Whose traces to take when there are several; null takes the only one there is.</param>
public sealed class ParquetDataset(IReadOnlyList<string> examples, IReadOnlyList<string> traces, string? scorer = null) : IDataset
{
    public long Count => throw new NotImplementedException();

    public IAsyncEnumerable<Example> ReadAsync(CancellationToken cancellationToken) => throw new NotImplementedException();
}

/// <summary>The answer to a query: text cells, null where a value is absent.</summary>
public sealed record SqlTable(IReadOnlyList<string> Columns, IReadOnlyList<string> Types, IReadOnlyList<IReadOnlyList<string?>> Rows, bool Truncated);

/// <summary>Runs SQL over a folder's files, read-only.</summary>
public static class Sql
{
    /// <param name="folder">Views are made for the stage files that are there: prompts, examples, traces, failures, verdicts, curated.</param>
    /// <param name="limit">Rows returned at most.</param>
    public static Task<SqlTable> QueryAsync(string sql, string folder, CancellationToken cancellationToken, int limit = 10_000) => throw new NotImplementedException();
}
