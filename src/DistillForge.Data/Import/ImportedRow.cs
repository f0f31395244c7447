#pragma warning disable MA0025
using DistillForge.Core;

namespace DistillForge.Data;

/// <summary>One row of somebody's file.</summary>
/// <param name="Line">Where it stands, from 1.</param>
/// <param name="Completion">Empty where the file has only prompts.</param>
public sealed record ImportedRow(int Line, IReadOnlyList<Message> Prompt, IReadOnlyList<Message> Completion, string? Expected = null, string? Category = null);

/// <summary>Reads other people's files, a row at a time.</summary>
public static class Import
{
    public static IAsyncEnumerable<ImportedRow> JsonlAsync(string path, CancellationToken cancellationToken) => throw new NotImplementedException();

    public static IAsyncEnumerable<ImportedRow> CsvAsync(string path, string column, string? answerColumn, CancellationToken cancellationToken) => throw new NotImplementedException();

    public static IAsyncEnumerable<ImportedRow> TurnsAsync(string path, CancellationToken cancellationToken) => throw new NotImplementedException();

    /// <summary>The rows that a recipe's prompts name (not of a template): system message added, count applied.</summary>
    public static IAsyncEnumerable<ImportedRow> PromptsAsync(PromptSource source, CancellationToken cancellationToken) => throw new NotImplementedException();

    /// <summary>The rows that a recipe's dataset names (not of a template).</summary>
    public static IAsyncEnumerable<ImportedRow> DatasetAsync(DatasetSource source, CancellationToken cancellationToken) => throw new NotImplementedException();
}

/// <summary>Writes examples as JSON lines with <c>prompt</c> and <c>completion</c>, the form that other trainers read.</summary>
public static class JsonlExport
{
    public static Task<long> WriteAsync(string path, IAsyncEnumerable<Example> rows, CancellationToken cancellationToken) => throw new NotImplementedException();
}
