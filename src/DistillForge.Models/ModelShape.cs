namespace DistillForge.Models;

/// <summary>The sizes of a decoder-only transformer, free of any file format.</summary>
public sealed record ModelShape
{
    /// <summary>As GGUF names it: <c>llama</c>, <c>gpt2</c>, …</summary>
    public required string Architecture { get; init; }

    public required int Layers { get; init; }

    /// <summary>Of the residual stream.</summary>
    public required int Width { get; init; }

    /// <summary>Query heads of a layer; the largest, where layers differ.</summary>
    public required int Heads { get; init; }

    /// <summary>Key and value heads; as many as <see cref="Heads"/> where they are not shared.</summary>
    public required int KeyValueHeads { get; init; }

    /// <summary>Usually <see cref="Width"/> / <see cref="Heads"/>.</summary>
    public required int HeadSize { get; init; }

    /// <summary>Hidden width of the feed-forward layer; the largest, where layers differ.</summary>
    public required int FeedForward { get; init; }

    /// <summary>Rows of the embedding. A padded tensor has more than the vocabulary has tokens.</summary>
    public required int Vocabulary { get; init; }

    /// <summary>Tokens.</summary>
    public required int Context { get; init; }

    public float RopeTheta { get; init; } = 10_000f;

    /// <summary>What the pairs of a head turn slower by; null where nothing was stretched.</summary>
    public RopeFactors? RopeFactors { get; init; }

    public float NormEpsilon { get; init; } = 1e-5f;

    /// <summary>The output matrix is the embedding.</summary>
    public bool TiedEmbeddings { get; init; }

    /// <summary>Queries, keys and values have biases: so are the models of <c>qwen2</c>.</summary>
    public bool AttentionBias => Architecture == "qwen2";

    /// <summary>Each head's query and key is normed before it is turned: so are those of <c>qwen3</c>.</summary>
    public bool QueryKeyNorm => Architecture == "qwen3";

    /// <summary>llama.cpp turns neighbouring rows of q and k, not halves of a head: the rows lie in another order there.</summary>
    public bool RotaryPairs => Architecture == "llama";

    /// <summary>RMSNorm, rotary positions, SwiGLU: the family whose files we write.</summary>
    public bool IsLlamaLike => Architecture is "llama" or "qwen2" or "qwen3";

    /// <summary>Weights of a <c>llama</c>, <c>qwen2</c>, <c>qwen3</c> or <c>gpt2</c> model of this shape. For others, count the file's tensors.</summary>
    public long Parameters => Architecture switch
    {
        "llama" or "qwen2" or "qwen3" => Embeddings + Layers * LlamaLayer + Width,
        "gpt2" => Embeddings + (long)Context * Width + Layers * Gpt2Layer + 2L * Width,
        _ => throw new NotSupportedException($"how many weights a {Architecture} model has is known only from its file"),
    };

    long Embeddings => (TiedEmbeddings ? 1L : 2L) * Vocabulary * Width;

    // norms; q and output; k and v; gate, up and down
    long LlamaLayer => (AttentionBias ? ((long)Heads + 2 * KeyValueHeads) * HeadSize : 0) + (QueryKeyNorm ? 2L * HeadSize : 0) + 2L * Width + 2L * Width * Heads * HeadSize + 2L * Width * KeyValueHeads * HeadSize + 3L * Width * FeedForward;

    // two norms; fused qkv; output; up and down: each with its bias
    long Gpt2Layer => 4L * Width + 3L * Width * (Width + 1) + (long)Width * (Width + 1) + (long)FeedForward * (Width + 1) + (long)Width * (FeedForward + 1);

    /// <summary>What does not fit, by property; empty when all is well. The bounds are llama.cpp's or far beyond any model.</summary>
    public IEnumerable<(string Property, string What)> Check()
    {
        foreach (var (name, value, most) in new[]
        {
            (nameof(Layers), Layers, 512), (nameof(Width), Width, 1 << 17), (nameof(Heads), Heads, 1 << 14), (nameof(KeyValueHeads), KeyValueHeads, 1 << 14),
            (nameof(HeadSize), HeadSize, 1 << 14), (nameof(FeedForward), FeedForward, 1 << 21), (nameof(Vocabulary), Vocabulary, 1 << 22), (nameof(Context), Context, 1 << 27),
        })
        {
            if (value < 1 || value > most)
            {
                yield return (name, $"is {value}, but must be 1 to {most}.");
            }
        }

        if (KeyValueHeads > 0 && Heads % KeyValueHeads != 0)
        {
            yield return (nameof(KeyValueHeads), $"is {KeyValueHeads}, which does not divide the {Heads} heads.");
        }

        if (Architecture == "gpt2" && (KeyValueHeads != Heads || HeadSize * Heads != Width))
        {
            yield return (nameof(Heads), $"is {Heads} of size {HeadSize} with {KeyValueHeads} for keys; GPT-2's heads are never shared and together as wide as the model, {Width}.");
        }

        if (IsLlamaLike && HeadSize % 2 != 0)
        {
            yield return (nameof(HeadSize), $"is {HeadSize}, but rotary positions turn pairs: it must be even.");
        }

        if (RopeFactors is { } factors && (!IsLlamaLike || factors.Count != HeadSize / 2 || !factors.IsSound || (Architecture != "llama" && factors.Linear is null)))
        {
            yield return (nameof(RopeFactors), $"are {factors.Count}, but a {Architecture} of head size {HeadSize} takes {(Architecture == "llama" ? HeadSize / 2 : 0)}, all above 0.");
        }

        if (!(NormEpsilon is >= 0 and < 1) || !(RopeTheta > 0) || !float.IsFinite(RopeTheta))
        {
            yield return (nameof(NormEpsilon), $"is {NormEpsilon} with a RoPE base of {RopeTheta}; epsilon must be 0 to 1, the base positive.");
        }
    }
}
