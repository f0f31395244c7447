namespace DistillForge.Core;

/// <summary>How an answer is drawn, and what is written down about it.</summary>
/// <param name="Temperature">0 is greedy: the most likely token each time.</param>
/// <param name="TopK">0 keeps every token.</param>
/// <param name="TopP">1 keeps every token.</param>
/// <param name="MinP">0 keeps every token.</param>
/// <param name="MaxTokens">The end-of-sequence token counts too.</param>
/// <param name="Capture">What the trace holds; null for no trace. It never changes the text.</param>
public sealed record Sampling(
    float Temperature = 1f,
    int TopK = 0,
    float TopP = 1f,
    float MinP = 0f,
    int MaxTokens = 256,
    IReadOnlyList<string>? Stop = null,
    Want.Head? Capture = null)
{
    /// <summary>What changes the text, as one stable line; part of the row id.</summary>
    public string Describe() => FormattableString.Invariant(
        $"temperature={Temperature:R} top_k={TopK} top_p={TopP:R} min_p={MinP:R} max_tokens={MaxTokens} stop={string.Join('\u001f', Stop ?? [])}");
}

/// <summary>What a scorer is asked to say about each completion position, beside the realised token.</summary>
public abstract record Want
{
    Want()
    {
    }

    /// <summary>
    /// The most likely tokens of each position, and what is needed to treat the rest without bias.
    /// </summary>
    /// <param name="TopLogprobs">At most this many ids a position.</param>
    /// <param name="Mass">As many ids as reach this share of probability; 1 always takes <paramref name="TopLogprobs"/>.</param>
    /// <param name="TailSamples">Ids drawn with replacement from the tail's own distribution, for each temperature.</param>
    /// <param name="Temperatures">Training temperatures to capture the tail for. 1 is always captured.</param>
    public sealed record Head(int TopLogprobs = 16, float Mass = 1f, int TailSamples = 8, IReadOnlyList<float>? Temperatures = null) : Want;

    /// <summary>The log-probabilities of these ids, in ascending order of id, at every position.</summary>
    public sealed record At(IReadOnlyList<int> Ids) : Want;

    /// <summary>The whole vocabulary: ids 0 … V − 1 at every position.</summary>
    public sealed record Full : Want;
}
