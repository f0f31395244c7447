using System.Diagnostics;
using DistillForge.Core;
using DistillForge.Llama;

namespace DistillForge.Runs.Benches;

/// <summary>Scoring given tokens with a whole trace, against a decode loop that asks for the same rows of logits and reads none.</summary>
[Component("score")]
public sealed class ScoreBench : IBench
{
    const int UsualTokens = 256;
    const int Sequences = 8;

    public string Purpose => "Tokens a second of scoring with head and tail, against a bare decode loop that asks for as many rows of logits.";

    public async Task<Measurement> MeasureAsync(BenchRequest request, IProgressLog log, CancellationToken cancellationToken)
    {
        var path = request.ModelOr("100m-32k", log);
        var tokens = request.Tokens > 0 ? request.Tokens : UsualTokens;
        await using var model = await LlamaModel.OpenAsync(path, new LlamaOptions(request.Threads, request.Parallel > 0 ? request.Parallel : Sequences), cancellationToken);
        await using var exact = await LlamaModel.OpenAsync(path, new LlamaOptions(request.Threads, Exact: true), cancellationToken);
        var loop = new DecodeLoop(Sequences, tokens, 0, EveryOutput: true);
        var exactLoop = new DecodeLoop(1, tokens, 0, EveryOutput: true, Layout: new CacheLayout(Unified: true, FlashAttention: false, Float32: true));
        await OursAsync(model, tokens, cancellationToken);
        await OursAsync(exact, tokens, cancellationToken);
        var medians = await Rounds.MedianAsync(request.Rounds > 0 ? request.Rounds : 5, "score", log,
            [() => OursAsync(model, tokens, cancellationToken), () => BareAsync(model, loop, cancellationToken), () => OursAsync(exact, tokens, cancellationToken), () => BareAsync(exact, exactLoop, cancellationToken)], cancellationToken);
        return Measurement.Beside("score", medians[0], "tokens/s", Better.Higher, "bare decode loop with every output", medians[1]) with
        {
            Details = [Measurement.Beside("score, exact", medians[2], "tokens/s", Better.Higher, "bare decode loop, one sequence, float32 cache", medians[3])],
        };
    }

    // The last token of a sequence predicts nothing that is asked for: the loop reads as many as we score.
    static async Task<double> OursAsync(LlamaModel model, int tokens, CancellationToken cancellationToken)
    {
        var seed = Stopwatch.GetTimestamp();
        var sequences = Enumerable.Range(0, Sequences).Select(row => new TokenSequence(model.Vocabulary, BenchTokens.Some(model, tokens + 1, seed + row), 1)).ToList();
        var start = Stopwatch.GetTimestamp();
        var traces = await Task.WhenAll(sequences.Select(sequence => model.ScoreAsync(sequence, new Want.Head(), cancellationToken)));
        return traces.Sum(trace => trace.CompletionLength) / Stopwatch.GetElapsedTime(start).TotalSeconds;
    }

    static async Task<double> BareAsync(LlamaModel model, DecodeLoop loop, CancellationToken cancellationToken)
    {
        var time = await model.MeasureDecodeAsync(loop, cancellationToken);
        return loop.Sequences * loop.Prompt / time.Prompt;
    }
}
