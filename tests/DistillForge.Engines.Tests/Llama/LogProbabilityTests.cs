using Xunit.Abstractions;

namespace DistillForge.Engines.Tests.Llama;

public class LogProbabilityTests(ITestOutputHelper output)
{
    [SharedFact(Models.Stories)]
    public async Task Next_token_log_probabilities_of_stories260K_are_the_measured_ones()
    {
        await using var model = await Models.OpenAsync(Models.Stories, Models.Exact);
        int[] prompt = [model.Tokens.Bos!.Value, .. model.Encode("Once upon a time", parseSpecial: false)];

        var trace = await model.ScoreAsync(new(model.Vocabulary, [.. prompt, 0], prompt.Length), new Want.Full(), CancellationToken.None);

        (string, double)[] measured = [(",", -0.0318), (" there", -3.5473), (" in", -8.1195), (" on", -8.2435), ("ut", -8.6916)];
        var best = Enumerable.Range(0, model.VocabularySize).OrderByDescending(id => trace.HeadLogprobs[id]).Take(5).Select(id => (model.Decode([id]), (double)trace.HeadLogprobs[id]));
        // Measured with llama.cpp's default context, whose F16 cache and flash attention move a log-probability by as much.
        Assert.Equal(measured, best, (a, b) => a.Item1 == b.Item1 && Math.Abs(a.Item2 - b.Item2) < 0.01);
    }

    [SharedFact(Models.NoByteTokens)]
    public async Task Scores_of_a_real_model_are_those_of_a_token_by_token_decode_within_a_thousandth_of_a_nat()
    {
        await using var model = await Models.OpenAsync(Models.NoByteTokens, Models.Exact);
        int[] prompt = [model.Tokens.Bos!.Value, .. model.Encode("Once upon a time", parseSpecial: false)];
        var want = new Want.Head(model.VocabularySize, TailSamples: 0);

        // An exact answer is decoded token by token; its score reads all of them at once.
        var answer = await model.ContinueToLengthAsync(prompt, new Sampling(MaxTokens: 200, Capture: want), 3, CancellationToken.None);
        var score = await model.ScoreAsync(new(model.Vocabulary, answer.Trace!.TokenIds, prompt.Length), want, CancellationToken.None);

        Assert.Equal(200, score.CompletionLength);
        Assert.Equal(score.HeadIds, answer.Trace.HeadIds);
        var furthest = score.HeadLogprobs.Zip(answer.Trace.HeadLogprobs).Max(pair => Math.Abs(pair.First - pair.Second));
        output.WriteLine(FormattableString.Invariant($"|Δ| at most {furthest:G3} nats over {score.HeadLogprobs.Length} log-probabilities"));
        Assert.InRange(furthest, 0, 1e-3);
    }
}
