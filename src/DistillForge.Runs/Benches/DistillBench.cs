using System.Globalization;
using DistillForge.Core;
using DistillForge.Evaluation;
using DistillForge.Llama;
using DistillForge.Models;
using DistillForge.Training;
using DistillForge.Training.Inference;

namespace DistillForge.Runs.Benches;

/// <summary>Trains the same student on its teacher's thoughts, on its teacher's text and on known answers, at equal steps and at equal time.</summary>
[Component("distill")]
public sealed class DistillBench : IBench
{
    const int Seeds = 5;
    const int Steps = 1000;

    static readonly double[] Rates = [1e-3, 2e-3, 4e-3];

    public string Purpose => "Students of forward KL with sparse traces beside students of hard and of gold labels, at equal steps and at equal time.";

    public async Task<Measurement> MeasureAsync(BenchRequest request, IProgressLog log, CancellationToken cancellationToken)
    {
        var asked = request.Trials;
        var task = await DistillTask.OfAsync(request, cancellationToken);
        using var folder = new BenchFolder(asked.Work);
        var corpus = await DistillCorpus.CaptureAsync(task, new LlamaOptions(request.Threads, request.Parallel), folder, log, cancellationToken);
        var all = task.HasShares ? DistillMethod.OfShares : DistillMethod.OfAll;
        DistillMethod[] methods = [.. all.Where(method => asked.Wants(method.Name))];
        var student = new DistillStudent(corpus, folder, request.Rounds > 0 ? request.Rounds : Steps);
        var cost = await KeptCostAsync(folder.In($"cost-{student.Setup}.txt"), () => student.CostAsync(all, cancellationToken), cancellationToken);
        log.Say(FormattableString.Invariant($"{student.Summary}; a step of forward KL costs {cost:F3} of hard labels'"));

        var trials = new Trials(new TrialBook(folder.In("results.jsonl")), student.Setup, asked.Jobs > 0 ? asked.Jobs : request.EffectiveThreads, asked.Limit, log);
        var byName = methods.ToDictionary(method => method.Name);
        var done = await trials.RunAsync([.. byName.Keys], asked.Rates is { Count: > 0 } rates ? rates : Rates, asked.Seeds > 0 ? asked.Seeds : Seeds, (trial, token) => student.TrainAsync(byName[trial.Method], trial, cost, token), cancellationToken);
        var table = new DistillTable(methods, done, cost);
        foreach (var line in table.Lines())
        {
            log.Say(line);
        }

        return table.Measure();
    }

    // Who goes on in the same folder goes on with the same number of steps.
    static async Task<double> KeptCostAsync(string path, Func<Task<double>> measure, CancellationToken cancellationToken)
    {
        if (File.Exists(path) && double.TryParse(await File.ReadAllTextAsync(path, cancellationToken), CultureInfo.InvariantCulture, out var kept))
        {
            return kept;
        }

        var cost = await measure();
        await File.WriteAllTextAsync(path, cost.ToString(CultureInfo.InvariantCulture), cancellationToken);
        return cost;
    }
}

/// <summary>The student of the distill bench: one shape for all.</summary>
sealed class DistillStudent(DistillCorpus corpus, BenchFolder folder, int steps)
{
    const int TokensPerBatch = 1024;
    const int MostCostSteps = 30;
    const int CostRounds = 5;
    const int AtOnce = 64;
    const int LongestAnswer = 48;

    // One test question of four chooses the learning rate; the others are reported.
    const int TuningOf = 4;

    readonly ModelShape shape = new()
    {
        Architecture = "llama",
        Layers = 2,
        Width = 96,
        Heads = 3,
        KeyValueHeads = 3,
        HeadSize = 32,
        FeedForward = 256,
        Vocabulary = corpus.Vocabulary.Size,
        Context = Math.Max(128, corpus.Answers.Values.Concat(corpus.Gold.Values).Concat(corpus.TestAnswers.Values).Max(trace => trace.TokenIds.Length)),
        TiedEmbeddings = true,
    };

    /// <summary>Names everything that a trial does not.</summary>
    public string Setup => Sha256.OfText(FormattableString.Invariant($"{Sha256.OfFile(corpus.Task.Gguf)}|{Sha256.OfFile(corpus.Task.Data)}|{corpus.Task.Training.Count}|{corpus.Task.Test.Count}|{shape}|{steps}|{TokensPerBatch}"))[..16];

    public string Summary => FormattableString.Invariant($"{Path.GetFileName(corpus.Task.Gguf)}: {corpus.Task.Training.Count:N0} questions to learn from, {corpus.Task.Test.Count:N0} to be asked, {Right(corpus):P1} of the teacher's drawn answers to these are right; students of {shape.Parameters:N0} parameters, {steps:N0} steps of {TokensPerBatch:N0} tokens");

    /// <summary>Time of a step of forward KL over that of a step of hard labels, on the same rows: in turns, median.</summary>
    public async Task<double> CostAsync(IReadOnlyList<DistillMethod> methods, CancellationToken cancellationToken)
    {
        var soft = methods.First(method => method.Losses is [{ Name: "forward-kl" }] && method.AsksTeacher);
        var hard = soft with { Losses = [new LossTerm("cross-entropy")] };
        var ratios = new List<double>();
        for (var round = 0; round < CostRounds; round++)
        {
            var slow = await StepAsync(soft, cancellationToken);
            ratios.Add(slow / await StepAsync(hard, cancellationToken));
        }

        // The first round warms up.
        return ratios.Skip(1).Order().ElementAt((CostRounds - 1) / 2);
    }

    public async Task<IReadOnlyDictionary<string, double>> TrainAsync(DistillMethod method, Trial trial, double cost, CancellationToken cancellationToken)
    {
        var scratch = folder.NewScratch();
        var wanted = method.IsEqualTime ? (long)Math.Round(steps * cost) : steps;
        var trained = await new Trainer(TimeProvider.System).TrainAsync(Plan(method, trial.Rate, trial.Seed, wanted), corpus.Rows(method, trial.Seed), scratch, SilentProgress.Instance, cancellationToken);
        var (tuning, test) = (corpus.Task.Test.Where((_, i) => i % TuningOf == 0).ToList(), corpus.Task.Test.Where((_, i) => i % TuningOf != 0).ToList());
        var kl = await ExactDivergence.MeasureAsync(scratch, corpus.Task.Gguf, [Answers(tuning), Answers(test)], threads: 1, cancellationToken);
        using var model = CheckpointModel.Open(scratch, threads: 1);
        var right = await TaskScore.MeasureAsync("test", new KnownAnswers(test), model, LongestAnswer, AtOnce, SilentProgress.Instance, cancellationToken);
        Directory.Delete(scratch, recursive: true);
        return new Dictionary<string, double> { [Trials.Tuning] = kl[0], ["kl"] = kl[1], ["exact_match"] = right.Mean, ["steps"] = trained.Steps, ["seconds"] = trained.Seconds };
    }

    async Task<double> StepAsync(DistillMethod method, CancellationToken cancellationToken)
    {
        var scratch = folder.NewScratch();
        var trained = await new Trainer(TimeProvider.System).TrainAsync(Plan(method, 1e-3, 1, Math.Min(MostCostSteps, steps)), corpus.Rows(method, 1), scratch, SilentProgress.Instance, cancellationToken);
        Directory.Delete(scratch, recursive: true);
        return trained.Seconds / trained.Steps;
    }

    TrainingPlan Plan(DistillMethod method, double rate, long seed, long count) => new()
    {
        Shape = shape,
        Vocabulary = corpus.Vocabulary,
        Losses = method.Losses,
        Seed = seed,
        Steps = count,
        TokensPerBatch = TokensPerBatch,
        LearningRate = rate,
        ValidationShare = 0,
        CheckpointEvery = int.MaxValue,
        Threads = 1,
    };

    List<TokenTrace> Answers(List<Question> questions) => [.. questions.Select(question => corpus.TestAnswers.GetValueOrDefault(question.Id)).OfType<TokenTrace>()];

    static double Right(DistillCorpus corpus)
    {
        var dialogue = Text.Dialogue.For(corpus.Vocabulary);
        return corpus.Task.Test.Average(question => corpus.TestAnswers.TryGetValue(question.Id, out var answer) && dialogue.Sequence(question.Messages, question.Expected).TokenIds.SequenceEqual(answer.TokenIds) ? 1.0 : 0);
    }
}
