using System.Diagnostics;
using DistillForge.Core;
using DistillForge.Models;
using DistillForge.Training;
using DistillForge.Training.Devices;

namespace DistillForge.Runs.Benches;

/// <summary>Training throughput of two students, beside the speed of the step's own matrix products, and beside a peer where one is named.</summary>
[Component("train")]
public sealed class TrainBench : IBench
{
    const int Rows = 8;
    const int UsualLength = 256;

    static readonly TimeSpan Slice = TimeSpan.FromSeconds(2);

    public string Purpose => "Training tokens a second of 5 M and 15 M students, against the matrix products of the same step alone.";

    // Also the peer's names for them.
    static readonly string[] Students = ["b5M", "c15M"];

    public async Task<Measurement> MeasureAsync(BenchRequest request, IProgressLog log, CancellationToken cancellationToken)
    {
        await Task.Yield();
        Configure(request);
        var length = request.Tokens > 0 ? request.Tokens : UsualLength;
        var details = new List<Measurement>();
        foreach (var name in request.Make is { } one ? [one] : Students)
        {
            var shape = SpeedModel.ShapeOf(name);
            foreach (var precision in Precisions(request))
            {
                details.Add(await OneAsync(name, shape, precision, length, request, log, cancellationToken));
            }
        }

        var least = details.MinBy(detail => detail.Ratio)!;
        return least with { Name = "train", Details = details };
    }

    /// <summary>Threads are settled before libtorch is loaded.</summary>
    internal static void Configure(BenchRequest request) => TrainingEngine.Configure(request.Threads);

    /// <summary>float32, and bf16 where the device multiplies it fast: nobody trains in it elsewhere.</summary>
    internal static IEnumerable<Precision> Precisions(BenchRequest request) => FastProducts.InBFloat16(request.Device) ? [Precision.Float32, Precision.BFloat16] : [Precision.Float32];

    static async Task<Measurement> OneAsync(string name, ModelShape shape, Precision precision, int length, BenchRequest request, IProgressLog log, CancellationToken cancellationToken)
    {
        var rows = request.Parallel > 0 ? request.Parallel : Rows;
        using var step = new TrainingStep(shape, precision, request.Device, rows, length);
        using var products = new Products(shape, precision, request.Device, step.Tokens);
        var flops = TrainingStep.FlopsPerToken(shape, length);
        List<Func<Task<double>>> things = [() => Task.FromResult(step.Tokens / Seconds(() => step.Run())), () => Task.FromResult(products.Flops / Seconds(products.Run) / 1e9)];
        var peers = request.Peer is null ? [] : TrainPeer.Of(request.Peer, name, precision, length, rows, request.EffectiveThreads);
        things.AddRange(peers.Select(peer => (Func<Task<double>>)(() => peer.TokensPerSecondAsync(cancellationToken))));
        var title = $"{name} {(precision == Precision.Float32 ? "float32" : "bf16")}";
        var medians = await Rounds.MedianAsync(request.Rounds > 0 ? request.Rounds : 5, title, log, things, cancellationToken);
        var speed = medians[0] * flops / 1e9;
        return Measurement.Beside(title, speed, "GF/s", Better.Higher, "its matrix products alone", medians[1]) with
        {
            Details =
            [
                new("tokens", medians[0], "tokens/s", Better.Higher),
                new("operations", flops / 1e6, "MFLOP/token", Better.Lower),
                new("matmul operations alone (6N)", medians[0] * (flops - (12.0 * shape.Layers * shape.Heads * shape.HeadSize * length)) / 1e9, "GF/s", Better.Higher),
                .. peers.Select((peer, i) => Measurement.Beside($"tokens beside {peer.Name}", medians[0], "tokens/s", Better.Higher, peer.Name, medians[2 + i])),
            ],
        };
    }

    // Once before, unmeasured: memory is fetched and kernels are chosen then.
    static double Seconds(Action work)
    {
        work();
        var seconds = new List<double>();
        for (var end = Stopwatch.GetTimestamp() + (Slice.TotalSeconds * Stopwatch.Frequency); Stopwatch.GetTimestamp() < end;)
        {
            var start = Stopwatch.GetTimestamp();
            work();
            seconds.Add(Stopwatch.GetElapsedTime(start).TotalSeconds);
        }

        return Rounds.Median(seconds);
    }
}
