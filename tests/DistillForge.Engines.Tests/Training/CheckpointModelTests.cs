using DistillForge.Training.Inference;

namespace DistillForge.Engines.Tests.Training;

public sealed class CheckpointModelTests : IDisposable
{
    readonly CheckpointModel model = new(Small.Shape, Small.Network(), Small.Vocabulary, "small");

    static TokenSequence Sequence(int length, int prompt = 2) => new(Small.Vocabulary.Fingerprint, [.. Enumerable.Range(0, length).Select(i => i * 7 % 60)], prompt);

    public void Dispose() => model.Dispose();

    [Fact]
    public async Task Head_and_tail_add_up_to_one_at_every_position()
    {
        var trace = await model.ScoreAsync(Sequence(20), new Want.Head(5, TailSamples: 3, Temperatures: [2f]), default);

        Assert.Null(trace.Check());
        Assert.Equal(18, trace.HeadSizes.Length);
        for (var i = 0; i < 18; i++)
        {
            Assert.Equal(1, trace.HeadLogprobs[(i * 5)..(i * 5 + 5)].Sum(x => Math.Exp(x)) + Math.Exp(trace.TailLogSums[0].Values[i]), 5);
        }

        Assert.Equal([1f, 2f], trace.TailSamples.Select(tail => tail.Temperature));
        Assert.All(trace.TailSamples[1].Ids.Select((id, j) => (id, Head: trace.HeadIds[(j / 3 * 5)..(j / 3 * 5 + 5)])), draw => Assert.DoesNotContain(draw.id, draw.Head));
    }

    [Fact]
    public async Task A_head_is_as_large_as_its_mass_needs()
    {
        var full = await model.ScoreAsync(Sequence(12), new Want.Full(), default);
        var trace = await model.ScoreAsync(Sequence(12), new Want.Head(61, Mass: 0.5f, TailSamples: 0), default);

        for (var (i, start) = (0, 0); i < 10; start += trace.HeadSizes[i++])
        {
            var likely = full.HeadLogprobs[(i * 61)..(i * 61 + 61)].OrderDescending().Select(x => Math.Exp(x)).ToArray();
            var size = trace.HeadSizes[i];
            Assert.True(likely[..size].Sum() >= 0.5 && likely[..(size - 1)].Sum() < 0.5);
            Assert.Equal(likely[..size].Sum(), trace.HeadLogprobs[start..(start + size)].Sum(x => Math.Exp(x)), 5);
        }
    }

    [Fact]
    public async Task Wanted_ids_get_the_log_probabilities_that_the_whole_vocabulary_has()
    {
        var full = await model.ScoreAsync(Sequence(12), new Want.Full(), default);
        var at = await model.ScoreAsync(Sequence(12), new Want.At([3, 60]), default);

        Assert.Equal(full.HeadLogprobs.Where((_, i) => i % 61 is 3 or 60), at.HeadLogprobs);
        Assert.Equal(full.TokenLogprobs, Enumerable.Range(0, 10).Select(i => full.HeadLogprobs[i * 61 + Sequence(12).TokenIds[i + 2]]));
    }

    [Fact]
    public async Task A_sequence_is_scored_the_same_alone_and_among_others()
    {
        var alone = await model.ScoreAsync(Sequence(9), new Want.Full(), default);

        var together = await Task.WhenAll(Enumerable.Range(0, 30).Select(i => model.ScoreAsync(i == 17 ? Sequence(9) : Sequence(3 + i), new Want.Full(), default)));

        Assert.InRange(alone.HeadLogprobs.Zip(together[17].HeadLogprobs, (a, b) => Math.Abs(a - b)).Max(), 0, 1e-4);
    }

    [Fact]
    public async Task Greedy_answers_follow_the_most_likely_token_and_sampled_ones_their_seed()
    {
        Task<Completion> Ask(float temperature, long seed) => model.CompleteAsync(new Prompt("p", [Message.User("ABC")], seed), new Sampling(temperature, MaxTokens: 8, Capture: new Want.Head(3)), default);

        var answers = await Task.WhenAll(Ask(0, 1), Ask(0, 2), Ask(1, 1), Ask(1, 1), Ask(1, 2), Ask(1, 3));

        Assert.Equal(answers[0].Text, answers[1].Text);
        Assert.All(answers[0].Trace!.TokenRanks, rank => Assert.Equal(0, rank));
        Assert.Equal(answers[2].Text, answers[3].Text);
        Assert.True(answers.Skip(2).Select(answer => answer.Text).Distinct().Count() > 1);
        Assert.All(answers, answer => Assert.True(answer.CompletionTokens <= 8 && answer.Trace!.Check() is null));
    }

    [Fact]
    public async Task An_answer_ends_before_a_stop_string()
    {
        var sampling = new Sampling(0, MaxTokens: 8);
        var whole = await model.CompleteAsync(new Prompt("p", [Message.User("ABC")]), sampling, default);

        var cut = await model.CompleteAsync(new Prompt("p", [Message.User("ABC")]), sampling with { Stop = [whole.Text[2..3]] }, default);

        Assert.Equal(whole.Text[..whole.Text.IndexOf(whole.Text[2])], cut.Text);
        Assert.Equal("stop", cut.FinishReason);
    }

    [Fact]
    public async Task What_cannot_be_scored_is_refused_by_name()
    {
        async Task<string> Refused(TokenSequence tokens) => (await Assert.ThrowsAsync<CompletionFailedException>(() => model.ScoreAsync(tokens, new Want.Full(), default))).Code;

        Assert.Equal("other-vocabulary", await Refused(Sequence(5) with { Vocabulary = "x" }));
        Assert.Equal("too-long", await Refused(Sequence(66)));
        Assert.Equal("unknown-token", await Refused(Sequence(5) with { TokenIds = [1, 2, -1] }));
        Assert.Equal("no-completion", await Refused(Sequence(5, prompt: 5)));
    }
}
