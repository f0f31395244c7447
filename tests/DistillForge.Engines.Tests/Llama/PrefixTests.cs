using DistillForge.Llama;

namespace DistillForge.Engines.Tests.Llama;

public sealed class PrefixTests : IDisposable
{
    // Float32 weights: what is read in other company differs by rounding alone.
    static readonly LlamaOptions Sharing = new(Threads: 2, Parallel: 4);
    static readonly Sampling Greedy = new(Temperature: 0, MaxTokens: 8, Capture: new Want.Head(8));
    readonly Scratch scratch = new();

    public void Dispose() => scratch.Dispose();

    static int[] Prompt(int own) => [.. Enumerable.Range(0, 64).Select(i => (i * 7 % 250) + 5), own + 5, own + 6];

    [Fact]
    public async Task A_shared_beginning_is_read_once_and_the_answers_stay_what_they_are_alone()
    {
        await using var exact = await Models.OpenTinyAsync(scratch);
        await using var model = await LlamaModel.OpenAsync(scratch["tiny.gguf"], Sharing with { Threads = 1 }, CancellationToken.None);

        var together = await Task.WhenAll(Enumerable.Range(0, 12).Select(row => model.ContinueToLengthAsync(Prompt(row), Greedy, row, CancellationToken.None)));

        Assert.Equal(11, together.Count(answer => answer.CachedTokens >= 64));
        for (var row = 0; row < together.Length; row++)
        {
            var alone = await exact.ContinueToLengthAsync(Prompt(row), Greedy, row, CancellationToken.None);
            Assert.Equal(0, alone.CachedTokens);
            Assert.Equal(alone.Trace!.TokenIds, together[row].Trace!.TokenIds);
            Assert.Equal(alone.Trace.TokenLogprobs, together[row].Trace!.TokenLogprobs, (a, b) => Math.Abs(a - b) < 0.1);
        }
    }

    [Fact]
    public async Task Several_samples_of_one_prompt_read_it_once()
    {
        await using var model = await LlamaModel.OpenAsync(Models.WriteTiny(scratch["tiny.gguf"]), Sharing with { Threads = 1 }, CancellationToken.None);

        var samples = await Task.WhenAll(Enumerable.Range(0, 6).Select(seed => model.ContinueToLengthAsync(Prompt(3), new Sampling(MaxTokens: 8), seed, CancellationToken.None)));

        // The last token of the prompt gives the first logits and is always read.
        Assert.Equal([0, 65, 65, 65, 65, 65], samples.Select(sample => sample.CachedTokens).Order());
        Assert.True(samples.Select(sample => sample.Text).Distinct().Count() > 1);
    }

    [Fact]
    public async Task Scores_after_a_shared_prompt_are_scores_alone()
    {
        await using var exact = await Models.OpenTinyAsync(scratch);
        await using var model = await LlamaModel.OpenAsync(scratch["tiny.gguf"], Sharing with { Threads = 1 }, CancellationToken.None);
        var sequences = Enumerable.Range(0, 9).Select(row => new TokenSequence(model.Vocabulary, [.. Prompt(1), 20 + row, 30 + row, 40 - row], 66)).ToList();

        var together = await Task.WhenAll(sequences.Select(sequence => model.ScoreAsync(sequence, new Want.Full(), CancellationToken.None)));

        for (var row = 0; row < sequences.Count; row++)
        {
            var alone = await exact.ScoreAsync(sequences[row], new Want.Full(), CancellationToken.None);
            Assert.Equal(3, together[row].CompletionLength);
            Assert.Equal(alone.HeadLogprobs, together[row].HeadLogprobs, (a, b) => Math.Abs(a - b) < 0.1);
        }
    }

    [Fact]
    public async Task More_prompts_than_sequences_of_all_lengths_are_all_answered()
    {
        await using var model = await LlamaModel.OpenAsync(Models.WriteTiny(scratch["tiny.gguf"]), Sharing, CancellationToken.None);
        var prompts = Enumerable.Range(0, 60).Select(row => Prompt(row % 7)[..(1 + (row * 13 % 60))]).ToList();

        var answers = await Task.WhenAll(prompts.Select((prompt, row) => model.ContinueToLengthAsync(prompt, new Sampling(MaxTokens: 1 + (row % 20)), row, CancellationToken.None)));

        Assert.Equal(Enumerable.Range(0, 60).Select(row => 1 + (row % 20)), answers.Select(answer => answer.CompletionTokens));
    }

    [Fact]
    public async Task Exact_answers_do_not_depend_on_what_was_asked_before()
    {
        await using var model = await Models.OpenTinyAsync(scratch);
        var sampling = new Sampling(MaxTokens: 20, Capture: new Want.Head(16));
        var first = await model.ContinueToLengthAsync(Prompt(1), sampling, 4, CancellationToken.None);

        var later = await Task.WhenAll(Enumerable.Range(0, 20).Select(row => model.ContinueToLengthAsync(row == 13 ? Prompt(1) : Prompt(row), sampling, row == 13 ? 4 : row, CancellationToken.None)));

        Assert.Equal(first.Trace!.TokenIds, later[13].Trace!.TokenIds);
        Assert.Equal(first.Trace.HeadLogprobs, later[13].Trace!.HeadLogprobs);
    }
}
