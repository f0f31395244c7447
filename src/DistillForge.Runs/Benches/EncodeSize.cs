using System.Numerics.Tensors;
using DistillForge.Core;
using DistillForge.Data;
using DistillForge.Llama;

namespace DistillForge.Runs.Benches;

/// <summary>What a coding takes on disk, written and read as a run does.</summary>
/// <param name="Tokens">Completion tokens; the prompts' ids are in the bytes.</param>
/// <param name="IdsPerToken">Ids named a position, head and tail samples.</param>
/// <param name="AddedDivergence">Mean KL(captured ‖ read back) over head and tail as one outcome: what the bytes for log-probabilities cost.</param>
/// <param name="MovedGradient">By how much they move the mean gradient in logits, as a norm.</param>
sealed record EncodeSize(double BytesPerToken, long Tokens, double IdsPerToken, double AddedDivergence, double MovedGradient)
{
    public static async Task<EncodeSize> MeasureAsync(Want.Head want, LlamaModel teacher, List<TokenTrace> answers, string path, CancellationToken cancellationToken)
    {
        var captured = new List<TokenTrace>();
        await foreach (var (answer, trace) in InFlight.RunAsync(answers, teacher.Parallel * 2, answer => teacher.ScoreAsync(new TokenSequence(answer.Vocabulary, answer.TokenIds, answer.PromptLength), want, cancellationToken)))
        {
            captured.Add(trace with { Id = answer.Id });
        }

        await TracesFile.WriteAsync(path, captured.ToAsyncEnumerable(), cancellationToken);
        var read = await TracesFile.ReadAsync([path], cancellationToken).ToDictionaryAsync(trace => trace.Id, cancellationToken: cancellationToken);
        var tokens = captured.Sum(trace => (long)trace.CompletionLength);
        var ids = captured.Sum(trace => (double)trace.HeadIds.Length + trace.TailSamples.Sum(tail => tail.Ids.Length));
        return new EncodeSize((double)new FileInfo(path).Length / tokens, tokens, ids / tokens, captured.Sum(trace => Divergence(trace, read[trace.Id])) / tokens, Moved(captured, read, teacher.VocabularySize) / tokens);
    }

    // A target's error is its gradient's.
    static double Moved(List<TokenTrace> captured, Dictionary<string, TokenTrace> read, int vocabulary)
    {
        var sum = new double[vocabulary];
        foreach (var trace in captured)
        {
            var back = read[trace.Id];
            for (var i = 0; i < trace.HeadIds.Length; i++)
            {
                sum[trace.HeadIds[i]] += Math.Exp(trace.HeadLogprobs[i]) - Math.Exp(back.HeadLogprobs[i]);
            }
        }

        return TensorPrimitives.Norm<double>(sum);
    }

    // Head and bucket; both have the same tail.
    static double Divergence(TokenTrace captured, TokenTrace read)
    {
        var sum = 0.0;
        for (var i = 0; i < captured.HeadLogprobs.Length; i++)
        {
            sum += Math.Exp(captured.HeadLogprobs[i]) * ((double)captured.HeadLogprobs[i] - read.HeadLogprobs[i]);
        }

        return sum;
    }
}
