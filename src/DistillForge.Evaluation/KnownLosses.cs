using System.Globalization;

namespace DistillForge.Evaluation;

/// <summary>What a student forgot of what its teacher knows: parts of the questions and of the held-out tokens, the worst first.</summary>
/// <param name="Looked">How many parts were looked at, those that are not listed too: among many, one looks bad by chance.</param>
/// <param name="Answers">Parts of the benchmarks' questions; what is lost is teacher minus student, 0 … 1.</param>
/// <param name="Tokens">Parts of the held-out answers' tokens; what is lost is KL(teacher ‖ student), nats a token.</param>
public sealed record KnownLosses(int Looked, IReadOnlyList<LostSlice> Answers, IReadOnlyList<LostSlice> Tokens)
{
    // Of fewer questions or rows nothing can be said.
    const int Fewest = 10;
    const int Listed = 12;
    const double Level = 0.95;

    /// <param name="teacher">Its answers to the student's questions; a benchmark that it was not asked is left out.</param>
    /// <param name="rows">Held-out rows with their category; the student is the first of those that read them.</param>
    /// <param name="seed">Of the bootstrap.</param>
    /// <returns>Null where there is nothing to compare.</returns>
    public static KnownLosses? Of(IReadOnlyList<TaskScore> teacher, IReadOnlyList<TaskScore> student, IReadOnlyList<(string? Category, FidelityRow Row)> rows, long seed)
    {
        var pairs = student.Join(teacher, task => task.Benchmark, task => task.Benchmark, (ours, theirs) => (ours, theirs)).Where(pair => pair.ours.Answers.Count == pair.theirs.Answers.Count);
        var answers = pairs.SelectMany(pair => QuestionParts(pair.theirs, pair.ours)).Where(part => part.Parts.Count >= Fewest).ToList();
        var tokens = TokenParts([.. rows.Where(row => row.Row.Positions.Count > 0)]).Where(part => part.Parts.Count >= Fewest).ToList();
        var looked = answers.Count + tokens.Count;
        var everywhere = rows.Sum(row => row.Row.Students.Count > 0 ? row.Row.Students[0].Kl : 0) / Math.Max(1, rows.Sum(row => row.Row.Students.Count > 0 ? row.Row.Students[0].Tokens : 0));
        return looked == 0 ? null : new(looked, Worst(answers, 0), Worst(tokens, everywhere));

        List<LostSlice> Worst(List<Part> parts, double everywhere)
            => [.. parts.Select(part => part.Measure(everywhere, looked, seed)).OrderByDescending(slice => slice.Lost.Value).ThenBy(slice => slice.By, StringComparer.Ordinal).ThenBy(slice => slice.Name, StringComparer.Ordinal).Take(Listed)];
    }

    static IEnumerable<Part> QuestionParts(TaskScore teacher, TaskScore student)
    {
        var asked = student.Answers.Select((answer, i) => (answer.Question, Theirs: teacher.Answers[i].Score, Ours: answer.Score)).ToList();
        Part Of(string by, string name, IEnumerable<(Question Question, double Theirs, double Ours)> some) => new(teacher.Benchmark, by, name, [.. some.Select(one => (one.Theirs, one.Ours, 1.0))]);
        foreach (var kind in asked.Where(one => one.Question.Category is { Length: > 0 }).GroupBy(one => one.Question.Category!, StringComparer.Ordinal))
        {
            yield return Of("kind", kind.Key, kind);
        }

        foreach (var (name, some) in Quarters(asked, one => one.Question.Own.Length, "characters"))
        {
            yield return Of("prompt length", name, some);
        }
    }

    static IEnumerable<Part> TokenParts(IReadOnlyList<(string? Category, FidelityRow Row)> rows)
    {
        const string HeldOut = "held-out";
        foreach (var kind in rows.Where(row => row.Category is { Length: > 0 }).GroupBy(row => row.Category!, StringComparer.Ordinal))
        {
            yield return Whole("kind", kind.Key, kind);
        }

        foreach (var (name, some) in Quarters([.. rows.Where(row => row.Row.PromptLength > 0)], row => row.Row.PromptLength, "tokens"))
        {
            yield return Whole("prompt length", name, some);
        }

        foreach (var part in Within("teacher's confidence", position => FidelityReport.Sureness(position.TeacherConfidence), FidelityReport.SurenessName).Concat(Within("place in the answer", position => FidelityReport.Doubling(position.Index), FidelityReport.DoublingName)))
        {
            yield return part;
        }

        static Part Whole(string by, string name, IEnumerable<(string? Category, FidelityRow Row)> some)
            => new(HeldOut, by, name, [.. some.Select(row => (row.Row.Students[0].Kl, 0.0, (double)row.Row.Students[0].Tokens))]);

        // Tokens of one row are not independent: rows are drawn whole.
        IEnumerable<Part> Within(string by, Func<PositionPair, int> group, Func<int, string> name)
            => rows.SelectMany((row, i) => row.Row.Positions[0].Select(position => (Row: i, Group: group(position), position.Kl))).GroupBy(position => position.Group).OrderBy(part => part.Key)
                .Select(part => new Part(HeldOut, by, name(part.Key), [.. part.GroupBy(position => position.Row).Select(row => (row.Sum(position => position.Kl), 0.0, (double)row.Count()))]));
    }

    // Ties stay together, so that quarters may be unequal.
    static IEnumerable<(string Name, List<T> Some)> Quarters<T>(IReadOnlyList<T> all, Func<T, int> length, string unit)
    {
        if (all.Count == 0)
        {
            return [];
        }

        int[] sorted = [.. all.Select(length).Order()];
        int[] bounds = [.. new[] { 1, 2, 3 }.Select(quarter => sorted[Math.Min(sorted.Length - 1, quarter * sorted.Length / 4)]).Distinct()];
        return all.GroupBy(one => bounds.Count(bound => length(one) >= bound)).OrderBy(group => group.Key)
            .Select(group => (string.Create(CultureInfo.InvariantCulture, $"{group.Min(length)}–{group.Max(length)} {unit}"), group.ToList()));
    }

    sealed record Part(string Benchmark, string By, string Name, List<(double Theirs, double Ours, double Weight)> Parts)
    {
        public LostSlice Measure(double everywhere, int looked, long seed)
        {
            double[] theirs = [.. Parts.Select(part => part.Theirs)], ours = [.. Parts.Select(part => part.Ours)], weights = [.. Parts.Select(part => part.Weight)];
            // Bonferroni: each of so many looks may err with a share of the 5 %.
            var intervals = PairedBootstrap.Differences(theirs, ours, weights, [Level, 1 - ((1 - Level) / looked)], seed);
            return new(Benchmark, By, Name, (long)weights.Sum(), Difference.Of(intervals[0]), intervals[1].Low > everywhere);
        }
    }
}

/// <summary>One part, and what was lost there.</summary>
/// <param name="By">What the part was made by: <c>kind</c>, <c>prompt length</c>, <c>teacher's confidence</c> or <c>place in the answer</c>.</param>
/// <param name="Count">Questions, or tokens.</param>
/// <param name="Lost">With its 95 % bootstrap interval, as if this part alone had been looked at.</param>
/// <param name="IsSure">More is lost than nothing (of answers) or than everywhere (of tokens), also when the interval is widened for the number of parts that were looked at.</param>
public sealed record LostSlice(string Benchmark, string By, string Name, long Count, Difference Lost, bool IsSure);
