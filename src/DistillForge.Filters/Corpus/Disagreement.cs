using System.Runtime.CompilerServices;
using DistillForge.Core;
using DistillForge.Data;

namespace DistillForge.Filters;

/// <summary>
/// Selective transfer: keeps the rows on which a student and the teacher disagree most, in nats a token by which the teacher finds the answer likelier than the student does.
/// What the student knows already costs training time and teaches little.
/// </summary>
/// <remarks>
/// The student's opinion comes from <c>distillforge score ROWS --teacher student.gguf</c>. Of answers that the teacher wrote, the mean gap estimates KL(teacher‖student); log-probabilities of a whole
/// text compare over any two vocabularies.
/// </remarks>
[Component("disagreement")]
public sealed class Disagreement(Disagreement.Options options) : IDatasetFilter
{
    /// <summary>What becomes of a row that the student or the teacher did not score.</summary>
    public enum Unscored
    {
        Keep,
        Drop,
    }

    public sealed record Options : ICheckedOptions
    {
        /// <summary>Parquet files, or folders of them, with the student's traces of the same rows: <c>runs/NAME/scores/…/traces</c>.</summary>
        public IReadOnlyList<RecipeFolder> Student { get; init; } = [];

        /// <summary>Of the rows that both scored, those that stay.</summary>
        public double Share { get; init; } = 0.5;

        /// <summary>Rows with a smaller gap go whatever the share, in nats a token; a gap below 0 is where the student is surer than the teacher.</summary>
        public double MinGap { get; init; } = double.NegativeInfinity;

        public Unscored WithoutScore { get; init; } = Unscored.Keep;

        public IEnumerable<Problem> Check()
        {
            if (Student.Count == 0)
            {
                yield return new Problem("student", "is missing.", "Let the student score the rows (distillforge score ROWS --teacher student.gguf) and name the folder of its traces.");
            }

            if (Share is not (> 0 and <= 1) || double.IsNaN(MinGap))
            {
                yield return new Problem("share", $"is {Share}; it lies above 0 and not above 1.");
            }
        }
    }

    public async IAsyncEnumerable<Verdict> JudgeAsync(IDataset dataset, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var student = await StudentAsync(cancellationToken);
        var gaps = new List<double>();
        var traced = 0;
        await foreach (var example in dataset.ReadAsync(cancellationToken))
        {
            traced += example.Trace is { IsScored: true } ? 1 : 0;
            gaps.Add(GapOf(example, student));
        }

        // Else a wrong folder would pass for a student that agrees nowhere and everywhere: every row would stay.
        if (options.Student.Count > 0 && gaps.Count > 0 && gaps.TrueForAll(double.IsNaN))
        {
            throw new ForgeException(new Problem("disagreement", traced == 0 ? "has no log-probabilities of the teacher for any row." : $"finds no row of this run among the {student.Count:N0} that {options.Student[0].Written} scored.",
                traced == 0 ? "Capture them (generate.top_logprobs, a GGUF teacher), or remove the filter." : "Let the student score this run's rows: distillforge score runs/NAME/examples --teacher student.gguf"));
        }

        // The last that stays; of rows with the same gap the earlier ones.
        var scored = Enumerable.Range(0, gaps.Count).Where(row => !double.IsNaN(gaps[row])).OrderByDescending(row => gaps[row]).ToList();
        var stays = scored.Take((int)Math.Ceiling(options.Share * scored.Count)).Where(row => gaps[row] >= options.MinGap).ToHashSet();
        var least = stays.Count > 0 ? stays.Min(row => gaps[row]) : double.PositiveInfinity;
        for (var row = 0; row < gaps.Count; row++)
        {
            yield return double.IsNaN(gaps[row]) ? options.WithoutScore == Unscored.Keep ? Verdict.Keep : Verdict.Drop("no-score", "teacher or student did not score it")
                : stays.Contains(row) ? Verdict.Keep
                : Verdict.Drop("student-agrees", $"the teacher finds the answer {gaps[row]:F3} nats a token likelier than the student does; rows from {least:F3} on stay");
        }
    }

    /// <returns>NaN where one of them has no opinion.</returns>
    static double GapOf(Example example, Dictionary<string, double> student)
        => example.Trace is { IsScored: true } trace && student.TryGetValue(example.Id, out var theirs) ? (Sum(trace) - theirs) / Math.Max(1, trace.CompletionLength) : double.NaN;

    async Task<Dictionary<string, double>> StudentAsync(CancellationToken cancellationToken)
    {
        var scores = new Dictionary<string, double>(StringComparer.Ordinal);
        var files = options.Student.SelectMany(folder => Directory.GetFiles(folder.Path, "*.parquet").Order(StringComparer.Ordinal)).ToList();
        if (files.Count == 0 && options.Student.Count > 0)
        {
            throw new ForgeException(new Problem("disagreement", $"{options.Student[0].Written} holds no Parquet files.", "Let the student score the rows: distillforge score ROWS --teacher student.gguf"));
        }

        await foreach (var trace in TracesFile.ReadAsync(files, cancellationToken))
        {
            if (trace.IsScored && !scores.TryAdd(trace.Id, Sum(trace)))
            {
                throw new ForgeException(new Problem("disagreement", $"row {trace.Id} was scored twice in {options.Student[0].Written}.", "Name the traces of one student."));
            }
        }

        return scores;
    }

    // A token that had no chance, as far as half a float tells, counts 20 nats: one of them must not decide a row.
    static double Sum(TokenTrace trace)
    {
        var sum = 0.0;
        foreach (var logprob in trace.TokenLogprobs)
        {
            sum += float.IsNaN(logprob) ? -20 : Math.Max(-20, logprob);
        }

        return sum;
    }
}
