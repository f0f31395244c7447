using System.Runtime.CompilerServices;
using System.Text.RegularExpressions;
using DistillForge.Core;
using DistillForge.Data;

namespace DistillForge.Filters;

/// <summary>Keeps or drops rows by an SQL expression over the dataset's columns, for what nobody foresaw: <c>sql: { drop: "length(answer) &lt; 20 and category = 'essay'" }</c>.</summary>
[Component("sql")]
public sealed partial class SqlFilter(SqlFilter.Options options) : IDatasetFilter
{
    /// <param name="Keep">Rows of which it does not hold, or nobody knows, are dropped.</param>
    /// <param name="Drop">Rows of which it holds are dropped.</param>
    /// <param name="Code">What a drop is counted as.</param>
    /// <param name="Seconds">For the whole dataset.</param>
    /// <param name="MemoryMb">For the query; more spills to a temporary file where DuckDB can.</param>
    public sealed record Options(string Keep = "", string Drop = "", string Code = "sql-predicate", double Seconds = 600, int MemoryMb = 1024) : ICheckedOptions
    {
        public IEnumerable<Problem> Check()
        {
            if ((Keep.Length == 0) == (Drop.Length == 0))
            {
                yield return new Problem("", "needs one of 'keep' and 'drop', an SQL expression over the dataset's columns.", "E.g. sql: { drop: \"length(answer) < 20\" }");
            }
            else if (RowPredicate.Check(Keep.Length > 0 ? Keep : Drop) is { } problem)
            {
                yield return new Problem(Keep.Length > 0 ? "keep" : "drop", $"is not understood: {problem}", "Columns are those of the examples (and traces), question and answer.");
            }

            if (!CodeName().IsMatch(Code))
            {
                yield return new Problem("code", $"is '{Code}'; a code is written like sql-predicate.");
            }

            if (Seconds is not (> 0 and <= 86_400) || MemoryMb is < 64 or > 1_000_000)
            {
                yield return new Problem("seconds", $"is {Seconds} and memory_mb {MemoryMb}; seconds lie above 0, memory_mb counts from 64.");
            }
        }
    }

    public async IAsyncEnumerable<Verdict> JudgeAsync(IDataset dataset, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var (expression, wanted) = options.Drop.Length > 0 ? (options.Drop, false) : (options.Keep.Length > 0 ? options.Keep : "true", true);
        await foreach (var holds in new RowPredicate(expression, TimeSpan.FromSeconds(options.Seconds), options.MemoryMb).JudgeAsync(dataset, cancellationToken))
        {
            yield return wanted ? holds == true ? Verdict.Keep : Verdict.Drop(options.Code, $"{(holds is null ? "is unknown" : "does not hold")}: {Passage.Short(expression)}")
                : holds == true ? Verdict.Drop(options.Code, $"holds: {Passage.Short(expression)}")
                : Verdict.Keep;
        }
    }

    [GeneratedRegex("^[a-z][a-z0-9]*(-[a-z0-9]+)*$", RegexOptions.CultureInvariant, matchTimeoutMilliseconds: 1000)]
    private static partial Regex CodeName();
}
