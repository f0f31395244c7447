using DistillForge.Core;
using DistillForge.Data;
using DistillForge.Evaluation;
using DistillForge.Models;
using DistillForge.Packaging;

namespace DistillForge.Runs.Stages;

/// <summary>Compares teacher, student and baseline as they run in llama.cpp: on tasks, on the teacher's own held-out answers, in speed and size.</summary>
sealed class EvaluateStage(RunContext run) : Stage(run)
{
    public const string File = "evaluation.json";

    const string BaselineGguf = "baseline-f16.gguf";

    public override string Name => "evaluate";

    public override string Command => "evaluate";

    protected override IReadOnlyList<string> RecipeKeys => ["evaluate", "package"];

    protected override IReadOnlyDictionary<string, string> Inputs
    {
        get
        {
            var inputs = new Dictionary<string, string> { ["student"] = Student, ["held-out"] = Run.LocalTeacher is not null ? Run.TracesOf("held-out") : Run.Folder.In(Run.Asks ? "held-out/prompts.parquet" : "held-out/examples") };
            if (Run.LocalTeacher is { } gguf)
            {
                inputs["teacher"] = gguf;
            }

            if (HasBaseline)
            {
                inputs["baseline"] = Run.Folder.Baseline;
            }

            return inputs;
        }
    }

    protected override IReadOnlyDictionary<string, string> Contents => Benchmarks().ToDictionary(
        named => $"benchmark {named.Name}",
        named => Sha256.OfText(string.Join('\n', named.Benchmark.Questions().Select(question => $"{question.Messages[^1].Content}\t{question.Expected}"))));

    protected override IReadOnlyList<string> Outputs => HasBaseline ? [File, BaselineGguf] : [File];

    bool HasBaseline => Run.LearnsFromTraces && Run.Recipe.Evaluate.Baseline == BaselineKind.TeacherText;

    // The first of the list is the file that the recipe puts first.
    string Student => Run.Gguf(Run.Recipe.Package.Quantize[0]);

    protected override async Task<IReadOnlyDictionary<string, double>> ExecuteAsync(CancellationToken cancellationToken)
    {
        if (HasBaseline)
        {
            new StudentExport(Run.Folder.Baseline).Write(Run.Folder.In(BaselineGguf), GgmlType.F16, new Origin($"{Run.Recipe.Name} baseline", null, Run.TeacherName, null));
        }

        var teacher = Run.LocalTeacher is { } gguf ? await MeasureAsync("teacher", gguf, cancellationToken) : null;
        var student = await MeasureAsync("student", Student, cancellationToken);
        var baseline = HasBaseline ? await MeasureAsync("baseline", Run.Folder.In(BaselineGguf), cancellationToken) : null;
        var fidelity = Run.SharesVocabulary ? await FidelityAsync(cancellationToken) : [];
        var scores = new Scores(
            Run.Recipe.Name,
            teacher?.Scores,
            With(student.Scores, fidelity, 0),
            baseline is null ? null : With(baseline.Scores, fidelity, 1),
            Run.Recipe.Package.Quantize.ToDictionary(type => type, Run.Gguf),
            Rows(),
            new Dictionary<string, double>(),
            baseline is null ? null : Compare(student, baseline, fidelity),
            Authors());
        scores.Write(Run.Folder.In(File));
        await MistakesFile.WriteAsync(Run.Folder.In("mistakes.jsonl"), [("teacher", teacher?.Tasks ?? []), ("student", student.Tasks), ("baseline", baseline?.Tasks ?? [])], cancellationToken);
        return new Dictionary<string, double> { ["held_out_rows"] = fidelity.Count };
    }

    sealed record Measured(ModelScores Scores, IReadOnlyList<TaskScore> Tasks)
    {
        public double[] Values => [.. Tasks.SelectMany(task => task.Values)];
    }

    async Task<Measured> MeasureAsync(string who, string gguf, CancellationToken cancellationToken)
    {
        await using var model = await Run.OpenFastAsync(gguf, cancellationToken);
        var tasks = new List<TaskScore>();
        foreach (var (name, benchmark) in Benchmarks())
        {
            tasks.Add(await TaskScore.MeasureAsync(name, benchmark, model, Run.Recipe.Generate.MaxTokens, model.Parallel, new Relabelled(Run.Progress, who), cancellationToken));
        }

        var speed = await model.MeasureSpeedAsync(cancellationToken);
        var primary = tasks.FirstOrDefault();
        var byTask = tasks.Count > 1 || primary?.Benchmark == HeldOutBenchmark.Name
            ? tasks.ToDictionary(task => task.Benchmark, task => task.Mean)
            : primary?.ByCategory.ToDictionary(category => category.Benchmark, category => category.Mean);
        return new Measured(
            new ModelScores(model.Parameters, new FileInfo(gguf).Length, primary?.Mean, Math.Round(speed.Single, 1), ExactMatchInterval: primary is null ? null : Range95.Of(primary.RightInterval), ExactMatchByCategory: byTask),
            tasks);
    }

    async Task<List<FidelityRow>> FidelityAsync(CancellationToken cancellationToken)
    {
        var beside = HasBaseline ? 3 : 2;
        await using var teacher = await Run.OpenExactAsync(Run.TeacherGguf, beside, cancellationToken);
        await using var student = await Run.OpenExactAsync(Student, beside, cancellationToken);
        await using var baseline = HasBaseline ? await Run.OpenExactAsync(Run.Folder.In(BaselineGguf), beside, cancellationToken) : null;
        var ids = Run.Scores
            ? ExamplesFile.ReadAsync(WantedRows.Shards(Run.Folder.In("held-out/examples")), cancellationToken).Select(example => example.Id)
            : PromptsFile.ReadAsync([Run.Folder.In("held-out/prompts.parquet")], cancellationToken).Select(prompt => prompt.Id);
        var wanted = await ids.ToHashSetAsync(cancellationToken: cancellationToken);
        var rows = TracesFile.ReadAsync(WantedRows.Shards(Run.TracesOf("held-out")), cancellationToken)
            .Where(trace => wanted.Contains(trace.Id) && trace.CompletionLength > 0)
            .Select(trace => (trace.Id, new TokenSequence(trace.Vocabulary, trace.TokenIds, trace.PromptLength)));
        var compared = new List<FidelityRow>();
        await foreach (var row in Fidelity.CompareAsync(teacher, baseline is null ? [student] : [student, baseline], rows, student.Parallel, cancellationToken))
        {
            if (row.Failure is null)
            {
                compared.Add(row);
            }

            Run.Progress.Report("fidelity", compared.Count, wanted.Count, "rows");
        }

        return compared;
    }

    IEnumerable<(string Name, IBenchmark Benchmark)> Benchmarks()
    {
        foreach (var setting in Run.Recipe.Evaluate.Benchmarks)
        {
            yield return (setting.Name, Components.Benchmarks.Create(setting.Name, setting.Options));
        }

        if (HeldOutBenchmark.TryRead(Run.Folder) is { } heldOut)
        {
            yield return (HeldOutBenchmark.Name, heldOut);
        }
    }

    static ModelScores With(ModelScores scores, List<FidelityRow> fidelity, int which)
    {
        if (fidelity.Count == 0)
        {
            return scores;
        }

        var total = Divergence.Sum(fidelity.Select(row => row.Students[which]));
        return scores with { KlToTeacher = total.KlPerToken, Top1Agreement = total.Top1Agreement };
    }

    Comparison Compare(Measured student, Measured baseline, List<FidelityRow> fidelity)
    {
        var seed = Seeds.Derive(Run.Recipe.Seed, "bootstrap");
        var task = student.Tasks.Count == 0 ? null : Difference.Of(PairedBootstrap.Difference(student.Tasks[0].Values, baseline.Tasks[0].Values, seed));
        var kl = fidelity.Count == 0 ? null : Difference.Of(PairedBootstrap.Difference(
            [.. fidelity.Select(row => row.Students[0].Kl)], [.. fidelity.Select(row => row.Students[1].Kl)], [.. fidelity.Select(row => (double)row.Students[0].Tokens)], seed));
        return new Comparison(task, kl);
    }

    // Rows by who answered them; null where there is only one.
    Dictionary<string, long>? Authors()
    {
        const string Prefix = "examples.";
        var figures = Manifest.TryRead(Run.Folder.Path, "generate")?.Figures ?? new Dictionary<string, double>();
        return Run.Teachers.Count < 2 ? null : figures.Where(figure => figure.Key.StartsWith(Prefix, StringComparison.Ordinal)).ToDictionary(figure => figure.Key[Prefix.Length..], figure => (long)figure.Value);
    }

    RowCounts Rows()
    {
        double Figure(string stage, string figure) => Manifest.TryRead(Run.Folder.Path, stage)?.Figures.GetValueOrDefault(figure) ?? 0;
        var failed = Run.Asks ? (long)Figure("generate", "failures") : Run.Scores ? (long)Figure("score", "failures") : 0;
        var total = (long)(Run.Asks ? Figure("generate", "prompts") : Figure("dataset", "examples"));
        var rows = new RowCounts(total, (long)Figure("filter", "kept"), (long)Figure("filter", "dropped"), failed, (long)Figure("filter", "awaiting_review"));
        Ledger.Balance(Name, ("rows in", rows.In), ("kept", rows.Kept), ("dropped", rows.Dropped), ("failed", rows.Failed), ("await review", rows.Awaiting));
        return rows;
    }
}

/// <summary>The stage knows whom it measures, the benchmark does not.</summary>
sealed class Relabelled(IProgressLog inner, string label) : IProgressLog
{
    public void Say(string message) => inner.Say("  " + message);

    public void Report(string what, long done, long total, string unit, string detail = "") => inner.Report(label, done, total, unit, detail);
}
