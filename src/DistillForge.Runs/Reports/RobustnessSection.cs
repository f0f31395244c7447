using DistillForge.Evaluation;
using DistillForge.Packaging;
using DistillForge.Packaging.Reports;

namespace DistillForge.Runs.Reports;

/// <summary>The same questions written otherwise, teacher beside student: in the report, in the card, and in a line for whoever waits.</summary>
static class RobustnessSection
{
    const string Title = "When questions are written otherwise";
    const string AsItIs = "as it is";

    /// <param name="samples">A question and its changed form, by kind.</param>
    /// <returns>Null where nothing was measured.</returns>
    public static ReportSection? Of(IReadOnlyList<RobustnessResult>? results, IReadOnlyDictionary<string, (string Question, string Changed)> samples, string teacher = "teacher", string student = "student")
    {
        if (results is not { Count: > 0 })
        {
            return null;
        }

        string[] models = Models(results);
        var graded = results.Where(IsGraded).ToList();
        return new(Title, Text(results))
        {
            Tables =
            [
                .. samples.Count == 0 ? Array.Empty<ReportTable>() : [new ReportTable(["changed by", "a question as it is", "and changed"], [.. samples.Select(sample => (IReadOnlyList<string>)[sample.Key, sample.Value.Question, sample.Value.Changed])], IsText: true)],
                .. graded.Count == 0 ? Array.Empty<ReportTable>() : [Right(graded, models, teacher, student)],
                new(["same answer as to the question as it is", "questions", .. models], [.. results.Select(result => (IReadOnlyList<string>)[Label(result, results), ScoreSections.Count(result.Questions), .. models.Select(model => result.Models.GetValueOrDefault(model) is { } figure ? $"{ScoreSections.Percent(figure.SameAnswers)} ({100 * figure.SameAnswersInterval.Low:0}–{100 * figure.SameAnswersInterval.High:0})" : "–")])]),
            ],
            Plots =
            [
                new DotPlot("robustness", "Right answers to questions written otherwise", "Further right is better. The first line of a test has the questions as they are.", "score", Percent: true, LogX: false, [.. graded.SelectMany(result => Rows(result, results))]),
                new DotPlot("robustness-same", "Answers that stay the same", "Further right is steadier: the share of changed questions that get word for word the answer of the question as it is, right or wrong.", "same answer", Percent: true, LogX: false,
                    [.. results.Select(result => new DotRow(Label(result, results), result.Models.ToDictionary(model => model.Key, model => model.Value.SameAnswers)))]),
            ],
        };
    }

    /// <summary>Null where nothing was measured, or the recipe has no teacher beside whom to stand.</summary>
    public static CardSection? OfCard(IReadOnlyList<RobustnessResult>? results)
    {
        if (results is not { Count: > 0 })
        {
            return null;
        }

        string[] models = [.. Models(results).Where(model => model is "teacher" or "student")];
        string Cell(RobustnessResult result, string model) => result.Models.GetValueOrDefault(model) is not { } figure ? "–"
            : figure.Drop is { } drop ? $"{ScoreSections.Percent(figure.Changed)}, {Lost(drop)}" : $"{ScoreSections.Percent(figure.SameAnswers)} the same";
        return new("Robustness", Text(results), ["", "questions", .. models, .. models.Select(model => $"{model}: same answer"), "student loses more by, points"],
            [.. results.Select(result => (IReadOnlyList<string>)[Label(result, results), ScoreSections.Count(result.Questions), .. models.Select(model => Cell(result, model)), .. models.Select(model => ScoreSections.Percent(result.Models.GetValueOrDefault(model)?.SameAnswers)), Points(result.StudentMinusTeacher)])]);
    }

    /// <summary>One line a benchmark.</summary>
    public static IEnumerable<string> Lines(IReadOnlyList<RobustnessResult>? results)
        => (results ?? []).Where(result => result.Kind == RobustnessResult.All).Select(result => $"{result.Benchmark}, {result.Questions:N0} question{(result.Questions == 1 ? "" : "s")} written otherwise (typos, case, noise, paraphrase): {string.Join("; ", result.Models.Where(model => model.Key is "teacher" or "student").Select(model => model.Value.Drop is { } drop ? $"{model.Key} loses {Points(drop)} points" : $"{model.Key} answers {ScoreSections.Percent(model.Value.SameAnswers)} the same"))}.");

    static List<string> Text(IReadOnlyList<RobustnessResult> results)
    {
        var intervals = results.Count(result => result.Models.Values.Any(figure => figure.Drop is not null)) * Models(results).Length;
        return
        [
            $"Up to {ScoreSections.Count(results.Max(result => result.Questions))} questions a test, drawn by the seed, were asked again: with typos, in other case, with noise, and paraphrased. The right answer stays the same. A change that leaves a question as it was is not counted, so kinds differ in their number of questions. Paraphrases that name nobody are made by simple English rules (polite frames, contractions, a clause moved to the front) and are mild; those by a model or by hand are named so.",
            .. intervals == 0 ? Array.Empty<string>() : [$"What is lost is the score on the questions as they are minus that on the changed ones, in points, with a 95 % interval of a bootstrap paired by question. These are {intervals} intervals: about one in twenty misses the truth by chance."],
        ];
    }

    static ReportTable Right(List<RobustnessResult> graded, string[] models, string teacher, string student)
        => new(["score, as it is → changed", "questions", .. models, .. models.Where(model => model == teacher || model == student).Select(model => $"{model} loses, points"), $"{student} loses more by"],
            [.. graded.Select(result => (IReadOnlyList<string>)
            [
                Label(result, graded), ScoreSections.Count(result.Questions),
                .. models.Select(model => result.Models.GetValueOrDefault(model) is { } figure ? $"{100 * figure.Clean:0.0} → {ScoreSections.Percent(figure.Changed)}" : "–"),
                .. models.Where(model => model == teacher || model == student).Select(model => Points(result.Models.GetValueOrDefault(model)?.Drop)),
                Points(result.StudentMinusTeacher),
            ])]);

    static IEnumerable<DotRow> Rows(RobustnessResult result, IReadOnlyList<RobustnessResult> results)
    {
        Dictionary<string, double> Each(Func<RobustnessFigure, double?> value) => result.Models.Where(model => value(model.Value) is not null).ToDictionary(model => model.Key, model => value(model.Value)!.Value);
        if (result.Kind == RobustnessResult.All || results.Where(other => other.Benchmark == result.Benchmark).Take(2).Count() == 1)
        {
            yield return new(Label(result with { Kind = AsItIs }, results), Each(figure => figure.Clean));
        }

        yield return new(Label(result, results), Each(figure => figure.Changed));
    }

    static bool IsGraded(RobustnessResult result) => result.Models.Values.Any(figure => figure.Drop is not null);

    static string[] Models(IReadOnlyList<RobustnessResult> results) => [.. results.SelectMany(result => result.Models.Keys).Distinct()];

    static string Label(RobustnessResult result, IReadOnlyList<RobustnessResult> results)
        => results.Any(other => other.Benchmark != result.Benchmark) ? $"{result.Kind} ({result.Benchmark})" : result.Kind;

    static string Lost(Difference drop) => $"{(drop.Value < 0 ? "gains" : "loses")} {Points(drop.Value < 0 ? new(-drop.Value, -drop.High, -drop.Low) : drop)}";

    static string Points(Difference? difference) => difference is null ? "–" : Summaries.Points(difference).Replace(" points", "", StringComparison.Ordinal).Replace("+", "", StringComparison.Ordinal);
}
