namespace DistillForge.Engines.Tests.Llama;

public class LogProbabilityTests
{
    [SharedFact(Models.Stories)]
    public async Task Next_token_log_probabilities_of_stories260K_are_the_measured_ones()
    {
        await using var model = await Models.OpenAsync(Models.Stories, new(Threads: 2));
        int[] prompt = [model.Tokens.Bos!.Value, .. model.Encode("Once upon a time", parseSpecial: false)];

        var trace = await model.ScoreAsync(new(model.Vocabulary, [.. prompt, 0], prompt.Length), new Want.Full(), CancellationToken.None);

        (string, double)[] measured = [(",", -0.0318), (" there", -3.5473), (" in", -8.1195), (" on", -8.2435), ("ut", -8.6916)];
        var best = Enumerable.Range(0, model.VocabularySize).OrderByDescending(id => trace.HeadLogprobs[id]).Take(5).Select(id => (model.Decode([id]), Math.Round(trace.HeadLogprobs[id], 4)));
        Assert.Equal(measured, best);
    }
}
