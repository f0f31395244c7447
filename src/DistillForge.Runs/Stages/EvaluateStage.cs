using DistillForge.Core;
using DistillForge.Data;
using DistillForge.Evaluation;
using DistillForge.Models;
using DistillForge.Packaging;
using DistillForge.Runs.Judging;

namespace DistillForge.Runs.Stages;

/// <summary>Compares teacher, student and baseline as they run in llama.cpp: on tasks, on the teacher's own held-out answers, in speed and size.</summary>
sealed class EvaluateStage(RunContext run) : Stage(run)
{
    public const string File = "evaluation.json";

    /// <summary>How far students are from the teacher, by slices.</summary>
    public const string FidelityFile = "fidelity.json";

    // Enough to see that a network drawn at random knows nothing: it talks to the limit each time, and there is nothing that it could lose when questions are
    // written otherwise. What could answer before is asked all, and again.
    const int UntrainedQuestions = 100;
    const int TalkPrompts = 100;

    /// <summary>What the student is compared with; it is not handed out.</summary>
    public const string BaselineGguf = "baseline-f16.gguf";

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

            if (HasUntrained)
            {
                inputs["untrained"] = Untrained;
            }

            if (HasBaseline)
            {
                inputs["baseline"] = Run.Folder.Baseline;
            }

            return inputs;
        }
    }

    protected override IReadOnlyDictionary<string, string> Contents => Benchmarks().Select(named => new KeyValuePair<string, string>(
        $"benchmark {named.Name}",
        Sha256.OfText(string.Join('\n', named.Benchmark.Questions().Select(question => $"{question.Messages[^1].Content}\t{question.Expected}{(question.Paraphrase is { } paraphrase ? $"\t{paraphrase}" : "")}")))))
        .Concat(RobustnessProbe.Content(Run))
        .Concat(Judge is null ? [] : [new("judge", Run.IdentityOf(Judges.SourceOf(Run, Judge.By, Judge.Teacher))), new("rubric", Rubric.Read(Judge.Rubric.Path).Sha256)]).ToDictionary();

    protected override IReadOnlyDictionary<string, string>? Facts
    {
        get
        {
            var facts = NamedJudge.Of(Run).Where(judge => !judge.Selects).ToDictionary(_ => "judge", judge => judge.Describe(Run));
            if (Run.Recipe.Evaluate.Robustness.Paraphraser is { } by)
            {
                var (terms, sign) = Run.TermsFor(by);
                facts["paraphrases by"] = $"{by.DisplayName}, {Run.IdentityOf(by)[..12]}: {TermsInForce.Describe(terms, sign)}";
            }

            return facts.Count > 0 ? facts : null;
        }
    }

    JudgeSettings? Judge => Run.Recipe.Evaluate.Judge;

    protected override IReadOnlyList<string> Outputs => [File, .. Run.SharesVocabulary ? [FidelityFile] : Array.Empty<string>(), .. HasBaseline ? [BaselineGguf] : Array.Empty<string>()];

    bool HasBaseline => Run.LearnsFromTraces && Run.Recipe.Evaluate.Baseline == BaselineKind.TeacherText;

    // A run of an older build did not keep it.
    bool HasUntrained => System.IO.File.Exists(Untrained);

    string Untrained => Run.Folder.In(TrainStage.UntrainedGguf);

    // The first of the list is the file that the recipe puts first.
    string Student => Run.Gguf(Run.Recipe.Package.Quantize[0]);

    protected override async Task<IReadOnlyDictionary<string, double>> ExecuteAsync(CancellationToken cancellationToken)
    {
        if (HasBaseline)
        {
            new StudentExport(Run.Folder.Baseline).Write(Run.Folder.In(BaselineGguf), GgmlType.F16, new Origin($"{Run.Recipe.Name} baseline", null, Run.TeacherName, null));
        }

        var took = new SortedDictionary<string, double>(StringComparer.Ordinal);
        var benchmarks = Benchmarks().ToList();
        var talk = benchmarks.Count == 0 ? HeldOutTalk.TryRead(Run.Folder, TalkPrompts) : null;
        var probe = await TakesAsync("paraphrases", () => RobustnessProbe.OfAsync(Run, benchmarks, talk, cancellationToken));
        var teacher = Run.LocalTeacher is { } gguf ? await MeasureAsync("teacher", gguf) : null;
        var student = await MeasureAsync("student", Student);
        var baseline = HasBaseline ? await MeasureAsync("baseline", Run.Folder.In(BaselineGguf)) : null;
        var untrained = HasUntrained ? await MeasureAsync("untrained", Untrained, Run.Recipe.Student.IsPretrained ? int.MaxValue : UntrainedQuestions, Run.Recipe.Student.IsPretrained ? probe.Questions : []) : null;
        List<(string Name, string Gguf)> students = [("student", Student), .. HasBaseline ? [("baseline", Run.Folder.In(BaselineGguf))] : Array.Empty<(string, string)>(), .. HasUntrained ? [("untrained", Untrained)] : Array.Empty<(string, string)>()];
        var fidelity = Run.SharesVocabulary ? await TakesAsync("fidelity", () => FidelityAsync(students, cancellationToken)) : null;
        List<(string, IReadOnlyList<TaskScore>)> asked = [("teacher", teacher?.Tasks ?? []), ("student", student.Tasks), ("baseline", baseline?.Tasks ?? [])];
        List<(string, IReadOnlyList<TaskScore>)> all = [.. asked, ("untrained", untrained?.Tasks ?? [])];
        await using var judges = new Judges(Run, mayAsk: true);
        var wins = new Dictionary<string, WinRate>();
        if (Judge is { } settings && teacher is not null)
        {
            foreach (var (name, model) in new[] { ("student", student), ("baseline", baseline) }.Where(model => model.Item2 is not null))
            {
                wins[name] = await JudgedAnswers.CompareAsync(Run, judges, settings, name, model!, teacher, cancellationToken);
            }
        }

        ModelScores? Scored(string name, MeasuredModel? model) => model is null ? null : With(model, teacher, fidelity?.Of(name)) with { WinsAgainstTeacher = wins.GetValueOrDefault(name) };
        var scores = new Scores(
            Run.Recipe.Name,
            teacher is null ? null : teacher.Scores with { Perplexity = fidelity?.Reports[0].All.TeacherPerplexity, CalibrationError = fidelity?.Reports[0].TeacherCalibration.Ece },
            Scored("student", student)!,
            Scored("baseline", baseline),
            Run.Recipe.Package.Quantize.ToDictionary(type => type, Run.Gguf),
            Rows(),
            new Dictionary<string, double>(),
            baseline is null ? null : Compare(student, baseline, fidelity?.Rows ?? []),
            Authors(),
            Scored("untrained", untrained))
        {
            Slices = TaskSlice.Of(asked),
            Tasks = TaskResult.Of(all, Seeds.Derive(Run.Recipe.Seed, "bootstrap")),
            Quantizations = await TakesAsync("quantizations", () => QuantizationsAsync(student, cancellationToken)),
            Losses = teacher is null ? null : KnownLosses.Of(teacher.Tasks, student.Tasks, fidelity is null ? [] : [.. fidelity.Rows.Select(row => (fidelity.Categories.GetValueOrDefault(row.Id), row))], Seeds.Derive(Run.Recipe.Seed, "losses")),
            Robustness = probe.Results([("teacher", teacher), ("student", student), ("baseline", baseline), ("untrained", untrained)], Seeds.Derive(Run.Recipe.Seed, "bootstrap")),
            Contamination = await TakesAsync("contamination", () => ContaminationCount.OfAsync(Run, Benchmarks(), cancellationToken)),
        };
        scores.Write(Run.Folder.In(File));
        if (Run.SharesVocabulary)
        {
            DurableFile.Write(Run.Folder.In(FidelityFile), stream => stream.Write(System.Text.Encoding.UTF8.GetBytes(FidelityReport.ToJson(fidelity?.Reports ?? []))));
        }

        await MistakesFile.WriteAsync(Run.Folder.In("mistakes.jsonl"), asked, cancellationToken);
        await TaskScoresFile.WriteAsync(Run.Folder.In(TaskScoresFile.Name), all, cancellationToken);
        await RobustnessFile.WriteAsync(Run.Folder.In(RobustnessFile.Name), [("teacher", teacher?.Perturbed ?? []), ("student", student.Perturbed), ("baseline", baseline?.Perturbed ?? []), ("untrained", untrained?.Perturbed ?? [])], cancellationToken);
        foreach (var (part, seconds) in new[] { teacher, student, baseline, untrained }.OfType<MeasuredModel>().SelectMany(model => model.Seconds))
        {
            took[part] = took.GetValueOrDefault(part) + seconds;
        }

        return took.Select(part => new KeyValuePair<string, double>($"seconds.{part.Key}", Math.Round(part.Value, 3))).Prepend(new("held_out_rows", fidelity?.Rows.Count ?? 0)).ToDictionary();

        async Task<T> TakesAsync<T>(string part, Func<Task<T>> work)
        {
            var start = Run.Clock.GetTimestamp();
            var result = await work();
            took[part] = Run.Clock.GetElapsedTime(start).TotalSeconds;
            return result;
        }

        async Task<MeasuredModel> MeasureAsync(string who, string file, int? questions = null, IReadOnlyList<PerturbedQuestion>? perturbed = null)
        {
            await using var model = await Run.OpenFastAsync(file, cancellationToken);
            return await MeasuredModel.OfAsync(model, benchmarks, talk, Run.Recipe.Generate.MaxTokens, questions, new Relabelled(Run.Progress, who), cancellationToken, perturbed ?? probe.Questions);
        }
    }

    // The student was measured as the first of them.
    async Task<IReadOnlyList<QuantizationCost>> QuantizationsAsync(MeasuredModel student, CancellationToken cancellationToken)
    {
        var types = Run.Recipe.Package.Quantize;
        var costs = new List<QuantizationCost> { new(types[0], student.Scores.Bytes, student.Scores.TokensPerSecond ?? 0, student.Scores.PromptTokensPerSecond ?? 0) };
        foreach (var type in types.Skip(1))
        {
            await using var model = await Run.OpenFastAsync(Run.Gguf(type), cancellationToken);
            var speed = await model.MeasureSpeedAsync(cancellationToken);
            costs.Add(new(type, new FileInfo(model.Path).Length, Math.Round(speed.Single, 1), Math.Round(speed.Prompt, 1)));
        }

        return costs;
    }

    // Null where a pruned student can read none of the rows.
    async Task<FidelityMeasurement?> FidelityAsync(IReadOnlyList<(string Name, string Gguf)> students, CancellationToken cancellationToken)
    {
        var categories = await (Run.Scores
            ? ExamplesFile.ReadAsync(WantedRows.Shards(Run.Folder.In("held-out/examples")), cancellationToken).Select(example => (example.Id, example.Category))
            : PromptsFile.ReadAsync([Run.Folder.In("held-out/prompts.parquet")], cancellationToken).Select(prompt => (prompt.Id, prompt.Category)))
            .DistinctBy(row => row.Id).ToDictionaryAsync(row => row.Id, row => row.Category, cancellationToken: cancellationToken);
        var pruned = Run.PrunedVocabulary();
        // A pruned student cannot read what no row had; how many rows were compared is among the figures.
        var rows = TracesFile.ReadAsync(WantedRows.Shards(Run.TracesOf("held-out")), cancellationToken)
            .Where(trace => categories.ContainsKey(trace.Id) && trace.CompletionLength > 0)
            .Select(trace => (trace, Ids: pruned is null ? trace.TokenIds : pruned.Of(trace.TokenIds)))
            .Where(row => row.Ids is not null)
            .Select(row => (row.trace.Id, new TokenSequence(pruned?.Part.Fingerprint ?? row.trace.Vocabulary, row.Ids!, row.trace.PromptLength)));
        var measured = await FidelityMeasurement.OfAsync(students, (gguf, beside) => Run.OpenExactAsync(gguf, beside, cancellationToken), Run.TeacherGguf, rows, categories, pruned, Run.Progress, cancellationToken);
        if (pruned is not null)
        {
            Run.Progress.Say($"  {measured.Rows.Count:N0} of {categories.Count:N0} held-out rows have only tokens that the student kept, and are compared");
        }

        return pruned is not null && measured.Rows.Count == 0 ? null : measured;
    }

    IEnumerable<(string Name, IBenchmark Benchmark)> Benchmarks()
    {
        foreach (var named in Components.Named(Run.Recipe.Evaluate.Benchmarks))
        {
            yield return named;
        }

        if (HeldOutBenchmark.TryRead(Run.Folder) is { } heldOut)
        {
            yield return (HeldOutBenchmark.Name, heldOut);
        }
    }

    /// <summary>A model's own figures and those beside its teacher.</summary>
    public static ModelScores With(MeasuredModel model, MeasuredModel? teacher, FidelityReport? fidelity)
    {
        var agreement = teacher is null ? null : model.AgreementWith(teacher);
        var scores = model.Scores with { SameAnswers = agreement?.Same, AnswerSimilarity = agreement?.Similarity };
        return fidelity is null ? scores : scores with
        {
            KlToTeacher = fidelity.All.Kl,
            Top1Agreement = fidelity.All.Top1,
            Top5Agreement = fidelity.All.Top5,
            Perplexity = fidelity.All.Perplexity,
            CalibrationError = fidelity.Calibration.Ece,
        };
    }

    Comparison Compare(MeasuredModel student, MeasuredModel baseline, IReadOnlyList<FidelityRow> fidelity)
    {
        var seed = Seeds.Derive(Run.Recipe.Seed, "bootstrap");
        var exact = student.Tasks.ToList().FindIndex(task => task.Measure == MeasuredModel.ExactMeasure);
        var task = exact < 0 ? null : Difference.Of(PairedBootstrap.Difference(student.Tasks[exact].Values, baseline.Tasks[exact].Values, seed));
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
