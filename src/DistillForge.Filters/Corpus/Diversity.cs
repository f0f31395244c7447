using System.Runtime.CompilerServices;
using DistillForge.Core;

namespace DistillForge.Filters;

/// <summary>
/// Keeps so many rows that say as much different as possible: one after the other the row that adds most to what those before it say, where a phrase that was said n times
/// counts 2^-n. A greedy choice, lazily evaluated (Minoux 1978): what a row adds only shrinks while others are taken.
/// </summary>
/// <remarks>Reads the dataset twice and keeps 4 bytes a word of it in memory.</remarks>
[Component("diversity")]
public sealed class Diversity(Diversity.Options options) : IDatasetFilter
{
    // Longer rows would need more of each phrase to count as much; a few words more keep the shortest from winning by a single rare one.
    const int Prior = 8;

    const int MostSaid = 60;

    /// <param name="Keep">Rows that stay; 0 leaves it to <paramref name="Share"/>.</param>
    /// <param name="Share">Of all rows, those that stay.</param>
    /// <param name="Words">Length of the phrases.</param>
    /// <param name="By">Whose phrases count; system messages never do.</param>
    public sealed record Options(int Keep = 0, double Share = 1, int Words = 2, ExactDuplicate.Parts By = ExactDuplicate.Parts.PromptAndCompletion) : ICheckedOptions
    {
        public IEnumerable<Problem> Check()
        {
            if (Keep < 0 || Share is not (> 0 and <= 1) || Words is < 1 or > 20)
            {
                yield return new Problem("share", $"is {Share}, keep {Keep} and words {Words}; a share lies above 0 and not above 1, keep is not negative, words count from 1 to 20.");
            }
            else if (Keep == 0 && Share == 1)
            {
                yield return new Problem("", "keeps all rows and would judge nothing.", "Give keep or share.");
            }
        }
    }

    public async IAsyncEnumerable<Verdict> JudgeAsync(IDataset dataset, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var rows = new List<uint[]>();
        var maker = new ShingleMaker(options.Words);
        await foreach (var example in dataset.ReadAsync(cancellationToken))
        {
            rows.Add(PhrasesOf(example, maker));
        }

        var most = options.Keep > 0 ? options.Keep : Math.Max(1, (int)Math.Round(options.Share * rows.Count));
        var (taken, added) = Choose(rows, most, cancellationToken);
        foreach (var (isTaken, adds) in taken.Zip(added))
        {
            yield return isTaken ? Verdict.Keep : Verdict.Drop("less-diverse", $"adds {adds:F3} to what the {most} kept rows say, where a row of new phrases alone adds near 1");
        }
    }

    /// <summary>Which rows are taken, and what the others would still add at the end (an upper bound where they were not looked at again).</summary>
    static (bool[] Taken, double[] Added) Choose(List<uint[]> rows, int most, CancellationToken cancellationToken)
    {
        var said = new Dictionary<uint, int>();
        var (taken, added) = (new bool[rows.Count], new double[rows.Count]);
        var queue = new PriorityQueue<int, (double, int)>();
        for (var row = 0; row < rows.Count; row++)
        {
            added[row] = Adds(rows[row], said);
            queue.Enqueue(row, (-added[row], row));
        }

        for (var left = Math.Min(most, rows.Count); left > 0;)
        {
            cancellationToken.ThrowIfCancellationRequested();
            var row = queue.Dequeue();
            var now = Adds(rows[row], said);
            if (now < added[row])
            {
                added[row] = now;
                queue.Enqueue(row, (-now, row));
                continue;
            }

            taken[row] = true;
            left--;
            foreach (var phrase in rows[row])
            {
                said[phrase] = Math.Min(MostSaid, said.GetValueOrDefault(phrase) + 1);
            }
        }

        return (taken, added);
    }

    static double Adds(uint[] phrases, Dictionary<uint, int> said)
    {
        var sum = 0.0;
        foreach (var phrase in phrases)
        {
            sum += said.TryGetValue(phrase, out var times) ? 1.0 / (1L << times) : 1;
        }

        return sum / (phrases.Length + Prior);
    }

    uint[] PhrasesOf(Example example, ShingleMaker maker)
    {
        maker.Clear();
        foreach (var passage in Passage.Of(example, options.By switch { ExactDuplicate.Parts.Prompt => Scope.Prompt, ExactDuplicate.Parts.Completion => Scope.Completion, _ => Scope.All }))
        {
            if (!passage.IsPrompt || example.Prompt[passage.Message].Role != "system")
            {
                maker.Add(passage.Text);
            }
        }

        // In the order of their numbers: the sum of what they add must not depend on a set's order.
        var phrases = maker.Shingles.ToArray();
        Array.Sort(phrases);
        return [.. phrases.Distinct()];
    }
}
