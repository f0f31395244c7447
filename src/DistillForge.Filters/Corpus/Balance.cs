using System.Runtime.CompilerServices;
using DistillForge.Core;

namespace DistillForge.Filters;

/// <summary>Keeps one kind of rows from outweighing the others: at most so many of each category, source or template. The first in the dataset's order stay, which for rows in the order of their ids is a fair draw.</summary>
/// <remarks>It counts the rows that it keeps itself; what other filters of the policy drop of them is not made up for.</remarks>
[Component("balance")]
public sealed class Balance(Balance.Options options) : IDatasetFilter
{
    /// <summary>What makes a kind.</summary>
    public enum Kind
    {
        Category,
        Source,
        Template,
        Author,
        Expected,
    }

    /// <param name="Most">Rows of a kind; 0 sets no number.</param>
    /// <param name="MaxShare">Of all rows of the dataset; 1 sets no share.</param>
    /// <param name="Unnamed">Count rows without a category (or expected answer) as one kind; else they stay.</param>
    public sealed record Options(Kind By = Kind.Category, int Most = 0, double MaxShare = 1, bool Unnamed = false) : ICheckedOptions
    {
        public IEnumerable<Problem> Check()
        {
            if (Most < 0 || MaxShare is not (> 0 and <= 1))
            {
                yield return new Problem("max_share", $"is {MaxShare} and most {Most}; a share lies above 0 and not above 1, a number is not negative.");
            }
            else if (Most == 0 && MaxShare == 1)
            {
                yield return new Problem("", "sets no bound and would judge nothing.", "Give most or max_share.");
            }
        }
    }

    public async IAsyncEnumerable<Verdict> JudgeAsync(IDataset dataset, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var share = options.MaxShare < 1 ? Math.Max(1, (long)(options.MaxShare * dataset.Count)) : long.MaxValue;
        var most = Math.Min(options.Most > 0 ? options.Most : long.MaxValue, share);
        var counts = new Dictionary<string, long>(StringComparer.Ordinal);
        await foreach (var example in dataset.ReadAsync(cancellationToken))
        {
            var kind = KindOf(example);
            if (string.IsNullOrEmpty(kind) && !options.Unnamed)
            {
                yield return Verdict.Keep;
                continue;
            }

            var count = counts.GetValueOrDefault(kind ?? "");
            if (count < most)
            {
                counts[kind ?? ""] = count + 1;
                yield return Verdict.Keep;
            }
            else
            {
                yield return Verdict.Drop("over-represented", $"{options.By.ToString().ToLowerInvariant()} '{Short(kind ?? "")}' has {count} rows already, may have {most}");
            }
        }
    }

    string? KindOf(Example example) => options.By switch
    {
        Kind.Category => example.Category,
        Kind.Source => example.Source,
        Kind.Template => example.Template,
        Kind.Author => example.Author,
        _ => example.Expected,
    };

    static string Short(string text) => text.Length <= 60 ? text : text[..57] + "...";
}
