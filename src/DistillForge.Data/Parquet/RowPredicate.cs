using System.Runtime.CompilerServices;
using DistillForge.Core;
using DistillForge.Data.Duck;

namespace DistillForge.Data;

/// <summary>
/// Asks DuckDB whether an SQL expression holds of each row of a dataset. The columns are those of the examples, <c>question</c> and <c>answer</c> (the last user message and
/// the last completion message) and, where the expression names one, those of the traces; window functions look over the whole dataset.
/// </summary>
/// <remarks>DuckDB sees the rows and nothing else: no other file, no extension, locked settings, one thread, so much memory and time.</remarks>
public sealed class RowPredicate(string expression, TimeSpan time, int memoryMb)
{
    const string Texts = "list_filter(prompt, lambda m: m.role = 'user')[-1].content AS question, completion[-1].content AS answer";

    static readonly TraceSchema Traces = new();

    // Only these need the traces, which are many times as large as the rows.
    static readonly string[] TraceColumns = [.. Traces.Written.Select(column => column.Name).Where(name => name != "id").Distinct()];

    /// <returns>What is wrong with the expression, or null.</returns>
    public static string? Check(string expression)
    {
        try
        {
            using var database = DuckDatabase.Open("", []);
            database.Execute($"CREATE TABLE examples ({ColumnsOf(new ExampleSchema().Written)})", CancellationToken.None);
            database.Execute($"CREATE TABLE traces ({ColumnsOf(Traces.Written)})", CancellationToken.None);
            Define(database, "examples", "traces", "rowid", CancellationToken.None);
            using var stream = database.Stream(Question(expression), CancellationToken.None);
            return stream.IsSelect ? null : "is no expression";
        }
        catch (DuckException exception)
        {
            return FirstLine(exception);
        }
    }

    /// <summary>One answer a row, in the dataset's order; null where SQL knows none.</summary>
    /// <exception cref="ForgeException">It takes too long or too much, or a value does not suit the expression.</exception>
    public async IAsyncEnumerable<bool?> JudgeAsync(IDataset dataset, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var folder = Directory.CreateTempSubdirectory("distillforge-sql-").FullName;
        try
        {
            var (examples, traces) = (Path.Combine(folder, "examples.parquet"), Path.Combine(folder, "traces.parquet"));
            await ExamplesFile.WriteAsync(examples, dataset.ReadAsync(cancellationToken), cancellationToken);
            if (Array.Exists(TraceColumns, name => expression.Contains(name, StringComparison.OrdinalIgnoreCase)))
            {
                await TracesFile.WriteAsync(traces, TracesOf(dataset, cancellationToken), cancellationToken);
            }

            foreach (var answer in await Task.Run(() => Answers(folder, examples, traces, cancellationToken), cancellationToken))
            {
                yield return answer switch { 1 => true, 0 => false, _ => null };
            }
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    // All before the first is given: the time is DuckDB's alone, however slowly verdicts are taken.
    List<sbyte> Answers(string folder, string examples, string traces, CancellationToken cancellationToken)
    {
        using var limited = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limited.CancelAfter(time);
        try
        {
            using var database = DuckDatabase.Open(Path.Combine(folder, "spill"), [examples, traces], $"{memoryMb}MB");
            Define(database, $"read_parquet({DuckDatabase.Quote(examples)}, file_row_number = true)", File.Exists(traces) ? $"read_parquet({DuckDatabase.Quote(traces)})" : null, "file_row_number", limited.Token);
            using var stream = database.Stream(Question(expression), limited.Token);
            stream.Start();
            var answers = new List<sbyte>();
            while (stream.Next() is { } chunk)
            {
                using (chunk)
                {
                    answers.AddRange(Types.OptionalText.Read(chunk.Vector(0), chunk.Rows).Select(text => (sbyte)(text switch { "true" => 1, "false" => 0, _ => -1 })));
                }
            }

            return answers;
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            throw new ForgeException(new Problem("sql", $"took longer than {time.TotalSeconds:0.#} s: {expression}", "Simplify the predicate, or raise the filter's 'seconds'."));
        }
        catch (DuckException exception)
        {
            throw new ForgeException(new Problem("sql", $"{FirstLine(exception)} in: {expression}", "try_cast gives null where cast fails; memory_mb says how much memory it may take."), inner: exception);
        }
    }

    static async IAsyncEnumerable<TokenTrace> TracesOf(IDataset dataset, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await foreach (var row in dataset.ReadAsync(cancellationToken))
        {
            if (row.Trace is { } trace)
            {
                yield return trace with { Id = row.Id };
            }
        }
    }

    static void Define(DuckDatabase database, string examples, string? traces, string number, CancellationToken cancellationToken)
    {
        var joined = traces is null ? "" : $" LEFT JOIN (SELECT * FROM {traces}) AS t USING (id)";
        var columns = string.Join(", ", new ExampleSchema().Written.Select(column => column.Name == "id" ? "id" : $"e.{column.Name}").Concat(traces is null ? [] : TraceColumns.Select(name => $"t.{name}")));
        database.Execute($"CREATE VIEW rows AS SELECT {columns}, {Texts}, e.{number} AS place FROM {examples} AS e{joined}", cancellationToken);
    }

    static string Question(string expression) => $"SELECT CAST(CAST((\n{expression}\n) AS BOOLEAN) AS VARCHAR) FROM rows ORDER BY place";

    static string ColumnsOf<TRow>(IEnumerable<ParquetSchema<TRow>.Column> columns) => string.Join(", ", columns.Select(column => $"{column.Name} {column.Sql}"));

    static string FirstLine(DuckException exception) => exception.Message.Split('\n', 2)[0];
}
