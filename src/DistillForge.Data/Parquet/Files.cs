using DistillForge.Core;

namespace DistillForge.Data;

/// <summary>Prompts as Parquet.</summary>
public static class PromptsFile
{
    static readonly ParquetFile<Prompt> File = new("prompts", new PromptSchema());

    /// <returns>Rows written.</returns>
    public static Task<long> WriteAsync(string path, IAsyncEnumerable<Prompt> rows, CancellationToken cancellationToken) => File.WriteAsync(path, rows, cancellationToken);

    public static IAsyncEnumerable<Prompt> ReadAsync(IReadOnlyList<string> paths, CancellationToken cancellationToken) => File.ReadAsync(paths, cancellationToken);
}

/// <summary>Examples as Parquet, without their traces.</summary>
public static class ExamplesFile
{
    internal static readonly ParquetFile<Example> File = new("examples", new ExampleSchema());

    /// <returns>Rows written.</returns>
    public static Task<long> WriteAsync(string path, IAsyncEnumerable<Example> rows, CancellationToken cancellationToken) => File.WriteAsync(path, rows, cancellationToken);

    public static IAsyncEnumerable<Example> ReadAsync(IReadOnlyList<string> paths, CancellationToken cancellationToken) => File.ReadAsync(paths, cancellationToken);
}

/// <summary>Traces as Parquet.</summary>
public static class TracesFile
{
    internal static readonly ParquetFile<TokenTrace> File = new("traces", new TraceSchema());

    /// <returns>Rows written.</returns>
    public static Task<long> WriteAsync(string path, IAsyncEnumerable<TokenTrace> rows, CancellationToken cancellationToken) => File.WriteAsync(path, rows, cancellationToken);

    public static IAsyncEnumerable<TokenTrace> ReadAsync(IReadOnlyList<string> paths, CancellationToken cancellationToken) => File.ReadAsync(paths, cancellationToken);
}

/// <summary>Audited positions as Parquet.</summary>
public static class AuditFile
{
    // Half-precision logits have little in them that a slower search would find.
    static readonly ParquetFile<AuditPosition> File = new("an audit", new AuditSchema(), compressionLevel: 3);

    /// <returns>Positions written.</returns>
    public static Task<long> WriteAsync(string path, IAsyncEnumerable<AuditPosition> rows, CancellationToken cancellationToken) => File.WriteAsync(path, rows, cancellationToken);

    public static IAsyncEnumerable<AuditPosition> ReadAsync(IReadOnlyList<string> paths, CancellationToken cancellationToken) => File.ReadAsync(paths, cancellationToken);
}

/// <summary>Failures as Parquet.</summary>
public static class FailuresFile
{
    static readonly ParquetFile<Failure> File = new("failures", new FailureSchema());

    /// <returns>Rows written.</returns>
    public static Task<long> WriteAsync(string path, IAsyncEnumerable<Failure> rows, CancellationToken cancellationToken) => File.WriteAsync(path, rows, cancellationToken);

    public static IAsyncEnumerable<Failure> ReadAsync(IReadOnlyList<string> paths, CancellationToken cancellationToken) => File.ReadAsync(paths, cancellationToken);
}

/// <summary>Verdicts as Parquet.</summary>
public static class VerdictsFile
{
    static readonly ParquetFile<JudgedRow> File = new("verdicts", new VerdictSchema());

    /// <returns>Rows written.</returns>
    public static Task<long> WriteAsync(string path, IAsyncEnumerable<JudgedRow> rows, CancellationToken cancellationToken) => File.WriteAsync(path, rows, cancellationToken);

    public static IAsyncEnumerable<JudgedRow> ReadAsync(IReadOnlyList<string> paths, CancellationToken cancellationToken) => File.ReadAsync(paths, cancellationToken);
}
