using DistillForge.Core;
using DistillForge.Data;

namespace DistillForge.Filters;

/// <summary>Rejection sampling for SQL: drops answers whose query fails in a database of its own, or gives other rows than the expected query.</summary>
[Component("sql-answer")]
public sealed class SqlAnswer : IFilter
{
    readonly Options options;
    readonly SqlSandbox sandbox;

    /// <summary>What the answer's query must do.</summary>
    public enum Test
    {
        /// <summary>Run.</summary>
        Runs,

        /// <summary>Give the rows that the query in <c>expected</c> gives, in any order; where a row has none, run.</summary>
        SameRows,
    }

    public sealed record Options : ICheckedOptions
    {
        /// <summary>A script that makes the tables, run anew for each row.</summary>
        public RecipeFile? Schema { get; init; }

        public Test Must { get; init; } = Test.SameRows;

        /// <summary>For one query, its tables included.</summary>
        public double Seconds { get; init; } = 2;

        public int MemoryMb { get; init; } = 256;

        public IEnumerable<Problem> Check()
        {
            if (Seconds is not (> 0 and <= 600) || MemoryMb is < 16 or > 100_000)
            {
                yield return new Problem("seconds", $"is {Seconds} and memory_mb {MemoryMb}; seconds lie above 0 and not above 600, memory_mb counts from 16.");
            }
        }
    }

    public SqlAnswer(Options options)
    {
        this.options = options;
        sandbox = new SqlSandbox(options.Schema is { } schema ? File.ReadAllText(schema.Path) : "", TimeSpan.FromSeconds(options.Seconds), options.MemoryMb);
    }

    public Verdict Judge(Example example)
    {
        var query = QueryOf(example.Text);
        if (query.Length == 0)
        {
            return Verdict.Drop("no-sql", "holds no query");
        }

        var answer = sandbox.Run(query);
        if (answer.Rows is null)
        {
            return Verdict.Drop(answer.IsLate ? "sql-too-slow" : "sql-fails", answer.Error!);
        }

        if (options.Must == Test.Runs || string.IsNullOrWhiteSpace(example.Expected))
        {
            return Verdict.Keep;
        }

        var expected = sandbox.Run(QueryOf(example.Expected));
        return expected.Rows is null ? Verdict.Drop("unusable-expected-answer", $"the expected query fails: {expected.Error}")
            : answer.Rows.Order(StringComparer.Ordinal).SequenceEqual(expected.Rows.Order(StringComparer.Ordinal)) ? Verdict.Keep
            : Verdict.Drop("wrong-rows", $"gives {answer.Rows.Count} rows, the expected query {expected.Rows.Count}, and not the same");
    }

    /// <summary>The first fenced block, else the whole text.</summary>
    static string QueryOf(string text)
    {
        var fence = text.IndexOf("```", StringComparison.Ordinal);
        if (fence < 0)
        {
            return text.Trim();
        }

        var start = text.IndexOf('\n', fence);
        var end = start < 0 ? -1 : text.IndexOf("```", start, StringComparison.Ordinal);
        return start < 0 ? "" : (end < 0 ? text[start..] : text[start..end]).Trim();
    }
}
