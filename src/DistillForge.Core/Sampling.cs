namespace DistillForge.Core;

/// <summary>How an answer is drawn, and what is written down about it.</summary>
/// <param name="Temperature">0 is greedy: the most likely token each time.</param>
/// <param name="TopK">0 keeps every token.</param>
/// <param name="TopP">1 keeps every token.</param>
/// <param name="MinP">0 keeps every token.</param>
/// <param name="MaxTokens">The end-of-sequence token counts too.</param>
/// <param name="Capture">What the trace holds; null for no trace. It never changes the text.</param>
/// <param name="RepetitionPenalty">1 changes nothing; above it, tokens that the prompt or the answer holds already become less likely.</param>
/// <param name="StopTokens">Ids that end the answer, beside the model's own end tokens.</param>
/// <param name="Grammar">A GBNF grammar that the answer must follow.</param>
/// <param name="JsonSchema">A JSON Schema that the answer must follow, as JSON text.</param>
public sealed record Sampling(
    float Temperature = 1f,
    int TopK = 0,
    float TopP = 1f,
    float MinP = 0f,
    int MaxTokens = 256,
    IReadOnlyList<string>? Stop = null,
    Want.Head? Capture = null,
    float RepetitionPenalty = 1f,
    IReadOnlyList<int>? StopTokens = null,
    string? Grammar = null,
    string? JsonSchema = null)
{
    /// <summary>What changes the text, as one stable line; part of the row id. What came later is said only where it is set, so that old ids stay.</summary>
    public string Describe() => string.Concat(
        FormattableString.Invariant($"temperature={Temperature:R} top_k={TopK} top_p={TopP:R} min_p={MinP:R} max_tokens={MaxTokens} stop={string.Join('\u001f', Stop ?? [])}"),
        RepetitionPenalty == 1 ? "" : FormattableString.Invariant($" repetition_penalty={RepetitionPenalty:R}"),
        StopTokens is { Count: > 0 } ? $" stop_tokens={string.Join(',', StopTokens.Distinct().Order())}" : "",
        Grammar is null ? "" : $" grammar={Sha256.OfText(Grammar)}",
        JsonSchema is null ? "" : $" json_schema={Sha256.OfText(JsonSchema)}");
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
    /// <param name="RandomDraws">
    /// Above 0, the head is not the most likely ids but those of so many draws with replacement from the whole distribution (RS-KD,
    /// arXiv:2503.16870), each with its count; there are no tail samples then.
    /// </param>
    /// <param name="DrawTemperature">s: the draws follow r ∝ p^(1/s); its tail is captured too.</param>
    /// <param name="Drawing">How the draws of one position, from the tail or from everything, are related.</param>
    public sealed record Head(int TopLogprobs = 16, float Mass = 1f, int TailSamples = 8, IReadOnlyList<float>? Temperatures = null, int RandomDraws = 0, float DrawTemperature = 1f, Drawing Drawing = Drawing.Independent) : Want
    {
        /// <summary>Every temperature whose tail is captured: 1 first, none twice.</summary>
        public IReadOnlyList<float> AllTemperatures => [.. new[] { 1f }.Concat(Temperatures ?? []).Concat(RandomDraws > 0 ? [DrawTemperature] : []).Distinct()];
    }

    /// <summary>The log-probabilities of these ids, in ascending order of id, at every position.</summary>
    public sealed record At(IReadOnlyList<int> Ids) : Want;

    /// <summary>The whole vocabulary: ids 0 … V − 1 at every position.</summary>
    public sealed record Full : Want;
}

/// <summary>How several draws from one distribution are related; each by itself follows the distribution.</summary>
public enum Drawing
{
    /// <summary>Each for itself.</summary>
    Independent,

    /// <summary>
    /// One random number places a comb of evenly spaced ones: an id of probability p comes ⌊Mp⌋ or ⌈Mp⌉ times in M draws. As unbiased, and
    /// what is likely is never missed nor drawn too often (systematic sampling, Madow 1944).
    /// </summary>
    Systematic,
}
