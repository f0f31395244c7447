using DistillForge.Data.Duck;

namespace DistillForge.Data;

/// <summary>What running a statement came to.</summary>
/// <param name="Rows">The lines of the table, values joined; null where it failed.</param>
/// <param name="Error">Why it failed.</param>
/// <param name="IsLate">It was broken off.</param>
public sealed record SqlOutcome(IReadOnlyList<string>? Rows, string? Error, bool IsLate = false);

/// <summary>
/// Runs one query that a stranger wrote over tables that a script makes, in a database of its own in memory: no file, no extension, no spilling, locked settings, one thread,
/// so much memory and time. Each call starts anew.
/// </summary>
public sealed class SqlSandbox(string setup, TimeSpan time, int memoryMb)
{
    /// <summary>More lines are not compared.</summary>
    public const int MostRows = 10_000;

    /// <param name="sql">Only what reads is run.</param>
    public SqlOutcome Run(string sql)
    {
        using var limited = new CancellationTokenSource(time);
        try
        {
            using var database = DuckDatabase.Open("", [], $"{memoryMb}MB");
            if (setup.Length > 0)
            {
                database.Execute(setup, limited.Token);
            }

            return new SqlOutcome([.. Sql.Table(database, $"SELECT CAST(COLUMNS(*) AS VARCHAR) FROM (\n{sql.TrimEnd().TrimEnd(';')}\n)", MostRows + 1, limited.Token).Select(row => string.Join('\u001f', row.Select(value => value ?? "\u0000")))], null);
        }
        catch (OperationCanceledException)
        {
            return new SqlOutcome(null, $"ran longer than {time.TotalSeconds:0.#} s", IsLate: true);
        }
        catch (DuckException exception)
        {
            return new SqlOutcome(null, exception.Message.Split('\n', 2)[0]);
        }
    }
}
