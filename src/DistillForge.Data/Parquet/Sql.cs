using System.Text.RegularExpressions;
using DistillForge.Core;
using DistillForge.Data.Duck;

namespace DistillForge.Data;

/// <summary>The answer to a query: text cells, null where a value is absent.</summary>
/// <param name="Truncated">There were more rows than asked for.</param>
public sealed record SqlTable(IReadOnlyList<string> Columns, IReadOnlyList<string> Types, IReadOnlyList<IReadOnlyList<string?>> Rows, bool Truncated);

/// <summary>Runs SQL over a run folder's Parquet files, read-only; <c>logprob(code)</c> decodes what <c>head_logprobs</c> holds.</summary>
public static partial class Sql
{
    static readonly (string View, string Files)[] Views =
    [
        ("prompts", "prompts.parquet"), ("examples", "examples/*.parquet"), ("traces", "traces/*.parquet"), ("traces", "scores/*/traces/*.parquet"),
        ("failures", "failures.parquet"), ("verdicts", "verdicts.parquet"), ("curated", "curated.parquet"),
        ("audit", "audit.parquet"),
    ];

    /// <param name="folder">Its stage files are there under their names: prompts, examples, traces, failures, verdicts, curated.</param>
    /// <param name="limit">Rows returned at most.</param>
    /// <exception cref="ForgeException">DuckDB's complaint, or the statement would not only read.</exception>
    public static Task<SqlTable> QueryAsync(string sql, string folder, CancellationToken cancellationToken, int limit = 10_000)
        => Task.Run(() => Query(sql.TrimEnd().TrimEnd(';'), Path.GetFullPath(folder), limit, cancellationToken), cancellationToken);

    static SqlTable Query(string sql, string folder, int limit, CancellationToken cancellationToken)
    {
        if (!Directory.Exists(folder))
        {
            throw new ForgeException(new Problem(folder, "does not exist.", "Name the folder of a run."));
        }

        List<string> tables = [];
        try
        {
            using var database = DuckDatabase.Open(Path.Combine(Path.GetTempPath(), $"distillforge-{Environment.ProcessId}"), [folder + "/"], threads: Environment.ProcessorCount);
            var there = Directory.EnumerateFiles(folder, "*.parquet", SearchOption.AllDirectories).Select(file => Path.GetRelativePath(folder, file)).ToList();
            // A dataset's traces lie with their scorers: the first place that has some is the table.
            foreach (var (view, files) in Views.Where(view => there.Exists(file => IsOf(view.Files, file))).DistinctBy(view => view.View))
            {
                database.Execute($"CREATE VIEW {view} AS SELECT * FROM read_parquet({DuckDatabase.Quote(Path.Combine(folder, files))})", cancellationToken);
                tables.Add(view);
            }

            database.Execute(FormattableString.Invariant($"CREATE MACRO logprob(code) AS -pow(code / {LogprobCode.Scale:0.0}, 2)"), cancellationToken);
            var types = Table(database, $"SELECT column_name, column_type FROM (DESCRIBE {sql}\n)", int.MaxValue, cancellationToken);
            var rows = Table(database, $"SELECT CAST(COLUMNS(*) AS VARCHAR) FROM ({sql}\n)", limit + 1, cancellationToken);
            return new SqlTable([.. types.Select(row => row[0]!)], [.. types.Select(row => row[1]!)], [.. rows.Take(limit)], rows.Count > limit);
        }
        catch (DuckException exception)
        {
            throw new ForgeException(Complaint(exception.Message, tables), inner: exception);
        }
    }

    // Of a table that is not there DuckDB names its own that are spelled alike (pg_settings, duckdb_logs), which are no use to anybody here.
    static Problem Complaint(string message, IReadOnlyList<string> tables)
        => UnknownTable().Match(message) is { Success: true } unknown
            ? new Problem("sql", $"there is no table '{unknown.Groups[1].Value}' in this run.", $"{NearName.Suggest(unknown.Groups[1].Value, tables) ?? ""} There {(tables.Count == 0 ? "is none yet: let a stage write its files first." : $"{(tables.Count == 1 ? "is" : "are")} {string.Join(", ", tables)}.")}".TrimStart())
            : new Problem("sql", message);

    [GeneratedRegex("^Catalog Error: Table with name \"?(.+?)\"? does not exist", RegexOptions.CultureInvariant, matchTimeoutMilliseconds: 1000)]
    private static partial Regex UnknownTable();

    static bool IsOf(string pattern, string file)
    {
        var (parts, names) = (pattern.Split('/'), file.Split(Path.DirectorySeparatorChar));
        return parts.Length == names.Length && parts.Zip(names).All(pair => System.IO.Enumeration.FileSystemName.MatchesSimpleExpression(pair.First, pair.Second));
    }

    internal static List<string?[]> Table(DuckDatabase database, string sql, int limit, CancellationToken cancellationToken)
    {
        using var stream = database.Stream(sql, cancellationToken);
        if (!stream.IsSelect)
        {
            throw new DuckException("only statements that read are run: SELECT, FROM, DESCRIBE, SUMMARIZE");
        }

        stream.Start();
        var rows = new List<string?[]>();
        while (rows.Count < limit && stream.Next() is { } chunk)
        {
            using (chunk)
            {
                var columns = stream.Columns.Select((_, i) => Types.OptionalText.Read(chunk.Vector(i), chunk.Rows)).ToList();
                rows.AddRange(Enumerable.Range(0, chunk.Rows).Select(row => columns.Select(column => column[row]).ToArray()));
            }
        }

        return rows.Count > limit ? rows[..limit] : rows;
    }
}
