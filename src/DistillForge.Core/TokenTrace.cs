namespace DistillForge.Core;

/// <summary>A token sequence whose first <paramref name="PromptLength"/> tokens are given and whose rest is to be judged.</summary>
/// <param name="Vocabulary">Fingerprint of the vocabulary that the ids belong to.</param>
public sealed record TokenSequence(string Vocabulary, IReadOnlyList<int> TokenIds, int PromptLength);

/// <summary>
/// What a scorer thought of every token of one answer: the exact ids it saw, and for each completion position (the
/// end-of-sequence token is one) the log-probabilities that predicted the token there. Natural logarithms, at
/// temperature 1, from the raw logits.
/// </summary>
/// <remarks>
/// C = TokenIds.Length − PromptLength completion positions. Arrays of another length than stated are an error of whoever
/// wrote the trace; <see cref="Check"/> says which. A trace that was only tokenized has empty arrays from TokenLogprobs on.
/// </remarks>
public sealed record TokenTrace
{
    /// <summary>The row that this belongs to.</summary>
    public required string Id { get; init; }

    /// <summary>Identity of the model that gave the log-probabilities; empty where the text was only tokenized.</summary>
    public required string Scorer { get; init; }

    /// <summary>Fingerprint of the vocabulary: ordered tokens, merges, special tokens, real size.</summary>
    public required string Vocabulary { get; init; }

    /// <summary>The whole sequence, prompt first.</summary>
    public required int[] TokenIds { get; init; }

    public required int PromptLength { get; init; }

    /// <summary>[C] Which completion positions may be trained on.</summary>
    public required bool[] LossMask { get; init; }

    /// <summary>[C] Log-probability of the realised token.</summary>
    public float[] TokenLogprobs { get; init; } = [];

    /// <summary>[C] How many tokens were more likely than the realised one.</summary>
    public int[] TokenRanks { get; init; } = [];

    /// <summary>[C] Entropy of the whole distribution.</summary>
    public float[] Entropies { get; init; } = [];

    /// <summary>[C] How many entries of <see cref="HeadIds"/> belong to each position.</summary>
    public int[] HeadSizes { get; init; } = [];

    /// <summary>Token ids of the heads, position after position, ascending within a position.</summary>
    public int[] HeadIds { get; init; } = [];

    /// <summary>Log-probabilities of <see cref="HeadIds"/>.</summary>
    public float[] HeadLogprobs { get; init; } = [];

    /// <summary>Null where the heads are the most likely ids; set where they are what random draws hit.</summary>
    public HeadDraws? HeadDraws { get; init; }

    /// <summary>For each captured temperature T, [C]: log of the sum over the tail of p^(1/T); −∞ where the tail is empty.</summary>
    public IReadOnlyList<TailLogSums> TailLogSums { get; init; } = [];

    /// <summary>
    /// For each captured temperature T, [C·M]: ids drawn from the tail ∝ p^(1/T), M a position, in ascending order (so the first m of M
    /// are no sample); −1 where the tail is empty.
    /// </summary>
    public IReadOnlyList<TailSamples> TailSamples { get; init; } = [];

    /// <summary>The source gave fewer candidates than were asked for.</summary>
    public bool Capped { get; init; }

    public int CompletionLength => TokenIds.Length - PromptLength;

    /// <summary>There are log-probabilities, not only tokens.</summary>
    public bool IsScored => TokenLogprobs.Length > 0;

    /// <summary>Null when the lengths fit each other, else what does not.</summary>
    public string? Check()
    {
        var completion = CompletionLength;
        if (PromptLength < 0 || completion < 0)
        {
            return $"prompt_length is {PromptLength}, but there are {TokenIds.Length} token_ids";
        }

        if (LossMask.Length != completion)
        {
            return $"loss_mask has {LossMask.Length} entries for {completion} completion tokens";
        }

        if (!IsScored)
        {
            return null;
        }

        if (TokenLogprobs.Length != completion || TokenRanks.Length != completion || Entropies.Length != completion || HeadSizes.Length != completion)
        {
            return $"token_logprobs, token_ranks, entropies and head_sizes have {TokenLogprobs.Length}, {TokenRanks.Length}, {Entropies.Length} and {HeadSizes.Length} entries for {completion} completion tokens";
        }

        var heads = 0L;
        foreach (var size in HeadSizes)
        {
            if (size < 0)
            {
                return "head_sizes has a negative entry";
            }

            heads += size;
        }

        if (HeadIds.Length != heads || HeadLogprobs.Length != heads)
        {
            return $"head_ids and head_logprobs have {HeadIds.Length} and {HeadLogprobs.Length} entries, head_sizes adds up to {heads}";
        }

        if (HeadDraws?.Check(HeadSizes, HeadIds.Length, TailLogSums) is { } wrong)
        {
            return wrong;
        }

        foreach (var tail in TailLogSums)
        {
            if (tail.Values.Length != completion)
            {
                return $"tail_logsums at temperature {tail.Temperature} has {tail.Values.Length} entries for {completion} completion tokens";
            }
        }

        foreach (var tail in TailSamples)
        {
            if (completion > 0 && tail.Ids.Length % completion != 0)
            {
                return $"tail_samples at temperature {tail.Temperature} has {tail.Ids.Length} entries, not a multiple of {completion}";
            }
        }

        return null;
    }
}

/// <summary>
/// The heads of a trace are the distinct ids of draws with replacement from r ∝ p^(1/s). Then Σ (n/N)(p/r) f(id) over a head is an
/// unbiased estimate of Σ p f over the vocabulary; log r follows from the head and the tail's log-sum at s.
/// </summary>
/// <param name="Temperature">s; the tail's log-sums at it are in the trace.</param>
/// <param name="Counts">[Σ HeadSizes] n of each id of <see cref="TokenTrace.HeadIds"/>, 1 or more; a position's add up to its N.</param>
public sealed record HeadDraws(float Temperature, int[] Counts)
{
    internal string? Check(int[] headSizes, int heads, IReadOnlyList<TailLogSums> tails)
        => Counts.Length != heads ? $"head_draws has {Counts.Length} counts for {heads} head_ids"
            : Counts.AsSpan().ContainsAnyInRange(int.MinValue, 0) ? "head_draws has a count below 1"
            : headSizes.Contains(0) ? "head_draws has no draw at some position"
            : tails.All(tail => tail.Temperature != Temperature) ? $"head_draws was drawn at temperature {Temperature}, whose tail_logsums are missing"
            : null;
}

/// <summary>[C] log Σ over the tail of p^(1/T).</summary>
public sealed record TailLogSums(float Temperature, float[] Values);

/// <summary>[C·M] token ids drawn from the tail, M a position.</summary>
public sealed record TailSamples(float Temperature, int[] Ids);
