using DistillForge.Core;
using DistillForge.Data.Duck;

namespace DistillForge.Data;

/// <summary>A file of rows as a table: Parquet (one file or several alike), JSON lines or CSV, told by the ending. Nothing but these files is read.</summary>
public static class TableFile
{
    /// <summary>The endings that are read.</summary>
    public static IReadOnlyList<string> Endings { get; } = [".parquet", ".jsonl", ".ndjson", ".csv"];

    /// <summary>How many rows there are, what the columns are called and which types they have, and the first rows as text.</summary>
    /// <exception cref="ForgeException">They are no such table.</exception>
    public static Task<(long Rows, SqlTable Head)> ReadAsync(IReadOnlyList<string> files, int first, CancellationToken cancellationToken) => Task.Run(() => On(files, (database, table) =>
    {
        var columns = Sql.Table(database, $"DESCRIBE SELECT * FROM {table}", int.MaxValue, cancellationToken);
        var rows = Sql.Table(database, $"SELECT CAST(COLUMNS(*) AS VARCHAR) FROM (SELECT * FROM {table} LIMIT {first})", first, cancellationToken);
        var count = Sql.Table(database, $"SELECT CAST(count(*) AS VARCHAR) FROM {table}", 1, cancellationToken)[0][0]!;
        return (long.Parse(count), new SqlTable([.. columns.Select(column => column[0]!)], [.. columns.Select(column => column[1]!)], rows, long.Parse(count) > first));
    }), cancellationToken);

    /// <summary>The least, the middle one, the 95th of a hundred and the greatest of a column's numbers above 0; null where there is none.</summary>
    public static Task<int[]?> SpreadAsync(IReadOnlyList<string> files, string column, CancellationToken cancellationToken) => Task.Run(() => On(files, (database, table) =>
    {
        var name = $"\"{column.Replace("\"", "\"\"")}\"";
        var found = Sql.Table(database, $"SELECT CAST(COLUMNS(*) AS VARCHAR) FROM (SELECT min({name}), quantile_disc({name}, 0.5), quantile_disc({name}, 0.95), max({name}) FROM {table} WHERE {name} > 0)", 1, cancellationToken)[0];
        return found[0] is null ? null : found.Select(value => int.Parse(value!)).ToArray();
    }), cancellationToken);

    static T On<T>(IReadOnlyList<string> files, Func<DuckDatabase, string, T> ask)
    {
        foreach (var file in files)
        {
            OutsideFile.Require(file);
        }

        string[] whole = [.. files.Select(Path.GetFullPath)];
        var list = DuckDatabase.ListOf(whole);
        var table = Path.GetExtension(whole[0]).ToLowerInvariant() switch
        {
            ".parquet" => $"read_parquet({list})",
            ".csv" => $"read_csv({list}, header = true)",
            _ => $"read_json_auto({list}, format = 'newline_delimited')",
        };
        try
        {
            using var database = DuckDatabase.Open(Path.Combine(Path.GetTempPath(), $"distillforge-{Environment.ProcessId}"), whole);
            return ask(database, table);
        }
        catch (DuckException exception)
        {
            throw new ForgeException(new Problem(files[0], $"cannot be read as a table: {TerminalText.OnOneLine(exception.Message.Split('\n', 2)[0])}"), inner: exception);
        }
    }
}
