using System.Collections.Concurrent;
using DistillForge.Core;
using DistillForge.Data;
using DistillForge.Llama;
using DistillForge.Text;

namespace DistillForge.Runs.Benches;

/// <summary>The teacher's answers, and the same answers in each coding, written to disk and read back as a run does.</summary>
/// <param name="Tuning">Answers to prompts that nobody trains on; they choose the learning rates.</param>
/// <param name="HeldOut">Answers to further such prompts; they are reported.</param>
/// <param name="Traces">What is trained on, by coding.</param>
sealed record SparseCorpus(string Gguf, Vocabulary Vocabulary, IReadOnlyList<TokenTrace> Tuning, IReadOnlyList<TokenTrace> HeldOut, IReadOnlyDictionary<Want.Head, SparseTraces> Traces)
{
    // Of the prompts, each.
    const double Share = 0.08;

    /// <param name="atOnce">Codings that are captured side by side, by a worker of one thread each.</param>
    public static async Task<SparseCorpus> CaptureAsync(EncodeRows rows, IReadOnlyList<SparseMethod> methods, LlamaOptions options, BenchFolder folder, int atOnce, IProgressLog log, CancellationToken cancellationToken)
    {
        await using var teacher = await LlamaModel.OpenAsync(rows.Gguf, options, cancellationToken);
        var path = folder.In(FormattableString.Invariant($"answers-{teacher.Sha256[..8]}-{Sha256.OfFile(rows.Data)[..8]}-{rows.Prompts}-{rows.Samples}.parquet"));
        if (!File.Exists(path))
        {
            var answered = await rows.AnswerAsync(teacher, log, cancellationToken, SparseMethod.Hard.Want);
            await TracesFile.WriteAsync(path, answered.ToAsyncEnumerable(), cancellationToken);
        }

        var answers = await TracesFile.ReadAsync([path], cancellationToken).ToListAsync(cancellationToken);
        var training = answers.Where(answer => Place(answer) >= 2 * Share).ToList();
        var traces = new ConcurrentDictionary<Want.Head, SparseTraces>();
        await Parallel.ForEachAsync(methods.DistinctBy(method => method.Want), new ParallelOptions { MaxDegreeOfParallelism = atOnce, CancellationToken = cancellationToken }, async (method, token) =>
        {
            traces[method.Want] = await SparseTraces.OfAsync(method.Want, rows.Gguf, training, $"{path[..^".parquet".Length]}-{method.FileName}.parquet", token);
            log.Report("captured", traces.Count, methods.Count, "codings");
        });

        return new SparseCorpus(rows.Gguf, teacher.Tokens, [.. answers.Where(answer => Place(answer) < Share)], [.. answers.Where(answer => Place(answer) is >= Share and < 2 * Share)], traces);
    }

    // 0 … 1, by the prompt: answers to one stay together.
    static double Place(TokenTrace answer)
        => Seeds.Derive(0, "held-out", string.Join(',', answer.TokenIds.Take(answer.PromptLength))) / (double)long.MaxValue;
}

/// <summary>All rows in one coding.</summary>
/// <param name="BytesPerToken">Of the file; prompts' ids and everything else included.</param>
sealed record SparseTraces(IReadOnlyList<TokenTrace> Rows, double BytesPerToken)
{
    public static async Task<SparseTraces> OfAsync(Want.Head want, string gguf, List<TokenTrace> answers, string path, CancellationToken cancellationToken)
    {
        if (!File.Exists(path))
        {
            await using var teacher = await LlamaModel.OpenAsync(gguf, new LlamaOptions(1), cancellationToken);
            var captured = InFlight.RunAsync(answers, teacher.Parallel * 2, answer => teacher.ScoreAsync(new TokenSequence(answer.Vocabulary, answer.TokenIds, answer.PromptLength), want, cancellationToken))
                .Select(scored => scored.Answer with { Id = scored.Asked.Id });
            await TracesFile.WriteAsync(path, captured, cancellationToken);
        }

        var rows = await TracesFile.ReadAsync([path], cancellationToken).ToListAsync(cancellationToken);
        return new SparseTraces(rows, (double)new FileInfo(path).Length / rows.Sum(row => (long)row.CompletionLength));
    }
}
