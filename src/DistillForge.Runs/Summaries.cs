using System.Globalization;
using DistillForge.Data;
using DistillForge.Evaluation;
using DistillForge.Runs.Reports;
using DistillForge.Runs.Stages;

namespace DistillForge.Runs;

/// <summary>Puts a run's manifests and scores together for the person who waits for it.</summary>
static class Summaries
{
    public static RunSummary Of(RunContext run, IReadOnlyList<Manifest> done)
    {
        var seconds = done.ToDictionary(stage => stage.Stage, stage => stage.Figures.GetValueOrDefault("seconds"));
        if (done.All(stage => stage.Stage != "evaluate"))
        {
            return new RunSummary(null, [], [], [$"{done[^1].Stage} is done: {run.Folder.Path}"]);
        }

        var scores = Scores.Read(run.Folder.In(EvaluateStage.File)) with { Seconds = seconds };
        if (!File.Exists(run.Folder.Scores) || File.ReadAllText(run.Folder.Scores).TrimEnd() != scores.ToJson())
        {
            scores.Write(run.Folder.Scores);
        }

        var models = new[] { ("teacher", scores.Teacher), (scores.Teacher is null ? "model" : "student", scores.Student), ("baseline", scores.Baseline), ("untrained", scores.Untrained) }.Where(model => model.Item2 is not null).Select(model => (Name: model.Item1, Scores: model.Item2!)).ToList();
        List<(string, IReadOnlyList<string>)> rows =
        [
            ("parameters", Cells(model => model.Parameters.ToString("N0"))),
            ("file, MB", Cells(model => Number(model.Bytes / 1e6, "0.00"))),
            ("exact match", Cells(model => model.ExactMatch is { } share ? Percent(share) : "")),
            .. ScoreSections.Beyond(scores.Tasks).Select(task => ($"{task.Benchmark}: {task.Measure}", (IReadOnlyList<string>)[.. models.Select(model => task.Models.TryGetValue(model.Name == "model" ? "student" : model.Name, out var figure) ? Percent(figure.Mean) : "")])),
            ("KL to teacher, nats/token", Cells(model => Number(model.KlToTeacher, "0.0000"))),
            ("top-1 agreement", Cells(model => model.Top1Agreement is { } share ? Percent(share) : "")),
            ("top-5 agreement", Cells(model => model.Top5Agreement is { } share ? Percent(share) : "")),
            ("perplexity", Cells(model => Number(model.Perplexity, "0.000"))),
            ("calibration error", Cells(model => model.CalibrationError is { } share ? Percent(share) : "")),
            ("same answer as teacher", Cells(model => model.SameAnswers is { } share ? Percent(share) : "")),
            ("wins against teacher", Cells(model => model.WinsAgainstTeacher is { Value: { } share } ? Percent(share) : "")),
            ("first token, ms", Cells(model => Number(model.FirstTokenMilliseconds, "0.0"))),
            ("memory, MB", Cells(model => Number(model.MemoryBytes / 1e6, "0"))),
            ("joules an answer", Cells(model => Number(model.JoulesPerAnswer, "0.000"))),
            ("tokens/s", Cells(model => Number(model.TokensPerSecond, "#,0"))),
        ];
        return new RunSummary(scores, [.. models.Select(model => model.Name)], [.. rows.Where(row => row.Item2.Any(cell => cell.Length > 0))], [.. Lines(run, scores, Took(done))]);

        string[] Cells(Func<ModelScores, string> cell) => [.. models.Select(model => cell(model.Scores))];
    }

    public static IEnumerable<string> Differences(Comparison comparison)
    {
        if (comparison.ExactMatch is { } match)
        {
            yield return $"exact match {Signed(100 * match.Value, "0.0")} points ({Signed(100 * match.Low, "0.0")} to {Signed(100 * match.High, "0.0")})";
        }

        if (comparison.KlToTeacher is { } kl)
        {
            yield return $"KL {Signed(kl.Value, "0.0000")} nats ({Signed(kl.Low, "0.0000")} to {Signed(kl.High, "0.0000")})";
        }
    }

    public static IEnumerable<string> TaskDifferences(TaskResult task)
    {
        if (task.StudentMinusTeacher is { } teacher)
        {
            yield return $"student minus teacher {Points(teacher)}";
        }

        if (task.StudentMinusBaseline is { } baseline)
        {
            yield return $"student minus baseline {Points(baseline)}";
        }
    }

    internal static string Points(Difference difference) => $"{Signed(100 * difference.Value, "0.0")} points ({Signed(100 * difference.Low, "0.0")} to {Signed(100 * difference.High, "0.0")})";

    // What was done side by side took its time once.
    static double Took(IReadOnlyList<Manifest> done) => done.Sum(stage => stage.Figures.GetValueOrDefault("seconds") / Math.Max(1, stage.Figures.GetValueOrDefault("beside")));

    static IEnumerable<string> Lines(RunContext run, Scores scores, double seconds)
    {
        if (scores.Teacher is { } teacher)
        {
            yield return $"The student has {ScoreSections.Fraction(scores.Student.Parameters, teacher.Parameters)} of the teacher's parameters{(teacher.ExactMatch is > 0 && scores.Student.ExactMatch is { } match ? $" and {Percent(match / teacher.ExactMatch.Value)} of its exact match" : "")}.";
        }

        if (run.Recipe.Student.Lora is not null && Manifest.TryRead(run.Folder.Path, "train")?.Figures.GetValueOrDefault("trained_parameters") is > 0 and var trained)
        {
            yield return $"{trained:N0} parameters of adapters were trained, and merged into the student's {scores.Student.Parameters:N0}.";
        }

        if (scores.Comparison is { } comparison && Differences(comparison).Any())
        {
            yield return $"Student minus baseline, 95 % paired bootstrap: {string.Join("; ", Differences(comparison))}.";
        }

        foreach (var set in scores.Contamination.Where(set => set.Same + set.Near > 0))
        {
            yield return $"{set}";
        }

        foreach (var task in ScoreSections.Beyond(scores.Tasks))
        {
            if (TaskDifferences(task).ToList() is { Count: > 0 } differences)
            {
                yield return $"{task.Benchmark}, {task.Measure} on {task.Models.Values.First().Questions:N0} questions: {string.Join("; ", differences)}.";
            }
        }

        foreach (var line in RobustnessSection.Lines(scores.Robustness))
        {
            yield return line;
        }

        if (scores.Student.WinsAgainstTeacher is { } wins)
        {
            yield return Wins(wins);
        }

        if (scores.Authors is { } authors)
        {
            yield return $"Answers by {string.Join(", ", authors.Select(author => $"{author.Key} ({author.Value:N0} rows)"))}; the student is compared with {run.Teacher.DisplayName}.";
        }

        foreach (var (name, share) in scores.Student.ExactMatchByCategory?.Where(entry => entry.Key == HeldOutBenchmark.Name) ?? [])
        {
            yield return $"Held-out prompts of the template: {(scores.Teacher is null ? "" : "student ")}{Percent(share)}{(scores.Teacher?.ExactMatchByCategory?.GetValueOrDefault(name) is { } of and > 0 ? $", teacher {Percent(of)}" : "")} exact match.";
        }

        yield return $"{scores.Rows.In:N0} rows in, {scores.Rows.Kept:N0} kept, {scores.Rows.Dropped:N0} dropped, {scores.Rows.Failed:N0} failed{(scores.Rows.Awaiting > 0 ? $", {scores.Rows.Awaiting:N0} await a person's review" : "")}; {seconds:0} s in all stages.";
        foreach (var path in scores.Gguf.Values)
        {
            yield return $"  {Path.GetRelativePath(Directory.GetCurrentDirectory(), path)}";
        }

        if (run.Recipe.Package.LoraAdapter)
        {
            yield return $"  {Path.GetRelativePath(Directory.GetCurrentDirectory(), run.Folder.In(PackageStage.AdapterGguf(run)))} (the adapter alone)";
        }

        yield return $"  {Path.GetRelativePath(Directory.GetCurrentDirectory(), run.Folder.In("report.html"))} (all of it as a page), README.md (model card), scores.json, mistakes.jsonl";
    }

    static string Number(double? value, string format) => value is { } number ? number.ToString(format, CultureInfo.InvariantCulture) : "";

    static string Percent(double share) => (100 * share).ToString("0.0", CultureInfo.InvariantCulture) + " %";

    static string Signed(double value, string format) => value.ToString($"+{format};−{format};{format}", CultureInfo.InvariantCulture);

    /// <summary>What a judge thinks of the student's answers, in a sentence.</summary>
    public static string Wins(WinRate wins)
        => $"{wins.Judge} judged {wins.Judged:N0} answers beside the teacher's, in both orders: {wins.Wins:N0} better, {wins.Ties:N0} as good, {wins.Losses:N0} worse{(wins.Range is { } range ? $" ({Percent(range.Low)} to {Percent(range.High)} wins, ties half)" : "")}{(wins.Unjudged > 0 ? $"; {wins.Unjudged:N0} it did not judge" : "")}.";
}
