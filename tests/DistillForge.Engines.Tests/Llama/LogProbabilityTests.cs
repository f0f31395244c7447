namespace DistillForge.Engines.Tests.Llama;

public class LogProbabilityTests
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
}
