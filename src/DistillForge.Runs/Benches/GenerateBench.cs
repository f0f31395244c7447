using System.Diagnostics;
using DistillForge.Core;
using DistillForge.Llama;

namespace DistillForge.Runs.Benches;

/// <summary>Answers of a fixed length, against llama.cpp's bare decode loop at its own best parallelism.</summary>
[Component("generate")]
public sealed class GenerateBench : IBench
{
    const int UsualTokens = 128;
    const int Waves = 2;

    static readonly int[] Parallelisms = [1, 4, 8, 16, 32];

    public string Purpose => "Tokens a second of whole answers, drawn and sent, against llama.cpp's bare decode loop at its best parallelism.";

    public async Task<Measurement> MeasureAsync(BenchRequest request, IProgressLog log, CancellationToken cancellationToken)
    {
        var path = request.ModelOr("100m-32k", log);
        var tokens = request.Tokens > 0 ? request.Tokens : UsualTokens;
        await using var model = await LlamaModel.OpenAsync(path, new LlamaOptions(request.Threads, request.Parallel), cancellationToken);
        var loops = Parallelisms.Select(sequences => new DecodeLoop(sequences, tokens, tokens)).ToList();
        var once = await Rounds.MedianAsync(1, "bare loops", log, [.. loops.Select(loop => (Func<Task<double>>)(() => BareAsync(model, loop, cancellationToken)))], cancellationToken);
        var best = loops[Array.IndexOf(once, once.Max())];
        List<Func<Task<double>>> things = [() => OursAsync(model, tokens, cancellationToken), () => BareAsync(model, best, cancellationToken)];
        if (request.Peer is { } peer)
        {
            things.Add(() => BatchedBench.BestAsync(peer, path, request.EffectiveThreads, tokens, Parallelisms, cancellationToken));
        }

        var medians = await Rounds.MedianAsync(request.Rounds > 0 ? request.Rounds : 3, "generate", log, things, cancellationToken);
        return Measurement.Beside("generate", medians[0], "tokens/s", Better.Higher, $"bare decode loop of {best.Sequences} sequences", medians[1]) with
        {
            Details =
            [
                .. medians.Skip(2).Select(theirs => Measurement.Beside("generate", medians[0], "tokens/s", Better.Higher, "llama-batched-bench at its best", theirs)),
                new Measurement("parallel", model.Parallel, "sequences", Better.Higher),
                .. loops.Select((loop, i) => new Measurement($"bare decode loop of {loop.Sequences}", once[i], "tokens/s", Better.Higher)),
            ],
        };
    }

    // Whole waves, so that the last answers do not run in a half-empty batch: the loop has no such end either.
    static async Task<double> OursAsync(LlamaModel model, int tokens, CancellationToken cancellationToken)
    {
        var count = Waves * model.Parallel;
        var start = Stopwatch.GetTimestamp();
        var answers = await Task.WhenAll(Enumerable.Range(0, count).Select(row => model.ContinueToLengthAsync(BenchTokens.Some(model, tokens, Stopwatch.GetTimestamp() + row), new Sampling(MaxTokens: tokens), row, cancellationToken)));
        return answers.Sum(answer => answer.CompletionTokens) / Stopwatch.GetElapsedTime(start).TotalSeconds;
    }

    static async Task<double> BareAsync(LlamaModel model, DecodeLoop loop, CancellationToken cancellationToken)
    {
        var time = await model.MeasureDecodeAsync(loop, cancellationToken);
        return loop.Contexts * loop.Sequences * loop.Generated / (time.Prompt + time.Generation);
    }
}

/// <summary>Tokens for measuring: what they say does not matter, that they differ does.</summary>
static class BenchTokens
{
    public static int[] Some(LlamaModel model, int count, long seed)
    {
        var random = Seeds.Source(seed, "bench");
        return [.. Enumerable.Range(0, count).Select(_ => random.Next(model.VocabularySize))];
    }
}
