using DistillForge.Core;
using DistillForge.Llama;
using DistillForge.Models;
using DistillForge.Training;

namespace DistillForge.Runs.Benches;

/// <summary>Trains the same student with each coding of its teacher's thoughts and measures how near it comes.</summary>
[Component("sparse")]
public sealed class SparseBench : IBench
{
    const int Seeds = 5;
    const int Epochs = 3;
    const int Samples = 8;
    const int TokensPerBatch = 1024;

    static readonly double[] Rates = [4e-3, 8e-3, 1.6e-2];

    public string Purpose => "Share of the gap in held-out KL, from hard labels to the whole distribution, that each coding closes, and its bytes a token.";

    public async Task<Measurement> MeasureAsync(BenchRequest request, IProgressLog log, CancellationToken cancellationToken)
    {
        var asked = request.Trials;
        var rows = EncodeRows.Of(request, log);
        rows = rows with { Prompts = asked.Prompts > 0 ? asked.Prompts : rows.Prompts, Samples = asked.Samples > 0 ? asked.Samples : Samples };
        SparseMethod[] methods = [SparseMethod.Hard, SparseMethod.Full, .. SparseMethod.Codings.Where(coding => asked.Wants(coding.Name))];
        using var folder = new BenchFolder(asked.Work);
        var jobs = asked.Jobs > 0 ? asked.Jobs : request.EffectiveThreads;
        var corpus = await SparseCorpus.CaptureAsync(rows, methods, new LlamaOptions(request.Threads, request.Parallel), folder, jobs, log, cancellationToken);
        var student = new SparseStudent(corpus, folder, request.Rounds > 0 ? request.Rounds : Epochs, TokensPerBatch);
        log.Say(student.Summary);

        var trials = new Trials(new TrialBook(folder.In("results.jsonl")), student.Setup, jobs, asked.Limit, log);
        var byName = methods.ToDictionary(method => method.Name);
        var done = await trials.RunAsync([.. byName.Keys], asked.Rates is { Count: > 0 } rates ? rates : Rates, asked.Seeds > 0 ? asked.Seeds : Seeds, (trial, token) => student.TrainAsync(byName[trial.Method], trial, token), cancellationToken);
        var table = new SparseTable(methods, corpus, done);
        foreach (var line in table.Lines())
        {
            log.Say(line);
        }

        return table.Measure();
    }
}

/// <summary>The student of the sparse bench: one shape for all.</summary>
sealed class SparseStudent(SparseCorpus corpus, BenchFolder folder, int epochs, int tokensPerBatch)
{
    readonly ModelShape shape = BenchStudent.Shape(corpus.Vocabulary.Size, corpus.Tuning.Concat(corpus.HeldOut).Concat(corpus.Traces[SparseMethod.Hard.Want].Rows).Max(trace => trace.TokenIds.Length));

    IReadOnlyList<TokenTrace> Training => corpus.Traces[SparseMethod.Hard.Want].Rows;

    /// <summary>Names everything that a trial does not.</summary>
    public string Setup => Sha256.OfText(FormattableString.Invariant($"{Sha256.OfFile(corpus.Gguf)}|{string.Join(';', Training.Select(row => row.Id))}|{shape}|{epochs}|{tokensPerBatch}"))[..16];

    public string Summary => FormattableString.Invariant($"{Path.GetFileName(corpus.Gguf)}: {Training.Count:N0} answers with {Training.Sum(row => (long)row.CompletionLength):N0} tokens to train on, {epochs} times; {corpus.HeldOut.Count:N0} answers with {corpus.HeldOut.Sum(row => (long)row.CompletionLength):N0} tokens held out, {corpus.Tuning.Count:N0} more choose the rates; students of {shape.Parameters:N0} parameters");

    public async Task<IReadOnlyDictionary<string, double>> TrainAsync(SparseMethod method, Trial trial, CancellationToken cancellationToken)
    {
        var scratch = folder.NewScratch();
        var plan = new TrainingPlan
        {
            Shape = shape,
            Vocabulary = corpus.Vocabulary,
            Losses = [method.Loss],
            Teacher = method.IsOnline ? corpus.Gguf : null,
            OnlineTargets = method.IsOnline,
            Seed = trial.Seed,
            Epochs = epochs,
            TokensPerBatch = tokensPerBatch,
            LearningRate = trial.Rate,
            ValidationShare = 0,
            CheckpointEvery = int.MaxValue,
            Threads = 1,
        };
        var trained = await new Trainer(TimeProvider.System).TrainAsync(plan, corpus.Traces[method.Want].Rows, scratch, SilentProgress.Instance, cancellationToken);
        var kl = await ExactDivergence.MeasureAsync(scratch, corpus.Gguf, [corpus.Tuning, corpus.HeldOut], threads: 1, cancellationToken);
        Directory.Delete(scratch, recursive: true);
        return new Dictionary<string, double> { [Trials.Tuning] = kl[0], ["kl"] = kl[1], ["steps"] = trained.Steps, ["seconds"] = trained.Seconds };
    }
}
