using System.Diagnostics;
using DistillForge.Core;
using DistillForge.Training;
using DistillForge.Training.Devices;

namespace DistillForge.Runs.Benches;

/// <summary>Memory and time of the vocabulary projection with its loss, beside the naive way that keeps the logits of all tokens.</summary>
[Component("kd-head")]
public sealed class KdHeadBench : IBench
{
    const int Width = 288;

    // What the issue aims at, of the first size.
    const double MemoryAim = 0.2;

    static readonly (int Tokens, int Vocabulary)[] Sizes = [(8192, 32_000), (2048, 32_000), (512, 32_000), (8192, 4096), (2048, 4096), (256, 4096), (64, 1024), (2048, 152_000)];

    // Of one size in one precision: after the first round, as many more as fit.
    static readonly TimeSpan UsualTime = TimeSpan.FromSeconds(15);

    public string Purpose => "Memory and time of the vocabulary projection with its loss, beside the one that keeps all logits.";

    public async Task<Measurement> MeasureAsync(BenchRequest request, IProgressLog log, CancellationToken cancellationToken)
    {
        await Task.Yield();
        TrainBench.Configure(request);
        var details = new List<Measurement>();
        foreach (var precision in TrainBench.Precisions(request))
        {
            foreach (var (tokens, vocabulary) in Sizes.Where(size => request.Tokens == 0 || size.Tokens <= request.Tokens))
            {
                cancellationToken.ThrowIfCancellationRequested();
                details.AddRange(await OneAsync(tokens, vocabulary, precision, request, log, cancellationToken));
            }
        }

        var first = details[0];
        return first with { Name = "kd-head", Reference = FormattableString.Invariant($"{first.Reference}; aim {MemoryAim}"), Details = details };
    }

    static async Task<IReadOnlyList<Measurement>> OneAsync(int tokens, int vocabulary, Precision precision, BenchRequest request, IProgressLog log, CancellationToken cancellationToken)
    {
        using var head = new HeadCost(tokens, vocabulary, Width, precision, request.Device);
        var name = FormattableString.Invariant($"{precision.ToString().ToLowerInvariant()}, {tokens} tokens x {vocabulary}");
        head.Run(naive: false);
        head.Run(naive: true);
        cancellationToken.ThrowIfCancellationRequested();
        var (ours, naive) = (head.Bytes(naive: false), head.Bytes(naive: true));
        Func<Task<double>> Timed(bool all) => () => Task.FromResult(Seconds(head, all, cancellationToken));
        var limit = request.Trials.Limit ?? UsualTime;
        var seconds = await Rounds.MedianAsync(request.Rounds > 0 ? request.Rounds : 5, name, log, [Timed(all: false), Timed(all: true)], cancellationToken, limit);
        return
        [
            Measurement.Beside($"memory, {name}", Math.Round(ours / 1e6, 2), "MB", Better.Lower, "all logits", Math.Round(naive / 1e6, 2)),
            Measurement.Beside($"time, {name}", seconds[0] * 1e3, "ms", Better.Lower, "all logits", seconds[1] * 1e3),
        ];
    }

    // Small sizes again and again, so that a clock can see them.
    static double Seconds(HeadCost head, bool naive, CancellationToken cancellationToken)
    {
        var times = 0;
        var start = Stopwatch.GetTimestamp();
        do
        {
            cancellationToken.ThrowIfCancellationRequested();
            head.Run(naive);
            times++;
        }
        while (Stopwatch.GetElapsedTime(start) < TimeSpan.FromMilliseconds(150));

        return Stopwatch.GetElapsedTime(start).TotalSeconds / times;
    }
}
