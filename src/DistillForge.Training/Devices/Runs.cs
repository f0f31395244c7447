using DistillForge.Core;
using DistillForge.Text;

namespace DistillForge.Training.Devices;

/// <summary>A student that learns to count, on two devices from one seed: the curves are one, to rounding.</summary>
static class Runs
{
    const int Words = 96;
    const int Steps = 60;

    public static async Task<IReadOnlyList<Deviation>> CompareAsync(string device, string scratch, CancellationToken cancellationToken)
    {
        async Task<IReadOnlyList<double>> Curve(string place, Precision precision, string loss)
        {
            var plan = new TrainingPlan { Shape = Networks.Shape("llama"), Vocabulary = Counting, Losses = [new LossTerm(loss)], Seed = 7, Steps = Steps, TokensPerBatch = 512, LearningRate = 4e-3, ValidationShare = 0.1, Precision = precision, Device = place };
            var folder = Path.Combine(scratch, $"{place.Replace(':', '-')}-{precision}-{loss}-{Guid.NewGuid():N}");
            return (await new Trainer(TimeProvider.System).TrainAsync(plan, Rows(400), folder, new SilentProgress(), cancellationToken)).Curve.Loss;
        }

        var here = await Curve("cpu", Precision.Float32, "cross-entropy");
        var there = await Curve(device, Precision.Float32, "cross-entropy");
        var narrow = await Curve(device, Precision.BFloat16, "cross-entropy");
        return
        [
            new Deviation($"loss curve of {Steps} steps Float32", Apart(here, there), 2e-3),
            new Deviation($"loss curve of {Steps} steps BFloat16 against Float32", Apart(here, narrow), 5e-2),
            new Deviation("last loss over the first", there[^1] / there[0], 0.5),
        ];
    }

    static double Apart(IReadOnlyList<double> a, IReadOnlyList<double> b)
        => a.Count == b.Count ? Math.Sqrt(a.Zip(b, (x, y) => (x - y) * (x - y)).Sum() / a.Sum(x => x * x)) : double.NaN;

    static Vocabulary Counting { get; } = new()
    {
        Kind = "gpt2",
        Pre = "gpt-2",
        Tokens = [.. Enumerable.Range(0, Words).Select(i => $"w{i}"), "<|end|>"],
        Types = [.. Enumerable.Repeat(TokenType.Normal, Words), TokenType.Control],
        Eos = Words,
        ChatTemplate = "{% for message in messages %}{{ message['content'] }}{% endfor %}",
    };

    static TokenTrace[] Rows(int count)
    {
        var random = new Random(9);
        return [.. Enumerable.Range(0, count).Select(i =>
        {
            var (start, stride) = (random.Next(20), 1 + random.Next(4));
            int[] tokens = [.. Enumerable.Range(0, 6 + random.Next(10)).Select(k => start + (k * stride)), Words];
            return new TokenTrace { Id = $"row {i}", Scorer = "", Vocabulary = Counting.Fingerprint, TokenIds = tokens, PromptLength = 2, LossMask = [.. Enumerable.Repeat(true, tokens.Length - 2)] };
        })];
    }
}
