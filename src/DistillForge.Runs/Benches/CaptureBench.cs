using System.Diagnostics;
using DistillForge.Core;
using DistillForge.Llama;

namespace DistillForge.Runs.Benches;

/// <summary>What writing down log-probabilities adds to an answer, in processor time of worker and client together.</summary>
[Component("capture")]
public sealed class CaptureBench : IBench
{
    const int UsualTokens = 64;
    const int PromptTokens = 16;

    static readonly (string Name, Want.Head? Capture)[] Cases =
    [
        ("no capture", null),
        ("top 20", new Want.Head(20, TailSamples: 0)),
        ("top 64 with tail", new Want.Head(64, TailSamples: 8)),
        ("top 16 with tail, T = 1 and 2", new Want.Head(16, TailSamples: 8, Temperatures: [2])),
    ];

    public string Purpose => "Processor time a token of answers whose top 20 are captured, against answers without a trace.";

    public async Task<Measurement> MeasureAsync(BenchRequest request, IProgressLog log, CancellationToken cancellationToken)
    {
        var path = request.ModelOr("100m-152k", log);
        var tokens = request.Tokens > 0 ? request.Tokens : UsualTokens;
        await using var model = await LlamaModel.OpenAsync(path, new LlamaOptions(request.Threads, request.Parallel), cancellationToken);
        await MicrosecondsAsync(model, new Sampling(MaxTokens: tokens), cancellationToken); // everything is compiled and allocated then
        List<Func<Task<double>>> drawn = [.. Cases.Select(one => (Func<Task<double>>)(() => MicrosecondsAsync(model, new Sampling(MaxTokens: tokens, Capture: one.Capture), cancellationToken)))];
        List<Func<Task<double>>> greedy = [.. Cases.Take(2).Select(one => (Func<Task<double>>)(() => MicrosecondsAsync(model, new Sampling(Temperature: 0, MaxTokens: tokens, Capture: one.Capture), cancellationToken)))];
        var seen = await Rounds.AllAsync(request.Rounds > 0 ? request.Rounds : 9, "capture", log, [.. drawn, .. greedy], cancellationToken);
        // The machine's speed drifts by more than a capture costs: only what is of one round is compared.
        Measurement Case(int i, int without, string suffix = "") => Measurement.Beside($"{Cases[i].Name}{suffix}", Rounds.Median(seen[without + i]), "µs CPU/token", Better.Lower, "no capture", Rounds.Median(seen[without])) with
        {
            Ratio = Rounds.Median(seen[without + i].Zip(seen[without], (with, none) => with / none)),
        };
        return Case(1, 0) with
        {
            Name = "capture",
            Details = [Case(1, 0), Case(2, 0), Case(3, 0), Case(1, Cases.Length, ", greedy"), new Measurement("vocabulary", model.VocabularySize, "tokens", Better.Higher), new Measurement("parallel", model.Parallel, "sequences", Better.Higher)],
        };
    }

    static async Task<double> MicrosecondsAsync(LlamaModel model, Sampling sampling, CancellationToken cancellationToken)
    {
        using var worker = Process.GetProcessById(model.WorkerProcessId);
        var before = worker.TotalProcessorTime + Environment.CpuUsage.TotalTime;
        var seed = Stopwatch.GetTimestamp();
        var answers = await Task.WhenAll(Enumerable.Range(0, model.Parallel).Select(row => model.ContinueToLengthAsync(BenchTokens.Some(model, PromptTokens, seed + row), sampling, row, cancellationToken)));
        worker.Refresh();
        var used = worker.TotalProcessorTime + Environment.CpuUsage.TotalTime - before;
        return used.TotalMicroseconds / answers.Sum(answer => answer.CompletionTokens);
    }
}
