using DistillForge.Core;

namespace DistillForge.Data;

/// <summary>One row of somebody's file.</summary>
/// <param name="Line">Where it stands, from 1.</param>
/// <param name="Completion">Empty where the file has only prompts.</param>
public sealed record ImportedRow(int Line, IReadOnlyList<Message> Prompt, IReadOnlyList<Message> Completion, string? Expected = null, string? Category = null)
{
    /// <summary>User turns to be asked after the answer to <see cref="Prompt"/>, one after the other.</summary>
    public IReadOnlyList<string> FollowUps { get; init; } = [];

    /// <summary>What the row itself says of where it comes from.</summary>
    public string? Source { get; init; }

    /// <summary>A worse answer than <see cref="Completion"/>, where the file has pairs.</summary>
    public string? Rejected { get; init; }

    /// <summary>The row's id, author and license, where it is one of ours.</summary>
    public (string Id, string Author, string? License)? Origin { get; init; }

    /// <summary>As a question to a teacher.</summary>
    /// <param name="teacher">See <see cref="RowId.For"/>.</param>
    /// <param name="recipeSeed">The row's own seed derives from it and the sample number.</param>
    public Prompt ToPrompt(string teacher, Sampling sampling, long recipeSeed, int sample, string source)
    {
        var seed = Seeds.Derive(recipeSeed, "sample", $"{sample}");
        return new Prompt(RowId.For(Prompt, teacher, sampling.Describe(), seed), Prompt, seed, source, sample, Expected ?? Answer, Category);
    }

    /// <summary>As an answered row.</summary>
    /// <param name="sample">Counts rows that say exactly the same, so that each has an id of its own.</param>
    public Example ToExample(string author, string? license, string source, int sample = 0) => new()
    {
        Id = RowId.For([.. Prompt, .. Completion], author, "", sample),
        Prompt = Prompt,
        Completion = Completion,
        Author = author,
        License = license,
        Source = source,
        Expected = Expected,
        Category = Category,
        Rejected = Rejected,
    };

    string? Answer => Completion.Count == 0 ? null : Completion[^1].Content;
}

/// <summary>Reads other people's files, a row at a time.</summary>
public static class Import
{
    /// <summary>
    /// JSON lines: <c>prompt</c> and <c>completion</c> (texts or lists of messages), <c>messages</c>, <c>conversations</c>, <c>instruction</c> and <c>output</c>,
    /// <c>question</c> and <c>answer</c>, or <c>text</c>, or <c>chosen</c> and <c>rejected</c> (texts with a question, or whole conversations); beside them
    /// <c>expected</c> and <c>category</c>.
    /// </summary>
    /// <param name="shape">One of <see cref="Shapes"/>; null finds out, row by row.</param>
    public static IAsyncEnumerable<ImportedRow> JsonlAsync(string path, CancellationToken cancellationToken, string? shape = null) => JsonlImport.ReadAsync(path, shape, cancellationToken);

    /// <summary>The forms of rows that may be named.</summary>
    public static IReadOnlyList<string> Shapes => RowForms.Names;

    /// <summary>Whether a table with these columns is read as JSON lines with these keys are.</summary>
    public static bool KnowsColumns(IEnumerable<string> columns) => RowForms.Knows(columns);

    /// <summary>Parquet with columns called like the keys of JSON lines; rows with <c>id</c> and <c>author</c> keep them.</summary>
    public static IAsyncEnumerable<ImportedRow> ParquetAsync(string path, CancellationToken cancellationToken, string? shape = null) => ParquetImport.ReadAsync(path, shape, cancellationToken);

    /// <summary>
    /// CSV with a heading line; a column <c>category</c> comes along. Without the <paramref name="column"/>, or where a <paramref name="shape"/> is named, the columns are
    /// called like the keys of JSON lines, and lists of messages are JSON in their cells.
    /// </summary>
    /// <param name="answerColumn">Null for prompts only.</param>
    public static IAsyncEnumerable<ImportedRow> CsvAsync(string path, string column, string? answerColumn, CancellationToken cancellationToken, string? shape = null)
        => CsvImport.ReadAsync(path, column, answerColumn, shape, cancellationToken);

    /// <summary>
    /// Dialogues of <c>User:</c> and <c>Bot:</c> lines, one turn a line, an empty line between dialogues, <c>&lt;|endoftext|&gt;</c> ignored. Gives the first
    /// user turn of each, and those after it as follow-ups; a block that does not begin with <c>User:</c> is passed over.
    /// </summary>
    public static IAsyncEnumerable<ImportedRow> TurnsAsync(string path, CancellationToken cancellationToken) => TurnsImport.ReadAsync(path, cancellationToken);

    /// <summary>The rows that a recipe's prompts name (not of a template): system message added, turns and count applied.</summary>
    public static IAsyncEnumerable<ImportedRow> PromptsAsync(PromptSource source, CancellationToken cancellationToken)
        => Shape(
            source.Jsonl is { } jsonl ? JsonlAsync(jsonl.Path, cancellationToken, source.Shape)
                : source.Csv is { } csv ? CsvAsync(csv.Path, source.Column, null, cancellationToken, source.Shape)
                : source.Parquet is { } parquet ? ParquetAsync(parquet.Path, cancellationToken, source.Shape)
                : source.Turns is { } turns ? TurnsAsync(turns.Path, cancellationToken)
                : throw new ArgumentException("a template makes prompts by itself", nameof(source)),
            source.System,
            source.Count).Select(row => WithTurns(row, source.MaxTurns ?? (source.Turns is null ? int.MaxValue : 1)));

    /// <summary>The rows that a recipe's dataset names (not of a template); each has a completion.</summary>
    public static IAsyncEnumerable<ImportedRow> DatasetAsync(DatasetSource source, CancellationToken cancellationToken)
    {
        var (path, rows) = source.Jsonl is { } jsonl ? (jsonl.Path, JsonlAsync(jsonl.Path, cancellationToken, source.Shape))
            : source.Csv is { } csv ? (csv.Path, CsvAsync(csv.Path, source.Column, source.AnswerColumn, cancellationToken, source.Shape))
            : source.Parquet is { } parquet ? (parquet.Path, ParquetAsync(parquet.Path, cancellationToken, source.Shape))
            : throw new ArgumentException("a template makes rows by itself", nameof(source));
        return Shape(rows.Select(row => row.Completion.Count > 0 ? row : throw new ForgeException(path, [new Problem("", "has no answer.", "A dataset needs 'completion', 'answer', or messages that end with the assistant's.", row.Line)])), source.System, source.Count);
    }

    // A conversation whose turns are to be asked anew keeps the user's words; the answers in it were somebody else's.
    static ImportedRow WithTurns(ImportedRow row, int most)
    {
        var users = row.Prompt.Where(message => message.Role == "user").ToList();
        return row.FollowUps.Count > 0 ? row with { FollowUps = [.. row.FollowUps.Take(most - 1)] }
            : most is 1 or int.MaxValue || users.Count < 2 ? row
            : row with { Prompt = [.. row.Prompt.TakeWhile(message => message.Role == "system"), users[0]], FollowUps = [.. users.Skip(1).Take(most - 1).Select(message => message.Content)] };
    }

    static IAsyncEnumerable<ImportedRow> Shape(IAsyncEnumerable<ImportedRow> rows, string? system, int count)
    {
        var shaped = system is null ? rows : rows.Select(row => row.Prompt.Any(message => message.Role == "system") ? row : row with { Prompt = [Message.System(system), .. row.Prompt] });
        return count > 0 ? shaped.Take(count) : shaped;
    }
}
