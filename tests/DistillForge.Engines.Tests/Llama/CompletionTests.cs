using DistillForge.Llama;

namespace DistillForge.Engines.Tests.Llama;

public sealed class CompletionTests : IAsyncLifetime
{
    static readonly Sampling Free = new(Temperature: 1, MaxTokens: 24, Capture: new Want.Head(8, TailSamples: 2));
    readonly Scratch scratch = new();
    LlamaModel model = null!;

    public async Task InitializeAsync() => model = await Models.OpenTinyAsync(scratch);

    public async Task DisposeAsync()
    {
        await model.DisposeAsync();
        scratch.Dispose();
    }

    Task<Completion> AskAsync(string text, Sampling sampling, long seed = 0) => model.CompleteAsync(Models.Prompt(text, seed), sampling, CancellationToken.None);

    [Fact]
    public async Task The_same_seed_gives_the_same_tokens_in_any_company_and_another_seed_gives_others()
    {
        var alone = new List<Completion>();
        for (var seed = 0; seed < 12; seed++)
        {
            alone.Add(await AskAsync("turn on the light", Free, seed));
        }

        var together = await Task.WhenAll(Enumerable.Range(0, 12).Reverse().Select(seed => AskAsync("turn on the light", Free, seed)));

        Assert.Equal(alone.Select(c => string.Join(' ', c.Trace!.TokenIds)), together.Reverse().Select(c => string.Join(' ', c.Trace!.TokenIds)));
        Assert.Equal(12, alone.Select(c => string.Join(' ', c.Trace!.TokenIds)).Distinct().Count());
    }

    [Fact]
    public async Task Capturing_changes_no_text()
    {
        var captured = await AskAsync("dim the lamp", Free, 5);
        var plain = await AskAsync("dim the lamp", Free with { Capture = null }, 5);

        Assert.Equal(captured.Text, plain.Text);
        Assert.Null(plain.Trace);
    }

    [Fact]
    public async Task What_a_trace_says_while_answering_is_what_scoring_says_afterwards()
    {
        var answers = await Task.WhenAll(Enumerable.Range(0, 10).Select(seed => AskAsync($"dim lamp {seed}", Free, seed)));

        foreach (var trace in answers.Select(answer => answer.Trace!))
        {
            Assert.Null(trace.Check());
            var scored = await model.ScoreAsync(new(model.Vocabulary, trace.TokenIds, trace.PromptLength), Free.Capture!, CancellationToken.None);
            Assert.Equal(scored.TokenLogprobs, trace.TokenLogprobs, (a, b) => Math.Abs(a - b) < 1e-4);
            Assert.Equal(scored.HeadIds, trace.HeadIds);
            Assert.Equal(scored.TailLogSums[0].Values, trace.TailLogSums[0].Values, (a, b) => Math.Abs(a - b) < 1e-3);
        }
    }

    [Fact]
    public async Task Scores_in_company_are_scores_alone_to_the_last_bit_when_exact()
    {
        var sequences = Enumerable.Range(0, 12).Select(i => new TokenSequence(model.Vocabulary, model.Encode($"please turn on lamp {i} and {i * i}", parseSpecial: false), 2)).ToList();
        var together = await Task.WhenAll(sequences.Select(s => model.ScoreAsync(s, new Want.Full(), CancellationToken.None)));

        for (var i = 0; i < sequences.Count; i++)
        {
            var alone = await model.ScoreAsync(sequences[i], new Want.Full(), CancellationToken.None);
            Assert.Equal(alone.HeadLogprobs, together[i].HeadLogprobs);
        }
    }

    [Fact]
    public async Task Temperature_zero_takes_the_most_likely_token_each_time()
    {
        var answer = await AskAsync("turn on the kitchen light", Free with { Temperature = 0 });

        Assert.All(answer.Trace!.TokenRanks, rank => Assert.Equal(0, rank));
    }

    [Theory]
    [InlineData(3, 1f, 0f, 3)]
    [InlineData(0, 0.3f, 0f, int.MaxValue)]
    [InlineData(0, 1f, 0.5f, int.MaxValue)]
    public async Task Cut_samplers_keep_what_they_promise(int topK, float topP, float minP, int mostRanks)
    {
        var answers = await Task.WhenAll(Enumerable.Range(0, 8).Select(seed => AskAsync("turn on", Free with { TopK = topK, TopP = topP, MinP = minP, Capture = new Want.Head(300) }, seed)));

        foreach (var trace in answers.Select(answer => answer.Trace!))
        {
            for (var position = 0; position < trace.CompletionLength; position++)
            {
                var row = trace.HeadLogprobs.Skip(position * 300).Take(300).Select(l => Math.Exp(l)).OrderDescending().ToArray();
                var drawn = Math.Exp(trace.TokenLogprobs[position]);
                Assert.InRange(trace.TokenRanks[position], 0, mostRanks - 1);
                Assert.True(row.Take(trace.TokenRanks[position]).Sum() < topP + 1e-5, "the mass before the drawn token had not reached top-p");
                Assert.True(drawn >= (row[0] * minP) - 1e-6);
            }
        }

        Assert.True(answers.SelectMany(answer => answer.Trace!.TokenRanks).Max() > 0, "it is not greedy");
    }

    [Fact]
    public async Task An_answer_cut_by_max_tokens_says_length_and_has_no_end_token()
    {
        var cut = (await Task.WhenAll(Enumerable.Range(0, 8).Select(seed => AskAsync("hi", Free with { MaxTokens = 3 }, seed)))).First(c => c.FinishReason == "length");

        Assert.Equal(3, cut.CompletionTokens);
        Assert.DoesNotContain(model.Dialogue.End, cut.Trace!.TokenIds.Skip(cut.PromptTokens));
        Assert.Equal(cut.Text, model.Decode([.. cut.Trace.TokenIds.Skip(cut.PromptTokens)]));
    }

    [Fact]
    public async Task The_end_token_is_a_position_of_the_trace()
    {
        var answers = await Task.WhenAll(Enumerable.Range(0, 64).Select(seed => AskAsync("hi", Free with { Temperature = 3, MaxTokens = 100 }, seed)));
        var stopped = answers.Where(c => c.FinishReason == "stop").ToList();

        Assert.NotEmpty(stopped);
        Assert.All(stopped, c => Assert.Equal(model.Dialogue.End, c.Trace!.TokenIds[^1]));
        Assert.All(stopped, c => Assert.Equal(c.CompletionTokens, c.Trace!.TokenLogprobs.Length));
        Assert.All(stopped, c => Assert.True(c.Trace!.LossMask[^1]));
    }

    [Fact]
    public async Task A_stop_string_cuts_the_text_and_its_tokens_are_not_trained_on()
    {
        var whole = await AskAsync("dim the lamp", Free with { MaxTokens = 20 }, 3);
        var stop = whole.Text.Substring(4, 3);

        var cut = await AskAsync("dim the lamp", Free with { MaxTokens = 20, Stop = [stop] }, 3);

        Assert.Equal(whole.Text[..whole.Text.IndexOf(stop, StringComparison.Ordinal)], cut.Text);
        Assert.Equal("stop", cut.FinishReason);
        Assert.False(cut.Trace!.LossMask[^1]);
        var trained = cut.Trace.TokenIds.Skip(cut.PromptTokens).Take(cut.Trace.LossMask.Count(on => on)).ToArray();
        Assert.StartsWith(model.Decode(trained), cut.Text);
    }

    [Fact]
    public async Task A_prompt_that_leaves_no_room_fails_with_both_numbers()
    {
        var failure = await Assert.ThrowsAsync<CompletionFailedException>(() => AskAsync(string.Concat(Enumerable.Repeat("größer ", 100)), Free));

        Assert.Equal("prompt-too-long", failure.Code);
        Assert.Matches(@"the prompt has \d{3,} tokens, the context holds 128 and one must be left", failure.Message);
    }

    [Fact]
    public async Task Tokens_of_another_vocabulary_or_of_none_are_refused()
    {
        var other = await Assert.ThrowsAsync<CompletionFailedException>(() => model.ScoreAsync(new("another", [1, 2], 1), new Want.Full(), CancellationToken.None));
        var unknown = await Assert.ThrowsAsync<CompletionFailedException>(() => model.ScoreAsync(new(model.Vocabulary, [1, 300], 1), new Want.Full(), CancellationToken.None));
        var empty = await Assert.ThrowsAsync<CompletionFailedException>(() => model.CompleteTokensAsync([], Free, 0, CancellationToken.None));

        Assert.Equal(["vocabulary-differs", "unknown-token", "empty-prompt"], [other.Code, unknown.Code, empty.Code]);
    }

    [Fact]
    public async Task Cancelling_one_returns_at_once_and_the_others_are_answered()
    {
        using var stop = new CancellationTokenSource();
        var cancelled = Enumerable.Range(0, 200).Select(seed => model.CompleteAsync(Models.Prompt("hi", seed), Free with { MaxTokens = 100 }, stop.Token)).ToList();
        var kept = Enumerable.Range(100, 5).Select(seed => AskAsync("hi", Free, seed)).ToList();

        await stop.CancelAsync();

        await Task.WhenAny(Task.WhenAll(cancelled), Task.Delay(TimeSpan.FromSeconds(5)));
        // An answer that was there already stays one; with 200 asked, most are not.
        Assert.True(cancelled.Count(task => task.IsCanceled) > 100);
        Assert.All(cancelled, task => Assert.True(task.IsCanceled || task.IsCompletedSuccessfully));
        Assert.Equal(5, (await Task.WhenAll(kept)).Length);
        Assert.InRange((await AskAsync("hi", Free, 7)).CompletionTokens, 1, 24);
    }

    [SharedFact(Models.Chat)]
    public async Task A_real_chat_model_answers_in_batches_what_it_answers_alone()
    {
        await using var chat = await Models.OpenAsync(Models.Chat, Models.Exact);
        var questions = Enumerable.Range(0, 12).Select(i => Models.Prompt($"What would you like to do on day {i}?", i)).ToList();
        var sampling = new Sampling(Temperature: 0, MaxTokens: 24, Capture: new Want.Head());

        var together = await Task.WhenAll(questions.Select(q => chat.CompleteAsync(q, sampling, CancellationToken.None)));

        foreach (var (question, answer) in questions.Zip(together))
        {
            var alone = await chat.CompleteAsync(question, sampling, CancellationToken.None);
            var common = alone.Trace!.TokenIds.Zip(answer.Trace!.TokenIds).TakeWhile(pair => pair.First == pair.Second).Count() - answer.PromptTokens;
            Assert.True(common >= 1);
            // Q8_0 rounds otherwise in another batch: as far as the tokens agree, so do their log-probabilities, within what was measured.
            Assert.Equal(alone.Trace.TokenLogprobs.Take(common), answer.Trace.TokenLogprobs.Take(common), (a, b) => Math.Abs(a - b) < 0.15);
        }
    }
}
