using System.Globalization;
using DistillForge.Evaluation;
using DistillForge.Packaging.Reports;

namespace DistillForge.Runs.Reports;

/// <summary>Tables and plots of models beside their teacher; of a run and of <c>compare</c> alike.</summary>
static class ScoreSections
{
    const int MostSlices = 24;
    const string Retained = "What it kept, and what it lost";

    /// <summary>Every figure, a row a model.</summary>
    public static ReportTable Table(IReadOnlyList<(string Name, ModelScores Scores)> models)
    {
        List<(string Head, Func<ModelScores, string> Cell)> columns =
        [
            ("parameters", model => Count(model.Parameters)),
            ("file, MB", model => Number(model.Bytes / 1e6, "0.00")),
            ("exact match", model => model.ExactMatch is { } share ? Percent(share) + (model.ExactMatchInterval is { } range ? $" ({100 * range.Low:0.0}–{100 * range.High:0.0})" : "") : ""),
            ("questions", model => model.Questions is { } questions ? Count(questions) : ""),
            ("same answer as teacher", model => Percent(model.SameAnswers)),
            ("wins against teacher (ties half)", model => model.WinsAgainstTeacher is { Value: { } share, Range: { } range } wins ? $"{Percent(share)} ({100 * range.Low:0.0}–{100 * range.High:0.0}), by {wins.Judge}" : ""),
            ("KL to teacher, nats/token", model => Number(model.KlToTeacher, "0.0000")),
            ("top-1 agreement", model => Percent(model.Top1Agreement)),
            ("top-5 agreement", model => Percent(model.Top5Agreement)),
            ("perplexity", model => Number(model.Perplexity, "0.000")),
            ("calibration error", model => Percent(model.CalibrationError)),
            ("tokens/s", model => Number(model.TokensPerSecond, "#,0")),
            ("prompt tokens/s", model => Number(model.PromptTokensPerSecond, "#,0")),
            ("first token, ms", model => Number(model.FirstTokenMilliseconds, "0.0")),
            ("memory, MB", model => Number(model.MemoryBytes / 1e6, "0")),
            ("energy, joules an answer", model => Number(model.JoulesPerAnswer, "0.000")),
        ];
        var known = columns.Where(column => models.Any(model => column.Cell(model.Scores).Length > 0)).ToList();
        return new(["", .. models.Select(model => model.Name)], [.. known.Select(column => (IReadOnlyList<string>)[column.Head, .. models.Select(model => column.Cell(model.Scores) is { Length: > 0 } cell ? cell : "–")])]);
    }

    /// <summary>Benchmarks that the first table does not speak of, because they are not the first one, or no exact match.</summary>
    public static IEnumerable<TaskResult> Beyond(IReadOnlyList<TaskResult> tasks)
        => tasks.FirstOrDefault(task => task.Measure == Stages.MeasuredModel.ExactMeasure) is var first && tasks.Any(task => task != first && task.Benchmark != Stages.HeldOutBenchmark.Name)
            ? tasks.Where(task => task != first) : [];

    /// <summary>Every benchmark by itself; null where there is no more than the first table says.</summary>
    /// <param name="teacher">Whom the second is paired with.</param>
    public static ReportSection? Tasks(IReadOnlyList<TaskResult> tasks, string teacher = "teacher", string student = "student")
    {
        if (!Beyond(tasks).Any())
        {
            return null;
        }

        string[] models = [.. tasks.SelectMany(task => task.Models.Keys).Distinct()];
        string Cell(TaskResult task, string model) => task.Models.TryGetValue(model, out var figure) ? $"{Percent(figure.Mean)} ({100 * figure.Interval.Low:0.0}–{100 * figure.Interval.High:0.0})" : "–";
        var figures = from task in tasks
                      from name in task.Models.Values.SelectMany(figure => figure.Figures?.Keys ?? []).Distinct()
                      select (IReadOnlyList<string>)[task.Benchmark, name, .. models.Select(model => task.Models.GetValueOrDefault(model)?.Figures is { } known && known.TryGetValue(name, out var value) ? Number(value, "0.000") : "–")];
        List<IReadOnlyList<string>> details = [.. figures];
        var hasBaseline = tasks.Any(task => task.StudentMinusBaseline is not null);
        return new("Tasks", ["Means with 95 % intervals; differences are paired by question (bootstrap)."])
        {
            Tables =
            [
                new(["task", "measure", "questions", .. models, $"{student} − {teacher}, points", .. hasBaseline ? [$"{student} − baseline, points"] : Array.Empty<string>()],
                    [.. tasks.Select(task => (IReadOnlyList<string>)[task.Benchmark, task.Measure, Count(task.Models.Values.Max(figure => figure.Questions)), .. models.Select(model => Cell(task, model)), Points(task.StudentMinusTeacher), .. hasBaseline ? [Points(task.StudentMinusBaseline)] : Array.Empty<string>()])]),
                .. details.Count == 0 ? Array.Empty<ReportTable>() : [new ReportTable(["task", "mean of", .. models], details)],
            ],
        };

        static string Points(Difference? difference) => difference is null ? "–" : Summaries.Points(difference).Replace(" points", "", StringComparison.Ordinal);
    }

    /// <summary>How far students are from their teacher, position by position.</summary>
    public static ReportSection Fidelity(IReadOnlyList<FidelityReport> reports, string teacher = "teacher")
    {
        var first = reports[0];
        return new(
            $"How close to {(teacher == "teacher" ? "the teacher" : teacher)}",
            [$"All read the same {Count(first.Rows)} answers ({Count(first.All.Tokens)} tokens){(teacher == "teacher" ? ", none of which was trained on," : "")} and each said what it thought of every token. KL divergence is 0 where a model thinks exactly what {(teacher == "teacher" ? "the teacher" : teacher)} thinks; it is measured over the whole vocabulary."])
        {
            Plots =
            [
                new HistogramPlot("kl-histogram", "KL divergence of each token", "Further left is better: on a token at the far left both agree entirely.", "KL to teacher, nats", LogX: true,
                    [.. reports.Select(report => new PlotSeries(report.Model, [.. report.Histogram.Select(bin => new[] { bin.From, bin.To, (double)bin.Tokens / Math.Max(1, report.All.Tokens) })]))]),
                new CalibrationPlot("calibration", "Calibration", "On the dashed line a model is right as often as it is sure; below it, it is too sure of itself. The size of a dot is how many tokens it stands for; fewer than ten are not shown.",
                    [Reliability(teacher, first.TeacherCalibration), .. reports.Select(report => Reliability(report.Model, report.Calibration))]),
                Dots("kl-by-position", "KL by place in the answer", "The first token of an answer is 1.", reports, report => report.ByPosition),
                Dots("kl-by-confidence", "KL by how sure the teacher is", "Probability that the teacher gives its own first choice. Tokens of which it is unsure are harder to imitate and matter less.", reports, report => report.ByConfidence),
                Dots("kl-by-category", "KL by kind of prompt", "", reports, report => report.ByCategory),
            ],
        };
    }

    /// <summary>Where students keep what the teacher knows, and where they do not; null without categories.</summary>
    /// <param name="losses">Of the second model against the first; null where that was not measured.</param>
    public static ReportSection? Retention(IReadOnlyList<TaskSlice> slices, KnownLosses? losses = null, string teacher = "teacher", string student = "student")
    {
        if (slices.Count == 0 && losses is null)
        {
            return null;
        }

        IEnumerable<ReportTable> forgotten = losses is null ? [] : LossSection.Tables(losses, teacher, student);
        if (slices.Count == 0)
        {
            return new(Retained, [LossSection.Text(losses!)]) { Tables = [.. forgotten] };
        }

        var several = slices.Select(slice => slice.Benchmark).Distinct().Count() > 1;
        string Label(TaskSlice slice) => several ? $"{slice.Category} ({slice.Benchmark})" : slice.Category;
        string[] models = [.. slices.SelectMany(slice => slice.Scores.Keys).Distinct()];
        var shown = slices.Take(MostSlices).ToList();
        return new(Retained, ["Each line of the plot and of its table is one kind of question; where most was lost comes first.", .. losses is null ? Array.Empty<string>() : [LossSection.Text(losses)]])
        {
            Plots = [new DotPlot("retention", "Right answers by kind of question", "Further right is better; the line joins the models.", "answered right", Percent: true, LogX: false, [.. shown.Select(slice => new DotRow(Label(slice), slice.Scores))])],
            Tables = [new(["kind of question", "questions", .. models, "lost, points"], [.. shown.Select(slice => (IReadOnlyList<string>)[Label(slice), Count(slice.Questions), .. models.Select(model => slice.Scores.TryGetValue(model, out var score) ? Percent(score) : "–"), slice.Lost is { } lost ? Number(100 * lost, "0.0;−0.0;0.0") : "–"])]), .. forgotten],
        };
    }

    internal static string Count(long number) => number.ToString("N0", CultureInfo.InvariantCulture);

    internal static string Percent(double? share) => share is { } known ? (100 * known).ToString("0.0", CultureInfo.InvariantCulture) + " %" : "";

    /// <summary>1/8.5 where it is small, 83.3 % where a fraction would say little.</summary>
    internal static string Fraction(double part, double whole) => 2 * part <= whole ? $"1/{(whole / part).ToString("0.0", CultureInfo.InvariantCulture)}" : Percent(part / whole);

    internal static string Number(double? number, string format) => number is { } known ? known.ToString(format, CultureInfo.InvariantCulture) : "";

    static PlotSeries Reliability(string model, Calibration calibration) => new(model, [.. calibration.Bins.Select(bin => new[] { bin.Confidence, bin.Right, bin.Tokens })]);

    static DotPlot Dots(string id, string title, string caption, IReadOnlyList<FidelityReport> reports, Func<FidelityReport, IReadOnlyList<FidelitySlice>> slices)
        => new(id, title, caption, "KL to teacher, nats/token", Percent: false, LogX: true,
            [.. slices(reports[0]).OrderByDescending(slice => id == "kl-by-category" ? slice.Kl : 0).Take(MostSlices).Select(slice => new DotRow(slice.Name, reports.Where(report => slices(report).Any(one => one.Name == slice.Name)).ToDictionary(report => report.Model, report => slices(report).First(one => one.Name == slice.Name).Kl)))]);
}
