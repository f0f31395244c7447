using DistillForge.Core;
using DistillForge.Data;
using DistillForge.Evaluation;
using DistillForge.Llama;
using DistillForge.Models;
using DistillForge.Packaging;
using DistillForge.Runs.Judging;
using DistillForge.Runs.Reports;
using DistillForge.Text;

namespace DistillForge.Runs.Stages;

/// <summary>Writes down what the student is, from whom it learned, on what, and how it compares.</summary>
sealed class CardStage(RunContext run) : Stage(run)
{
    public override string Name => "card";

    public override string Command => "evaluate";

    protected override IReadOnlyList<string> RecipeKeys => ["name", "teacher", "teachers", "dataset", "prompts", "train", "student"];

    protected override IReadOnlyDictionary<string, string> Inputs => new Dictionary<string, string>
    {
        [EvaluateStage.File] = Run.Folder.In(EvaluateStage.File),
        [PackagedFiles.Name] = Run.Folder.In(PackagedFiles.Name),
        ["verdicts.parquet"] = Run.Folder.Verdicts,
    };

    protected override IReadOnlyList<string> Outputs => ["README.md", "Modelfile", RunReport.FileName];

    protected override async Task<IReadOnlyDictionary<string, double>> ExecuteAsync(CancellationToken cancellationToken)
    {
        var scores = Scores.Read(Run.Folder.In(EvaluateStage.File));
        var files = PackagedFiles.Read(Run.Folder.In(PackagedFiles.Name));
        var shape = HuggingFaceConfig.Read(Path.Combine(Run.Folder.Checkpoint, "config.json"));
        var card = new ModelCard
        {
            Name = Run.Recipe.Name,
            License = Licenses,
            Teacher = Run.HasTeacher ? new CardTeacher(Run.TeacherName, CardFacts.TeacherOnHub(Run), Run.Teachers.Count == 1 ? scores.Teacher?.Parameters : null, Licenses, Run.LocalTeacher is null ? null : string.Join(", ", Run.Teachers.Where(teacher => teacher.Gguf is not null).Select(Run.IdentityOf))) : null,
            Purpose = $"It answers prompts like those of {Source} and is small enough to run on any machine.",
            BaseModel = CardFacts.BaseModel(Run),
            Sizes = [.. Sizes(shape), .. CardFacts.Start(Run) is { } start ? [("started from", start)] : Array.Empty<(string, string)>()],
            Use = new CardUse(Path.GetFileName(Run.Gguf(Run.Recipe.Package.Quantize[0])), RobustnessFile.RightAnswer(Run.Folder.In(RobustnessFile.Name), (question, answer) => CardUse.CanShow(question) && CardUse.CanShowAnswer(answer))),
            Intended = CardFacts.Intended(Run, shape, scores, Source),
            OutOfScope = CardFacts.OutOfScope(Run),
            Compute = CardFacts.Compute(Run, shape.Parameters),
            Data = new CardData(Source, scores.Rows.In, scores.Rows.Failed, scores.Rows.Dropped, scores.Rows.Kept, Run.Recipe.Dataset?.License, Run.Hashes.Of(Run.Folder.Curated), scores.Rows.Awaiting),
            Terms = [.. Terms()],
            Filters = await FiltersAsync(cancellationToken),
            Method = Method(),
            Scores = [.. Rows(scores)],
            ScoreNotes = Notes(scores),
            Findings = [.. new[] { LossSection.OfCard(scores.Losses), RobustnessSection.OfCard(scores.Robustness) }.OfType<CardSection>()],
            Files = files,
            Limits = Limits(scores),
            Versions = [$"DistillForge {RunContext.Version}", Engine.Build],
        };
        DurableFile.Write(Run.Folder.In("README.md"), stream => stream.Write(System.Text.Encoding.UTF8.GetBytes(card.ToMarkdown())));
        var smallest = files.MinBy(file => file.Bytes)!;
        var modelfile = Modelfile.Render(Path.GetFileName(smallest.Path), Vocabulary.Read(Run.Folder.In("vocabulary.gguf")), shape.Context, card.License, Run.Recipe.Prompts?.System);
        DurableFile.Write(Run.Folder.In("Modelfile"), stream => stream.Write(System.Text.Encoding.UTF8.GetBytes(modelfile)));
        var report = await new RunReport(Run, scores, files).BuildAsync(cancellationToken);
        DurableFile.Write(Run.Folder.In(RunReport.FileName), stream => stream.Write(System.Text.Encoding.UTF8.GetBytes(report.ToHtml())));
        return new Dictionary<string, double>();
    }

    // Who answered and who judged, as the rows were curated.
    IEnumerable<(string Who, string Terms)> Terms()
    {
        var chosen = Manifest.TryRead(Run.Folder.Path, "filter")?.Chosen ?? new Dictionary<string, string>();
        IEnumerable<(string Name, string Value)> After(string start) => chosen.Where(fact => fact.Key.StartsWith(start, StringComparison.Ordinal)).Select(fact => (fact.Key[start.Length..], fact.Value));
        return
        [
            .. After("terms."),
            .. After("judge.").Where(fact => fact.Name.EndsWith(".name", StringComparison.Ordinal)).Select(fact => ($"{fact.Value}, judge of rows", chosen.GetValueOrDefault($"judge.{fact.Name[..^".name".Length]}.terms") ?? "unknown")),
            .. NamedJudge.Of(Run).Where(judge => !judge.Selects).Select(judge => ($"{judge.Source.DisplayName}, judge of the comparison", Run.TermsFor(judge.Source) is var (terms, by) ? TermsInForce.Describe(terms, by) : "")),
            .. Run.Recipe.Evaluate.Robustness.Paraphraser is { } by ? [($"{by.DisplayName}, who says test questions in other words", Run.TermsFor(by) is var (said, sign) ? TermsInForce.Describe(said, sign) : "")] : Array.Empty<(string, string)>(),
            .. After("override.").Select(fact => ($"override {fact.Name}", fact.Value)),
        ];
    }

    // Several licenses are all said: none of them alone covers the rows.
    string? Licenses => Run.Asks
        ? Run.Teachers.Select(teacher => teacher.License ?? "unknown").Distinct().ToList() is [var only] ? (Run.Teacher.License is null ? null : only) : string.Join(" AND ", Run.Teachers.Select(teacher => teacher.License ?? "unknown").Distinct())
        : Run.Recipe.Dataset!.License ?? (Run.HasTeacher ? Run.Teacher.License : null);

    string Source => Run.Asks ? SourceFiles.NameOf(Run.Recipe.Prompts!) : SourceFiles.NameOf(Run.Recipe.Dataset!);

    static List<(string, string)> Sizes(ModelShape shape) =>
    [
        ("architecture", shape.Architecture),
        ("parameters", shape.Parameters.ToString("N0")),
        ("layers, width, heads", $"{shape.Layers}, {shape.Width}, {shape.Heads}"),
        ("vocabulary", $"{shape.Vocabulary:N0} tokens"),
        ("context", $"{shape.Context:N0} tokens"),
    ];

    List<(string, string)> Method()
    {
        var train = Run.Recipe.Train;
        var figures = Manifest.TryRead(Run.Folder.Path, "train")!.Figures;
        var losses = train.Losses.Count > 0 ? string.Join(" + ", train.Losses.Select(loss => $"{loss.Weight} {loss.Name}")) : Run.LearnsFromTraces ? "0.7 forward-kl + 0.3 cross-entropy" : "cross-entropy";
        return
        [
            ("losses", losses),
            ("steps", $"{figures.GetValueOrDefault("steps"):N0}, in {train.Epochs} epochs"),
            ("tokens", $"{figures.GetValueOrDefault("tokens"):N0}, of which {figures.GetValueOrDefault("trained_tokens"):N0} trained"),
            .. Run.Recipe.Student.Lora is null ? Array.Empty<(string, string)>() : [("trained", $"{figures.GetValueOrDefault("trained_parameters"):N0} parameters of adapters, merged into the frozen ones")],
            ("learning rate", $"{train.LearningRate:0.######} at the peak"),
            ("precision", figures.GetValueOrDefault("precision_bits") == 32 ? "float32" : "bf16 products, float32 weights"),
            ("seed", Run.Recipe.Seed.ToString()),
            ("training took", $"{figures.GetValueOrDefault("seconds"):0} s on {Environment.ProcessorCount} CPU cores"),
        ];
    }

    static IEnumerable<CardScore> Rows(Scores scores)
    {
        foreach (var (name, model) in new[] { ("teacher", scores.Teacher), (scores.Teacher is null ? "this model" : "student", scores.Student), ("baseline", scores.Baseline), ("untrained", scores.Untrained) })
        {
            if (model is not null)
            {
                yield return new CardScore(name, model.Parameters, model.Bytes, model.ExactMatch, model.KlToTeacher, model.Top1Agreement, model.TokensPerSecond, model.ExactMatchInterval is { } range ? (range.Low, range.High) : null);
            }
        }
    }

    List<string> Notes(Scores scores)
    {
        var notes = new List<string>();
        if (scores.Authors is { } authors)
        {
            notes.Add($"Answers by {string.Join(", ", authors.Select(author => $"{author.Key} ({author.Value:N0} rows)"))}; the student is compared with {Run.Teacher.DisplayName}.");
        }

        if (scores.Student.ExactMatch is not null && Run.Recipe.Evaluate.Benchmarks.Count > 0 && (scores.Tasks.Count == 0 ? Run.Recipe.Evaluate.Benchmarks[0].Name : scores.Tasks.First(task => task.Measure == MeasuredModel.ExactMeasure).Benchmark) is { } benchmark)
        {
            notes.Add($"Exact match is on {benchmark}, greedy.{(scores.Student.ExactMatchInterval is { } range ? $" Its 95 % interval is {range.Low:P1} to {range.High:P1}." : "")}");
        }

        foreach (var (name, share) in scores.Student.ExactMatchByCategory ?? new Dictionary<string, double>())
        {
            notes.Add($"The student's exact match on {(name == HeldOutBenchmark.Name ? "prompts that were held out" : scores.Tasks.Any(task => task.Benchmark == name) ? name : $"questions of the kind {name}")}: {share:P1}.");
        }

        foreach (var task in ScoreSections.Beyond(scores.Tasks))
        {
            notes.Add($"{task.Benchmark}, {task.Measure} on {task.Models.Values.First().Questions:N0} questions: {string.Join(", ", task.Models.Select(model => $"{model.Key} {model.Value.Mean:P1}"))}; {string.Join("; ", Summaries.TaskDifferences(task))} (95 % paired bootstrap).");
        }

        if (scores.Baseline is not null)
        {
            notes.Add("The baseline has the same size, rows, order and steps, and was trained on the teacher's text alone.");
        }

        notes.AddRange(scores.Contamination.Select(set => $"{set}"));
        if (scores.Student.WinsAgainstTeacher is { } wins)
        {
            notes.Add(Summaries.Wins(wins));
        }

        if (scores.Comparison is { } comparison)
        {
            notes.Add($"Student minus baseline, 95 % paired bootstrap over rows: {string.Join("; ", Summaries.Differences(comparison))}.");
        }

        return notes;
    }

    static List<string> Limits(Scores scores)
    {
        var limits = new List<string> { "It knows what its prompts showed it and nothing else; ask it other things and it will answer nonsense with confidence." };
        if (scores.Teacher?.ExactMatch is { } teacher && scores.Student.ExactMatch is { } student && student < teacher)
        {
            limits.Add($"It answers {teacher - student:P1} of the test questions worse than its teacher, in absolute terms.");
        }

        limits.Add("Whatever its teacher gets wrong, it was taught to get wrong.");
        return limits;
    }

    async Task<List<CardFilter>> FiltersAsync(CancellationToken cancellationToken)
    {
        var judged = new SortedDictionary<(int Order, string Filter), (long All, Dictionary<string, long> Drops)>();
        await foreach (var row in VerdictsFile.ReadAsync([Run.Folder.Verdicts], cancellationToken))
        {
            var key = (row.Order, row.Filter);
            var (all, drops) = judged.TryGetValue(key, out var known) ? known : (0, []);
            if (row.Verdict is { Action: FilterAction.Drop, Reason: { } reason })
            {
                drops[reason.Code] = drops.GetValueOrDefault(reason.Code) + 1;
            }

            judged[key] = (all + 1, drops);
        }

        return [.. judged.Select(filter => new CardFilter(filter.Key.Filter, filter.Value.All, filter.Value.Drops.Values.Sum(), [.. filter.Value.Drops.OrderByDescending(drop => drop.Value).Select(drop => (drop.Key, drop.Value))]))];
    }
}
