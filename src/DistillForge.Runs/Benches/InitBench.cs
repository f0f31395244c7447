using DistillForge.Core;
using DistillForge.Llama;
using DistillForge.Training;
using DistillForge.Training.Pretrained;

namespace DistillForge.Runs.Benches;

/// <summary>Tokens that a student of kept layers trains on until it is as near its teacher as one drawn at random gets, both at their own best rate.</summary>
[Component("init")]
public sealed class InitBench : IBench
{
    const int Epochs = 8;
    const double ValidationShare = 0.1;
    const int TokensPerBatch = 1024;
    const int CalibrationRows = 64;

    // What the issue aims at.
    const double Aim = 5;

    static readonly double[] FreshRates = [2e-3, 4e-3];
    static readonly double[] KeptRates = [3e-4, 1e-3];

    // Budgets of the kept student, in epochs: each is a run of its own, with its own schedule.
    static readonly double[] Budgets = [0.125, 0.25, 0.5, 1, 2, 4, 8];

    public string Purpose => "Training tokens of a student of kept layers to a random one's held-out KL, beside the random one's.";

    public async Task<Measurement> MeasureAsync(BenchRequest request, IProgressLog log, CancellationToken cancellationToken)
    {
        var rows = new EncodeRows(request.Model ?? Path.Combine(Home.Root, "models", "home-teacher.gguf"), request.Data ?? Path.Combine(Home.Root, "prompts", "home.prompt.yaml"));
        var scratch = Directory.CreateTempSubdirectory("distillforge-init-").FullName;
        try
        {
            await using var teacher = await LlamaModel.OpenAsync(rows.Gguf, new LlamaOptions(request.Threads, request.Parallel), cancellationToken);
            var traces = await rows.AnswerAsync(teacher, log, cancellationToken);
            using var whole = PretrainedWeights.Load(rows.Gguf);
            var parts = Parts.Choose(whole.Shape, new PartsWanted([], LayerCount: (whole.Shape.Layers + 1) / 2), Importance.Measure(whole, [.. traces.Take(CalibrationRows).Select(trace => trace.TokenIds)], cancellationToken));
            var kept = whole.Keep(parts);
            log.Say($"layers {string.Join(", ", parts.Layers)} of {whole.Shape.Layers} are kept, {kept.Shape.Parameters:N0} parameters; {traces.Count:N0} rows");
            var plan = new TrainingPlan { Shape = kept.Shape, Vocabulary = teacher.Tokens, Losses = [new LossTerm("forward-kl")], Seed = 7, TokensPerBatch = TokensPerBatch, ValidationShare = ValidationShare, Threads = request.EffectiveThreads, Epochs = request.Rounds > 0 ? request.Rounds : Epochs };
            return await new Race(plan, kept, traces, scratch, log).RunAsync(cancellationToken);
        }
        finally
        {
            Directory.Delete(scratch, recursive: true);
        }
    }

    sealed record Reached(double Rate, double Tokens, double Kl);

    sealed class Race(TrainingPlan plan, PretrainedWeights kept, IReadOnlyList<TokenTrace> traces, string scratch, IProgressLog log)
    {
        int runs;

        public async Task<Measurement> RunAsync(CancellationToken cancellationToken)
        {
            var tries = new List<Reached>();
            var stepsAnEpoch = 0L;
            foreach (var rate in FreshRates)
            {
                var result = await TrainAsync(plan with { LearningRate = rate }, cancellationToken);
                stepsAnEpoch = result.Steps / plan.Epochs;
                tries.Add(Best(result, rate));
                log.Say(FormattableString.Invariant($"random, rate {rate}: KL {tries[^1].Kl:F4} after {tries[^1].Tokens:N0} tokens"));
            }

            var fresh = tries.MinBy(attempt => attempt.Kl)!;
            var (first, details) = await KeptAsync(fresh.Kl, stepsAnEpoch, cancellationToken);
            var tokens = first?.Tokens ?? double.PositiveInfinity;
            return Measurement.Beside("init", tokens, "tokens", Better.Lower, "a random start to the same held-out KL", fresh.Tokens) with
            {
                Details =
                [
                    new("times fewer", fresh.Tokens / tokens, "", Better.Higher, $"aim: {Aim}", fresh.Tokens / tokens / Aim),
                    new("kl of the random start", fresh.Kl, "nats/token", Better.Lower),
                    .. details,
                ],
            };
        }

        // The shortest run that gets there, at whichever rate.
        async Task<(Reached? First, List<Measurement> Details)> KeptAsync(double target, long stepsAnEpoch, CancellationToken cancellationToken)
        {
            var details = new List<Measurement>();
            foreach (var budget in Budgets.Where(budget => budget <= plan.Epochs))
            {
                Reached? first = null;
                foreach (var rate in KeptRates)
                {
                    var steps = Math.Max(1, (long)(budget * stepsAnEpoch));
                    var result = await TrainAsync(plan with { LearningRate = rate, Steps = steps, Start = new StartingNetwork("kept", device => kept.Build(device)) }, cancellationToken);
                    var reached = Best(result, rate);
                    log.Say(FormattableString.Invariant($"kept, rate {rate}, {steps:N0} steps: KL {reached.Kl:F4} after {reached.Tokens:N0} tokens"));
                    details.Add(new(FormattableString.Invariant($"kl of kept layers after {reached.Tokens:F0} tokens at rate {rate}"), reached.Kl, "nats/token", Better.Lower));
                    first = reached.Kl <= target ? reached : first;
                }

                if (first is not null)
                {
                    return (first, details);
                }
            }

            return (null, details);
        }

        async Task<TrainingResult> TrainAsync(TrainingPlan one, CancellationToken cancellationToken)
            => await new Trainer(TimeProvider.System).TrainAsync(one, traces, Path.Combine(scratch, $"{runs++}"), new Quiet(log), cancellationToken);

        static Reached Best(TrainingResult result, double rate)
        {
            var best = result.Curve.Validation.MinBy(point => point.Kl ?? double.PositiveInfinity)!;
            return new Reached(rate, (double)result.Tokens * best.Step / result.Steps, best.Kl ?? double.PositiveInfinity);
        }
    }

    sealed class Quiet(IProgressLog inner) : IProgressLog
    {
        public void Say(string message)
        {
        }

        public void Report(string what, long done, long total, string unit, string detail = "") => inner.Report(what, done, total, unit, detail);
    }
}
