using System.Diagnostics;
using DistillForge.Core;
using DistillForge.Llama;

namespace DistillForge.Runs.Benches;

/// <summary>Prompts that begin alike, against prompts of the same length that do not.</summary>
[Component("prefix")]
public sealed class PrefixBench : IBench
{
    const int Prompts = 8;
    const int UsualPrefix = 512;
    const int OwnTokens = 8;

    public string Purpose => "Prompt tokens a second of 8 prompts with a shared prefix of 512 tokens, against 8 that share nothing.";

    public async Task<Measurement> MeasureAsync(BenchRequest request, IProgressLog log, CancellationToken cancellationToken)
    {
        var path = request.ModelOr("100m-32k", log);
        var prefix = request.Tokens > 0 ? request.Tokens : UsualPrefix;
        await using var model = await LlamaModel.OpenAsync(path, new LlamaOptions(request.Threads, request.Parallel > 0 ? request.Parallel : Prompts), cancellationToken);
        await ReadAsync(model, prefix, shared: true, cancellationToken);
        var medians = await Rounds.MedianAsync(request.Rounds > 0 ? request.Rounds : 5, "prefix", log,
            [() => ReadAsync(model, prefix, shared: true, cancellationToken), () => ReadAsync(model, prefix, shared: false, cancellationToken)], cancellationToken);
        return Measurement.Beside("prefix", medians[0], "prompt tokens/s", Better.Higher, "nothing shared", medians[1]) with
        {
            Details = [new Measurement("shared prefix", prefix, "tokens", Better.Higher), new Measurement("prompts", Prompts, "prompts", Better.Higher), new Measurement("parallel", model.Parallel, "sequences", Better.Higher)],
        };
    }

    // Prefixes are new each time: what an earlier round left in the cache would help.
    static async Task<double> ReadAsync(LlamaModel model, int prefix, bool shared, CancellationToken cancellationToken)
    {
        var seed = Stopwatch.GetTimestamp();
        var prompts = Enumerable.Range(0, Prompts).Select(row => (int[])[.. BenchTokens.Some(model, prefix, shared ? seed : seed + row), .. BenchTokens.Some(model, OwnTokens, seed + Prompts + row)]).ToList();
        var start = Stopwatch.GetTimestamp();
        await Task.WhenAll(prompts.Select(prompt => model.ContinueToLengthAsync(prompt, new Sampling(Temperature: 0, MaxTokens: 1), 0, cancellationToken)));
        return prompts.Sum(prompt => prompt.Length) / Stopwatch.GetElapsedTime(start).TotalSeconds;
    }
}
