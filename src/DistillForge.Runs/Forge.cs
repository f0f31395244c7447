using DistillForge.Core;
using DistillForge.Data;
using DistillForge.Evaluation;
using DistillForge.Filters;
using DistillForge.Llama;
using DistillForge.Runs.Judging;
using DistillForge.Runs.Lineage;
using DistillForge.Runs.Stages;
using DistillForge.Text;
using DistillForge.Training;

namespace DistillForge.Runs;

/// <summary>What somebody wants done.</summary>
/// <param name="Recipe">Path of a recipe.</param>
/// <param name="Runs">Folder that holds one folder a run.</param>
/// <param name="Until">The command whose stages are the last to be done; null does everything.</param>
public sealed record RunRequest(string Recipe, string Runs, string? Until = null);

/// <summary>Composes the stages of a recipe and does those that are not done yet.</summary>
public static class Forge
{
    static readonly string[] Commands = ["generate", "filter", "train", "package", "evaluate"];

    /// <exception cref="ForgeException">What the user can mend, or what is unavailable.</exception>
    /// <exception cref="OperationCanceledException">Interrupted; the same call goes on where this one stopped.</exception>
    public static async Task<RunSummary> RunAsync(RunRequest request, IProgressLog progress, TimeProvider clock, CancellationToken cancellationToken)
    {
        using var folder = Open(request, progress, clock, out var run);
        TermsGate.Note(run);
        KeysAtHand.Check(run, [.. Stages(run, request.Until)]);
        run = run.Recipe.Sweep is null || !Stages(run, request.Until).Any(stage => stage is TrainStage) ? run : await SweepAsync(run, cancellationToken);
        var done = new List<Manifest>();
        foreach (var group in Groups(run, request.Until))
        {
            cancellationToken.ThrowIfCancellationRequested();
            done.AddRange(await DoAsync(group, cancellationToken));
        }

        return Summaries.Of(run, done);
    }

    /// <summary>What the recipe's policy would do with some of the rows that there are. No teacher is asked; verdicts and curated set of an earlier run stay as they are.</summary>
    /// <param name="sample">Rows that are judged; in the order of their ids, which are hashes and so a fair draw.</param>
    /// <param name="examples">Rows shown of each reason.</param>
    public static async Task<FilterPreview> PreviewFiltersAsync(RunRequest request, long sample, int examples, IProgressLog progress, TimeProvider clock, CancellationToken cancellationToken)
    {
        using var folder = Open(request, progress, clock, out var run);
        foreach (var stage in Sources(run).Where(stage => stage is PromptsStage or DatasetStage))
        {
            cancellationToken.ThrowIfCancellationRequested();
            await stage.DoAsync(cancellationToken);
        }

        var rows = await WantedRows.OpenAsync(run, cancellationToken);
        await using var judges = new Judges(run, mayAsk: false);
        return rows.Count == 0
            ? throw new ForgeException(new Problem(request.Recipe, "has no answers to judge yet, and a dry run asks nobody.", "Give it a small prompts.count, run './distillforge generate' with it, and raise the count later: answers that are there are not asked for again."))
            : await new FilterPipeline(run.Recipe.Policy ?? new FilterPolicy { Filters = [] }, progress, run.Terms, judges).PreviewAsync(new FirstRows(rows, sample), examples, cancellationToken);
    }

    /// <summary>What <see cref="RunAsync"/> would do, and what that takes. A stage behind one that is to be done may be done as well.</summary>
    public static async Task<RunPlan> PlanAsync(RunRequest request, IProgressLog progress, TimeProvider clock, CancellationToken cancellationToken)
    {
        using var folder = Open(request, progress, clock, out var run);
        List<Stage> stages = [.. Stages(run, request.Until)];
        var plan = await new Planning(run).PlanAsync([.. stages.Select(stage => new PlannedStage(stage.Name, stage.WhyNow()))], cancellationToken);
        return plan with { Missing = [.. KeysAtHand.Missing(run, stages).Select(missing => $"{missing.Problem.Where} {missing.Problem.What} {missing.Problem.Instead}")] };
    }

    /// <summary>Lets a teacher read answers that exist, in a recipe or in a file, and writes down what it thinks of every token.</summary>
    public static async Task<ScoreSummary> ScoreAsync(ScoreRequest request, IProgressLog progress, TimeProvider clock, CancellationToken cancellationToken)
    {
        var recipe = request.ToRecipe();
        using var folder = RunFolder.Open(Path.Combine(request.Runs, recipe.Name));
        var run = new RunContext(recipe, folder, Settings.Load(), progress, clock);
        ChatTemplate.Day = RunLedger.FirstDay(folder.Path, clock);
        var done = new List<Manifest>();
        foreach (var stage in Sources(run))
        {
            cancellationToken.ThrowIfCancellationRequested();
            done.Add(await stage.DoAsync(cancellationToken));
        }

        var score = done.Single(stage => stage.Stage == ScoreStage.Part.Training.Name);
        return ScoreSummary.Of(score, run.TeacherName, run.TracesOf(""));
    }

    static RunFolder Open(RunRequest request, IProgressLog progress, TimeProvider clock, out RunContext run)
    {
        var recipe = RecipeReader.Read(request.Recipe, Components.Known);
        TeacherAtHand.Check(recipe);
        Pairs.Check(recipe);
        var folder = RunFolder.Open(Path.Combine(request.Runs, recipe.Name));
        run = new RunContext(recipe, folder, Settings.Load(), progress, clock);
        ChatTemplate.Day = RunLedger.FirstDay(folder.Path, clock);
        try
        {
            Lineage.Takedown.RefuseHalf(folder.Path);
            TeacherFiles.CheckReadable(run);
            TermsGate.Check(run);
            TermsGate.Warn(run);
        }
        catch
        {
            folder.Dispose();
            throw;
        }

        Blocks.Use();
        return folder;
    }

    // What comes before training is the same for all students of a sweep.
    static async Task<RunContext> SweepAsync(RunContext run, CancellationToken cancellationToken)
    {
        foreach (var stage in All(run).TakeWhile(stage => stage is not TrainStage))
        {
            cancellationToken.ThrowIfCancellationRequested();
            await stage.DoAsync(cancellationToken);
        }

        return await new Sweeps.Sweep(run).BestAsync(cancellationToken);
    }

    // When one fails, the others stop: their checkpoints are kept, and the cause is told at once.
    static async Task<Manifest[]> DoAsync(IReadOnlyList<Stage> group, CancellationToken cancellationToken)
    {
        using var together = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var tasks = group.Select(stage => stage.DoAsync(together.Token)).ToArray();
        await foreach (var task in Task.WhenEach(tasks))
        {
            if (!task.IsCompletedSuccessfully)
            {
                await together.CancelAsync();
                await Task.WhenAll(tasks).ContinueWith(static _ => { }, TaskScheduler.Default);
                await task;
            }
        }

        return [.. tasks.Select(task => task.Result)];
    }

    // What is done at the same time: nearly always one stage.
    static IEnumerable<IReadOnlyList<Stage>> Groups(RunContext run, string? until)
    {
        var stages = Stages(run, until).ToList();
        for (var i = 0; i < stages.Count; i++)
        {
            if (i + 1 < stages.Count && stages[i] is TrainStage student && stages[i + 1] is TrainStage baseline && TrainStage.SideBySide(run)
                && student.WhyNow() is not null && baseline.WhyNow() is not null)
            {
                (student.Beside, baseline.Beside) = (2, 2);
                yield return [student, baseline];
                i++;
            }
            else
            {
                yield return [stages[i]];
            }
        }
    }

    static IEnumerable<Stage> Stages(RunContext run, string? until)
    {
        var last = until is null ? Commands.Length - 1 : Array.IndexOf(Commands, until);
        return All(run).Where(stage => Array.IndexOf(Commands, stage.Command) <= last);
    }

    static IEnumerable<Stage> All(RunContext run)
    {
        var evaluate = run.Recipe.Evaluate;
        foreach (var stage in Sources(run))
        {
            yield return stage;
        }

        yield return new FilterStage(run);
        yield return new DatasetCardStage(run);
        yield return new VocabularyStage(run);
        if (!run.LearnsFromTraces)
        {
            yield return new TokenizeStage(run);
        }

        if (Pairs.WantedBy(run.Recipe) is not null)
        {
            yield return new PairsStage(run);
        }

        yield return new TrainStage(run, TrainStage.Role.Student);
        if (run.LearnsFromTraces && evaluate.Baseline == BaselineKind.TeacherText)
        {
            yield return new TrainStage(run, TrainStage.Role.Baseline);
        }

        yield return new PackageStage(run);
        yield return new EvaluateStage(run);
        yield return new CardStage(run);
        yield return new BillStage(run);
    }

    // Where the rows come from: prompts that teachers answer, or a dataset, which a teacher may score.
    static IEnumerable<Stage> Sources(RunContext run)
    {
        if (!run.Asks)
        {
            yield return new DatasetStage(run);
            if (run.Scores)
            {
                yield return new ScoreStage(run, ScoreStage.Part.Training);
                for (var number = 1; number < run.Teachers.Count; number++)
                {
                    yield return new ScoreStage(run, ScoreStage.Part.Training, number);
                }

                yield return new ScoreStage(run, ScoreStage.Part.HeldOut);
                yield return new AuditStage(run);
            }

            yield break;
        }

        yield return new PromptsStage(run);
        yield return new GenerateStage(run, GenerateStage.Part.Training);
        // Held-out answers serve the comparison of distributions, which needs the teacher here.
        if (run.LocalTeacher is not null)
        {
            yield return new GenerateStage(run, GenerateStage.Part.HeldOut);
            if (run.Recipe.Generate.ToCapture() is not null)
            {
                yield return new AuditStage(run);
            }
        }
    }
}

/// <summary>Everything that a recipe may name.</summary>
static class Components
{
    public static Catalog<IBenchmark> Benchmarks { get; } = new(typeof(TaskScore).Assembly);

    /// <summary>A recipe's benchmarks, each by a name that no other has.</summary>
    public static IEnumerable<(string Name, IBenchmark Benchmark)> Named(IReadOnlyList<ComponentSetting> settings)
    {
        var named = new Dictionary<string, int>();
        foreach (var setting in settings)
        {
            var benchmark = Benchmarks.Create(setting.Name, setting.Options);
            var title = benchmark.Title ?? setting.Name;
            named[title] = named.GetValueOrDefault(title) + 1;
            yield return (named[title] == 1 ? title : $"{title} ({named[title]})", benchmark);
        }
    }

    public static Catalog<IPerturbation> Perturbations { get; } = new(typeof(TaskScore).Assembly);

    public static KnownNames Known => new()
    {
        Losses = KnownNames.Of(TrainingCatalog.Losses).Concat(KnownNames.Of(TrainingCatalog.Representations)).Concat(KnownNames.Of(TrainingCatalog.Preferences)).ToDictionary(),
        Architectures = KnownNames.Of(TrainingCatalog.Architectures),
        Quantizations = Quantizer.Types,
        Filters = FilterPipeline.Known,
        Benchmarks = KnownNames.Of(Benchmarks),
        Perturbations = KnownNames.Of(Perturbations),
    };
}
