using System.Globalization;
using System.Text.Json;
using DistillForge.Data;
using DistillForge.Evaluation;
using DistillForge.Packaging;
using DistillForge.Packaging.Reports;
using DistillForge.Training;

namespace DistillForge.Runs.Reports;

/// <summary>Everything that a run found out, as one page.</summary>
sealed class RunReport(RunContext run, Scores scores, IReadOnlyList<PackagedFile> files)
{
    public const string FileName = "report.html";

    const int MostMistakes = 20;
    const int LongestShown = 400;
    const int PlottedSteps = 200;

    // Rounding within llama.cpp may come out below nothing, which no logarithm shows.
    const double LeastKl = 1e-9;
    const string Lost = "KL to the float32 checkpoint, nats/token";

    public async Task<ReportPage> BuildAsync(CancellationToken cancellationToken)
    {
        var sections = new List<ReportSection> { new("Side by side", Notes()) { Tables = [ScoreSections.Table(Models)] } };
        if (ScoreSections.Tasks(scores.Tasks) is { } tasks)
        {
            sections.Add(tasks);
        }

        if (File.Exists(run.Folder.In(Stages.EvaluateStage.FidelityFile)) && FidelityReport.Read(run.Folder.In(Stages.EvaluateStage.FidelityFile)) is { Count: > 0 } fidelity)
        {
            sections.Add(ScoreSections.Fidelity(fidelity));
        }

        if (ScoreSections.Retention(scores.Slices, scores.Losses, student: Student) is { } retention)
        {
            sections.Add(retention);
        }

        if (RobustnessSection.Of(scores.Robustness, Stages.RobustnessFile.Samples(run.Folder.In(Stages.RobustnessFile.Name))) is { } robustness)
        {
            sections.Add(robustness);
        }

        sections.Add(Mistakes());
        sections.Add(Training());
        sections.Add(await DataAsync(cancellationToken));
        sections.Add(Files());
        sections.Add(Provenance());
        sections.Add(Words.Section);
        return new(run.Recipe.Name, Lead, [.. Facts()], sections);
    }

    string Student => scores.Teacher is null ? "model" : "student";

    List<(string, ModelScores)> Models => [.. new[] { ("teacher", scores.Teacher), (Student, scores.Student), ("baseline", scores.Baseline), ("untrained", scores.Untrained) }.Where(model => model.Item2 is not null).Select(model => (model.Item1, model.Item2!))];

    string Lead => run.HasTeacher
        ? $"A small language model, distilled from {run.TeacherName}: it learned to answer as its teacher does. This page shows how well, and where not."
        : "A small language model, trained on labelled rows; it was not distilled from any model. This page shows how well it answers, and where not.";

    IEnumerable<ReportFact> Facts()
    {
        if (scores.Teacher is { } teacher)
        {
            yield return new(ScoreSections.Fraction(scores.Student.Parameters, teacher.Parameters), "of the teacher's parameters");
            if (teacher.ExactMatch is > 0 && scores.Student.ExactMatch is { } kept)
            {
                yield return new(ScoreSections.Percent(kept / teacher.ExactMatch), "of the teacher's right answers");
            }
        }

        if (scores.Student.ExactMatch is { } match)
        {
            yield return new(ScoreSections.Percent(match), $"of {ScoreSections.Count(scores.Student.Questions ?? 0)} test questions answered right");
        }

        if (scores.Student.Top1Agreement is { } agreement)
        {
            yield return new(ScoreSections.Percent(agreement), "of tokens: teacher and student would say the same");
        }

        yield return new($"{scores.Student.Bytes / 1e6:0.00} MB", "is the file that was measured");
        if (scores is { Teacher.TokensPerSecond: > 0, Student.TokensPerSecond: { } speed })
        {
            yield return new($"{speed / scores.Teacher.TokensPerSecond:0.0} ×", "the teacher's speed on this machine");
        }
    }

    List<string> Notes()
    {
        List<string> notes = [];
        if (scores.Baseline is not null)
        {
            notes.Add("The baseline has the same size, rows and steps as the student but saw only the teacher's text. Ranges in brackets are 95 % intervals.");
        }

        if (scores.Untrained is { } untrained)
        {
            notes.Add($"Untrained is the student before its first step{(untrained.Questions < scores.Student.Questions ? $", asked at most {untrained.Questions:N0} questions a test" : "")}.");
        }

        if (scores.Comparison is { } comparison && Summaries.Differences(comparison).ToList() is { Count: > 0 } differences)
        {
            notes.Add($"Student minus baseline, 95 % paired bootstrap: {string.Join("; ", differences)}.");
        }

        notes.AddRange(scores.Contamination.Select(set => $"{set}"));
        notes.Add(Words.Pointer);
        return notes;
    }

    ReportSection Mistakes()
    {
        var path = run.Folder.In("mistakes.jsonl");
        var wrong = File.Exists(path) ? File.ReadLines(path).Select(line => JsonDocument.Parse(line).RootElement).Where(line => Said(line, "model") == "student").Take(MostMistakes + 1).ToList() : [];
        return new("What it gets wrong", [wrong.Count == 0 ? "No question of the tests was answered wrong." : $"{(wrong.Count > MostMistakes ? $"The first {MostMistakes} of the student's" : "All of the student's")} wrong answers; everybody's are in mistakes.jsonl."])
        {
            Tables = wrong.Count == 0 ? [] : [new(["question", "expected", "student", "teacher"], [.. wrong.Take(MostMistakes).Select(line => (IReadOnlyList<string>)[Said(line, "question"), Said(line, "expected"), Said(line, "answer") is { Length: > 0 } answer ? answer : Said(line, "failure"), Said(line, "teacher_answer")])], IsText: true)],
        };
    }

    static string Said(JsonElement line, string key)
        => line.TryGetProperty(key, out var value) && value.GetString() is { } text ? text.Length <= LongestShown ? text : text[..LongestShown] + " …" : "";

    ReportSection Training()
    {
        List<(string Name, TrainingCurve Curve)> curves = [.. new[] { (Student, run.Folder.Checkpoint), ("baseline", run.Folder.Baseline) }
            .Where(model => File.Exists(Path.Combine(model.Item2, "training.json"))).Select(model => (model.Item1, TrainingCurve.FromJson(File.ReadAllBytes(Path.Combine(model.Item2, "training.json")))))];
        return new("How it was trained", [.. curves.Select(model => string.Create(CultureInfo.InvariantCulture, $"{model.Name}: {model.Curve.Loss.Count:N0} steps, {model.Curve.Tokens:N0} tokens, {model.Curve.Seconds:N0} s."))])
        {
            Plots =
            [
                new LinePlot("training-loss", "Training loss", "Each model's own loss, so that two of them are not to be compared with one another; falling is good.", "step", "loss, nats/token", LogY: true, [.. curves.Select(model => new PlotSeries(model.Name, Thin(model.Curve.Loss)))]),
                new LinePlot("held-out", curves.Any(model => model.Curve.Validation.Any(point => point.Kl is not null)) ? "KL to teacher on held-out rows" : "Loss on held-out rows", "Measured during training on rows that were kept aside; lower is better.", "step", "nats/token", LogY: true,
                    [.. curves.Select(model => new PlotSeries(model.Name, [.. model.Curve.Validation.Select(point => new[] { point.Step, point.Measure })], HasDots: true))]),
            ],
        };
    }

    // Means of as many steps as one pixel shows.
    static List<double[]> Thin(List<double> loss)
    {
        var each = Math.Max(1, loss.Count / PlottedSteps);
        return [.. loss.Chunk(each).Select((part, i) => new[] { (i * each) + ((part.Length + 1) / 2.0), part.Average() })];
    }

    async Task<ReportSection> DataAsync(CancellationToken cancellationToken)
    {
        var rows = await ExamplesFile.ReadAsync([run.Folder.Curated], cancellationToken).Select(row => (Prompt: row.Prompt.Sum(message => message.Content.Length), Answer: row.Text.Length, Kind: row.Category ?? "")).ToListAsync(cancellationToken);
        var kinds = rows.GroupBy(row => row.Kind).OrderByDescending(group => group.Count()).ToList();
        return new("What it was trained on", [$"{ScoreSections.Count(scores.Rows.In)} rows in, {ScoreSections.Count(scores.Rows.Failed)} failed, {ScoreSections.Count(scores.Rows.Dropped)} dropped by filters, {ScoreSections.Count(scores.Rows.Kept)} kept."])
        {
            Plots =
            [
                new BarPlot("funnel", "From prompts to rows", "What was left after each cause of loss; a row is counted for the first filter that drops it.", "rows", Funnel()),
                new HistogramPlot("lengths", "Length of prompts and answers", "Of the rows that were trained on.", "characters", LogX: false, [new("prompt", Lengths(rows.ConvertAll(row => row.Prompt))), new("answer", Lengths(rows.ConvertAll(row => row.Answer)))]),
                new BarPlot("categories", "Kinds of prompts", "Of the rows that were trained on.", "rows", kinds.Count < 2 ? [] : [.. kinds.Take(24).Select(kind => new PlotBar(kind.Key.Length == 0 ? "no kind" : kind.Key, kind.Count(), $"{100.0 * kind.Count() / rows.Count:0.0} %"))]),
            ],
        };
    }

    List<PlotBar> Funnel()
    {
        const string Prefix = "dropped.";
        var left = scores.Rows.In;
        List<PlotBar> bars = [new(run.Asks ? "asked" : "read", left, ScoreSections.Count(left))];
        if (scores.Rows.Failed > 0)
        {
            Lose("answered", scores.Rows.Failed);
        }

        foreach (var (code, rows) in (Manifest.TryRead(run.Folder.Path, "filter")?.Figures ?? new Dictionary<string, double>()).Where(figure => figure.Key.StartsWith(Prefix, StringComparison.Ordinal)).OrderByDescending(figure => figure.Value).ThenBy(figure => figure.Key, StringComparer.Ordinal))
        {
            Lose($"− {code[Prefix.Length..]}", (long)rows);
        }

        bars.Add(new("trained on", scores.Rows.Kept, ScoreSections.Count(scores.Rows.Kept)));
        return bars;

        void Lose(string label, long lost)
        {
            left -= lost;
            bars.Add(new(label, left, $"{ScoreSections.Count(left)} (−{ScoreSections.Count(lost)})"));
        }
    }

    static List<double[]> Lengths(List<int> lengths)
    {
        if (lengths.Count == 0)
        {
            return [];
        }

        var width = Math.Max(1, (int)Math.Ceiling(Math.Max(1, lengths.Order().ElementAt((int)(0.99 * (lengths.Count - 1)))) / 24.0));
        return [.. lengths.GroupBy(length => Math.Min(length / width, 24)).OrderBy(group => group.Key).Select(group => new[] { (double)group.Key * width, (group.Key + 1) * width, (double)group.Count() / lengths.Count })];
    }

    ReportSection Files()
    {
        var speeds = (scores.Quantizations ?? []).ToDictionary(cost => cost.Type, cost => cost.TokensPerSecond);
        string[] heads = ["file", "MB", .. speeds.Count == 0 ? Array.Empty<string>() : ["tokens/s"], "KL to checkpoint, nats/token", "mean |Δ log-prob|, nats", "same greedy answers"];
        var points = files.Select(file => (file.Type, Megabytes: file.Bytes / 1e6, Kl: Math.Max(file.Gate.Kl, LeastKl))).ToList();
        return new("Files", ["Each file was loaded in llama.cpp and compared with the float32 checkpoint before it got its name: KL and Δ log-prob say how far rounding moved it from what was trained, not how far it is from its teacher. Greedy answers are compared where nothing but rounding to 16 bits lies between; a tie is a place where two tokens were as likely."])
        {
            Tables = [new(heads, [.. files.Select(file => (IReadOnlyList<string>)
            [
                Path.GetFileName(file.Path), ScoreSections.Number(file.Bytes / 1e6, "0.00"), .. speeds.Count == 0 ? Array.Empty<string>() : [speeds.TryGetValue(file.Type, out var speed) ? ScoreSections.Number(speed, "#,0") : "–"],
                ScoreSections.Number(Math.Max(0, file.Gate.Kl), "0.0e+0"), ScoreSections.Number(file.Gate.MeanDifference, "0.0e+0"), file.Gate.GreedyPrompts == 0 ? "not compared" : $"all {file.Gate.GreedyPrompts}{(file.Gate.Ties > 0 ? $" ({file.Gate.Ties} with a tie)" : "")}",
            ])])],
            Plots =
            [
                new ScatterPlot("quantizations", "Size and quality of each quantization", "Bottom left is best: a small file that still thinks what the checkpoint thinks. The line joins those that no other beats in both.", "file, MB", Lost, LogY: true, [.. points.Select(file => new ScatterPoint(file.Type, file.Megabytes, file.Kl))]),
                new ScatterPlot("quantization-speed", "Speed and quality of each quantization", "Bottom right is best: many tokens a second, thinking what the checkpoint thinks.", "tokens/s on this machine, one sequence", Lost, LogY: true, [.. points.Where(file => speeds.ContainsKey(file.Type)).Select(file => new ScatterPoint(file.Type, speeds[file.Type], file.Kl))], MoreIsBetter: true),
            ],
        };
    }

    ReportSection Provenance()
    {
        List<IReadOnlyList<string>> rows = [["teacher", run.HasTeacher ? run.TeacherName : "none"], ["seed", run.Recipe.Seed.ToString(CultureInfo.InvariantCulture)], ["trained on (SHA-256)", run.Hashes.Of(run.Folder.Curated)]];
        rows.AddRange(run.Teachers.Where(teacher => teacher.Gguf is not null).Select(teacher => (IReadOnlyList<string>)[$"{teacher.DisplayName} (SHA-256)", run.IdentityOf(teacher)]));
        rows.AddRange(files.Select(file => (IReadOnlyList<string>)[$"{Path.GetFileName(file.Path)} (SHA-256)", file.Sha256]));
        rows.Add(["made with", $"DistillForge {RunContext.Version}, {Llama.Engine.Build}"]);
        return new("Where it comes from", []) { Tables = [new(["", ""], rows, IsText: true)] };
    }
}
