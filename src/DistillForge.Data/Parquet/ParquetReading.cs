using System.Runtime.CompilerServices;
using DistillForge.Core;
using DistillForge.Data.Duck;

namespace DistillForge.Data;

/// <summary>One pass over Parquet files that may come from anybody: columns and types are checked before a row is read.</summary>
sealed class ParquetReading<TRow>(string kind, ParquetSchema<TRow> schema, IReadOnlyList<string> paths)
{
    readonly string where = paths.Count == 1 ? paths[0] : $"{paths.Count} files in {Path.GetDirectoryName(paths.Count == 0 ? "" : paths[0])}";
    readonly List<string> full = [.. paths.Select(Path.GetFullPath)];

    public async IAsyncEnumerable<TRow> RowsAsync(string order, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        if (paths.Count == 0)
        {
            yield break;
        }

        CheckPresence();
        using var database = await Guard(Open);
        var expected = await Guard(() => Prepare(database, cancellationToken));
        using var stream = database.Stream($"{await Guard(() => Selection(database, cancellationToken))} {order}", cancellationToken);
        await Guard(() =>
        {
            stream.Start();
            return 0;
        });
        var seen = 0L;
        while (await Guard(() => Next(stream)) is { } rows)
        {
            seen += rows.Length;
            foreach (var row in rows)
            {
                yield return row;
            }
        }

        if (seen != expected)
        {
            throw Refusal($"says that it has {expected} rows, but gave {seen}.");
        }
    }

    public Task<long> CountAsync(CancellationToken cancellationToken)
    {
        if (paths.Count == 0)
        {
            return Task.FromResult(0L);
        }

        CheckPresence();
        return Guard(() =>
        {
            using var database = Open();
            return Prepare(database, cancellationToken);
        });
    }

    DuckDatabase Open() => DuckDatabase.Open(Path.Combine(Path.GetTempPath(), $"distillforge-{Environment.ProcessId}"), full);

    // Rows that the footers promise.
    long Prepare(DuckDatabase database, CancellationToken cancellationToken)
    {
        var rows = Sql.Table(database, $"SELECT coalesce(sum(num_rows), 0)::BIGINT::VARCHAR, coalesce(min(num_rows), 0)::BIGINT::VARCHAR FROM parquet_file_metadata({DuckDatabase.ListOf(full)})", 1, cancellationToken)[0];
        return long.Parse(rows[1]!) < 0 ? throw Refusal("says that it has a negative number of rows.") : long.Parse(rows[0]!);
    }

    // Files whose columns have other types are selected from apart: together, DuckDB would cast one to the other in silence.
    string Selection(DuckDatabase database, CancellationToken cancellationToken)
    {
        var alike = full.Select(path => (Path: path, Columns: ColumnsOf(database, path, cancellationToken))).GroupBy(file => file.Columns, file => file.Path).ToList();
        var selects = alike.ConvertAll(files => $"SELECT {files.Key} FROM read_parquet({DuckDatabase.ListOf(files)})");
        return selects.Count == 1 ? selects[0] : $"SELECT * FROM ({string.Join(" UNION ALL ", selects)})";
    }

    string ColumnsOf(DuckDatabase database, string path, CancellationToken cancellationToken)
    {
        var there = Sql.Table(database, $"SELECT column_name, column_type FROM (DESCRIBE SELECT * FROM read_parquet({DuckDatabase.Quote(path)}))", int.MaxValue, cancellationToken).ToDictionary(row => row[0]!, row => row[1]!);
        var problems = schema.Columns.GroupBy(column => column.Name)
            .Where(types => there.TryGetValue(types.Key, out var type) ? !types.Any(column => Is(type, column.Sql)) : types.Any(column => column.IsRequired))
            .Select(types => there.TryGetValue(types.Key, out var type)
                ? new Problem(types.Key, $"is {type}, should be {string.Join(" or ", types.Select(column => column.Sql))}.")
                : new Problem(types.Key, "is missing.", NearName.Suggest(types.Key, there.Keys) ?? $"It is a {types.First().Sql}."))
            .ToList();
        if (problems.Count > 0)
        {
            throw new ForgeException($"{(paths.Count == 1 ? where : path)}, read as {kind},", problems);
        }

        return string.Join(", ", schema.Columns.Select(column => there.TryGetValue(column.Name, out var type) && Is(type, column.Sql) ? $"\"{column.Name}\"" : $"{column.Absent}::{column.Sql}"));
    }

    // DuckDB quotes names as it sees fit.
    static bool Is(string type, string wanted) => Plain(type) == Plain(wanted);

    static string Plain(string type) => type.Replace("\"", "").Replace(" ", "");

    TRow[]? Next(DuckStream stream)
    {
        using var chunk = stream.Next();
        return chunk is null ? null : schema.Read(chunk);
    }

    void CheckPresence()
    {
        if (paths.FirstOrDefault(path => !File.Exists(path)) is { } absent)
        {
            throw new ForgeException(new Problem(absent, "does not exist."));
        }

        foreach (var path in paths)
        {
            OutsideFile.Require(path);
        }
    }

    async Task<T> Guard<T>(Func<T> step)
    {
        try
        {
            return await Task.Run(step);
        }
        catch (Exception exception) when (exception is DuckException or InvalidDataException or OverflowException)
        {
            throw Refusal($"cannot be read as {kind}: {exception.Message.ReplaceLineEndings(" ")}", exception);
        }
    }

    ForgeException Refusal(string what, Exception? inner = null) => new(new Problem(where, what), inner: inner);
}
