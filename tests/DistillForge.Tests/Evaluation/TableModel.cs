namespace DistillForge.Tests;

/// <summary>A bigram model over five tokens: what comes next depends on the last token alone, so everything can be computed by hand.</summary>
sealed class TableModel(int seed, string vocabulary = "five") : ILanguageModel
{
    public const int Size = 5;
    const int LongestSequence = 50;

    int atOnce;

    public string Vocabulary => vocabulary;

    public int MostAtOnce { get; private set; }

    public static TokenSequence Tokens(int seed, int prompt, int completion)
    {
        var chance = new Random(seed);
        return new("five", [.. Enumerable.Range(0, prompt + completion).Select(_ => chance.Next(Size))], prompt);
    }

    public float[] After(int token)
    {
        var chance = new Random((1000 * seed) + token);
        var logits = Enumerable.Range(0, Size).Select(_ => 4 * chance.NextDouble()).ToArray();
        var log = Math.Log(logits.Sum(Math.Exp));
        return [.. logits.Select(logit => (float)(logit - log))];
    }

    /// <summary>Says what it was told, in upper case.</summary>
    public async Task<Completion> CompleteAsync(Prompt prompt, Sampling sampling, CancellationToken cancellationToken)
    {
        await TakeATurn(cancellationToken);
        var text = prompt.Messages[^1].Content;
        return text == "unanswerable" ? throw new CompletionFailedException("prompt-too-long", "too long") : new(text.ToUpperInvariant(), "stop", 1, text.Length, TimeSpan.Zero, null);
    }

    public async Task<TokenTrace> ScoreAsync(TokenSequence tokens, Want want, CancellationToken cancellationToken)
    {
        await TakeATurn(cancellationToken);
        if (tokens.TokenIds.Count > LongestSequence)
        {
            throw new CompletionFailedException("prompt-too-long", $"{tokens.TokenIds.Count} tokens");
        }

        var positions = Enumerable.Range(tokens.PromptLength, tokens.TokenIds.Count - tokens.PromptLength).ToArray();
        return new TokenTrace
        {
            Id = "",
            Scorer = "table",
            Vocabulary = vocabulary,
            TokenIds = [.. tokens.TokenIds],
            PromptLength = tokens.PromptLength,
            LossMask = [.. positions.Select(_ => true)],
            HeadSizes = [.. positions.Select(_ => Size)],
            HeadIds = [.. positions.SelectMany(_ => Enumerable.Range(0, Size))],
            HeadLogprobs = [.. positions.SelectMany(position => After(tokens.TokenIds[position - 1]))],
        };
    }

    async Task TakeATurn(CancellationToken cancellationToken)
    {
        MostAtOnce = Math.Max(MostAtOnce, Interlocked.Increment(ref atOnce));
        await Task.Delay(5, cancellationToken);
        Interlocked.Decrement(ref atOnce);
    }
}
