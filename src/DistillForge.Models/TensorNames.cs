namespace DistillForge.Models;

/// <summary>One weight of a model under both its names.</summary>
/// <param name="Rows">Output features; 1 for a vector.</param>
/// <param name="Columns">Input features; a vector's length.</param>
/// <param name="Transposed">Hugging Face stores it as [Columns, Rows], as GPT-2's Conv1D does.</param>
/// <param name="RotaryHeads">Heads whose rows lie in another order in the two formats, see <see cref="RotaryLayout"/>; 0 for none.</param>
public sealed record NamedTensor(string Gguf, string HuggingFace, int Rows, int Columns, bool IsVector, int RotaryHeads = 0, bool Transposed = false)
{
    public long ElementCount => (long)Rows * Columns;

    /// <summary>As safetensors say it: [Rows, Columns] (or the other way round, where transposed), or [Columns].</summary>
    public IReadOnlyList<long> TorchShape => IsVector ? [Columns] : Transposed ? [Columns, Rows] : [Rows, Columns];

    /// <summary>Float32 in every GGUF, as converters write it: vectors, and what is added to the residual stream as it is.</summary>
    public bool StaysF32 => IsVector || Gguf == "position_embd.weight";

    /// <summary>As ggml says it: [Columns, Rows] or [Columns].</summary>
    public IReadOnlyList<long> GgufShape => IsVector ? [Columns] : [Columns, Rows];
}

/// <summary>What the tensors of a Llama or Qwen model are called in Hugging Face's files and in GGUF.</summary>
public static class TensorNames
{
    static readonly (string Gguf, string HuggingFace)[] Whole =
    [
        ("token_embd", "model.embed_tokens"),
        ("output_norm", "model.norm"),
        ("output", "lm_head"),
    ];

    static readonly (string Gguf, string HuggingFace)[] OfLayer =
    [
        ("attn_norm", "input_layernorm"),
        ("attn_q", "self_attn.q_proj"),
        ("attn_k", "self_attn.k_proj"),
        ("attn_v", "self_attn.v_proj"),
        ("attn_q_norm", "self_attn.q_norm"),
        ("attn_k_norm", "self_attn.k_norm"),
        ("attn_output", "self_attn.o_proj"),
        ("ffn_norm", "post_attention_layernorm"),
        ("ffn_gate", "mlp.gate_proj"),
        ("ffn_up", "mlp.up_proj"),
        ("ffn_down", "mlp.down_proj"),
    ];

    /// <summary>Every tensor of a model of this shape, in the order in which converters write them.</summary>
    public static IReadOnlyList<NamedTensor> Of(ModelShape shape) => shape.Architecture == "gpt2" ? Gpt2(shape) : Llama(shape);

    /// <summary>Every tensor of a GPT-2 model; no <c>output.weight</c> when it is tied.</summary>
    public static IReadOnlyList<NamedTensor> Gpt2(ModelShape shape)
    {
        var (width, inner) = (shape.Width, shape.FeedForward);
        static NamedTensor Vector(string gguf, string name, int length) => new(gguf, "transformer." + name, 1, length, IsVector: true);
        static NamedTensor[] Norm(string gguf, string name, int length) => [Vector(gguf + ".weight", name + ".weight", length), Vector(gguf + ".bias", name + ".bias", length)];
        static NamedTensor[] Linear(string gguf, string name, int rows, int columns)
            => [new(gguf + ".weight", $"transformer.{name}.weight", rows, columns, IsVector: false, Transposed: true), Vector(gguf + ".bias", name + ".bias", rows)];
        return
        [
            .. shape.TiedEmbeddings ? Array.Empty<NamedTensor>() : [new("output.weight", "lm_head.weight", shape.Vocabulary, width, IsVector: false)],
            new("token_embd.weight", "transformer.wte.weight", shape.Vocabulary, width, IsVector: false),
            new("position_embd.weight", "transformer.wpe.weight", shape.Context, width, IsVector: false),
            .. Norm("output_norm", "ln_f", width),
            .. Enumerable.Range(0, shape.Layers).SelectMany(layer => new[]
            {
                Norm($"blk.{layer}.attn_norm", $"h.{layer}.ln_1", width),
                Linear($"blk.{layer}.attn_qkv", $"h.{layer}.attn.c_attn", 3 * width, width),
                Linear($"blk.{layer}.attn_output", $"h.{layer}.attn.c_proj", width, width),
                Norm($"blk.{layer}.ffn_norm", $"h.{layer}.ln_2", width),
                Linear($"blk.{layer}.ffn_up", $"h.{layer}.mlp.c_fc", inner, width),
                Linear($"blk.{layer}.ffn_down", $"h.{layer}.mlp.c_proj", width, inner),
            }).SelectMany(tensors => tensors),
        ];
    }

    /// <summary>Every tensor of a Llama, Qwen2 or Qwen3 model, in the order in which converters write them; no <c>output.weight</c> when it is tied.</summary>
    public static IReadOnlyList<NamedTensor> Llama(ModelShape shape)
    {
        var (width, query, keyValue) = (shape.Width, shape.Heads * shape.HeadSize, shape.KeyValueHeads * shape.HeadSize);
        List<NamedTensor> tensors = [Of("token_embd", shape.Vocabulary, width), Vector("output_norm", width)];
        if (!shape.TiedEmbeddings)
        {
            tensors.Insert(0, Of("output", shape.Vocabulary, width));
        }

        for (var layer = 0; layer < shape.Layers; layer++)
        {
            tensors.AddRange(
            [
                Vector($"blk.{layer}.attn_norm", width),
                Of($"blk.{layer}.attn_q", query, width, shape.RotaryPairs ? shape.Heads : 0),
                Of($"blk.{layer}.attn_k", keyValue, width, shape.RotaryPairs ? shape.KeyValueHeads : 0),
                Of($"blk.{layer}.attn_v", keyValue, width),
                .. shape.AttentionBias ? [Bias($"blk.{layer}.attn_q", query), Bias($"blk.{layer}.attn_k", keyValue), Bias($"blk.{layer}.attn_v", keyValue)] : Array.Empty<NamedTensor>(),
                .. shape.QueryKeyNorm ? [Vector($"blk.{layer}.attn_q_norm", shape.HeadSize), Vector($"blk.{layer}.attn_k_norm", shape.HeadSize)] : Array.Empty<NamedTensor>(),
                Of($"blk.{layer}.attn_output", width, query),
                Vector($"blk.{layer}.ffn_norm", width),
                Of($"blk.{layer}.ffn_gate", shape.FeedForward, width),
                Of($"blk.{layer}.ffn_up", shape.FeedForward, width),
                Of($"blk.{layer}.ffn_down", width, shape.FeedForward),
            ]);
        }

        return tensors;
    }

    /// <summary><c>model.layers.3.mlp.up_proj.weight</c> → <c>blk.3.ffn_up.weight</c>; null for a name that none of them has.</summary>
    public static string? ToGguf(string huggingFace) => Translate(huggingFace, "model.layers.", "blk.", pair => (pair.HuggingFace, pair.Gguf));

    /// <summary><c>blk.3.ffn_up.weight</c> → <c>model.layers.3.mlp.up_proj.weight</c>; null for a name that none of them has.</summary>
    public static string? ToHuggingFace(string gguf) => Translate(gguf, "blk.", "model.layers.", pair => (pair.Gguf, pair.HuggingFace));

    static string? Translate(string name, string fromPrefix, string toPrefix, Func<(string Gguf, string HuggingFace), (string From, string To)> direction)
    {
        var ofLayer = name.StartsWith(fromPrefix, StringComparison.Ordinal);
        var rest = ofLayer ? name[fromPrefix.Length..] : name;
        var dot = rest.IndexOf('.');
        if (ofLayer && (dot is < 1 or > 4 || !rest[..dot].All(char.IsAsciiDigit) || (dot > 1 && rest[0] == '0')))
        {
            return null;
        }

        var (stem, prefix) = ofLayer ? (rest[(dot + 1)..], toPrefix + rest[..(dot + 1)]) : (name, "");
        foreach (var (from, to) in (ofLayer ? OfLayer : Whole).Select(direction))
        {
            if (stem == from + ".weight")
            {
                return prefix + to + ".weight";
            }

            // Qwen2's are the only biases of the family.
            if (stem == from + ".bias" && Biased.Contains(from))
            {
                return prefix + to + ".bias";
            }
        }

        return null;
    }

    static readonly string[] Biased = ["attn_q", "attn_k", "attn_v", "self_attn.q_proj", "self_attn.k_proj", "self_attn.v_proj"];

    static NamedTensor Bias(string stem, int length) => new(stem + ".bias", ToHuggingFace(stem + ".bias")!, 1, length, IsVector: true);

    static NamedTensor Of(string stem, int rows, int columns, int rotaryHeads = 0) => new(stem + ".weight", ToHuggingFace(stem + ".weight")!, rows, columns, IsVector: false, rotaryHeads);

    static NamedTensor Vector(string stem, int length) => new(stem + ".weight", ToHuggingFace(stem + ".weight")!, 1, length, IsVector: true);
}

/// <summary>
/// The order of the rows of q and k within a head. Hugging Face turns element i with element i + half (halves); llama.cpp's
/// Llama turns 2i with 2i + 1 (pairs). The same rotation, once the rows are moved.
/// </summary>
public static class RotaryLayout
{
    /// <summary>Halves → pairs, for [rows, columns] numbers (or bytes of whole rows) of so many heads.</summary>
    public static void ToGguf<T>(ReadOnlySpan<T> source, Span<T> target, int rows, int heads) => Move(source, target, rows, heads, toPairs: true);

    /// <summary>Pairs → halves.</summary>
    public static void ToHuggingFace<T>(ReadOnlySpan<T> source, Span<T> target, int rows, int heads) => Move(source, target, rows, heads, toPairs: false);

    /// <summary>Which row of the halves' order is this row of the pairs'?</summary>
    /// <param name="size">Rows of a head.</param>
    public static int HalvesRow(int pairsRow, int size)
    {
        var i = pairsRow % size;
        return pairsRow - i + i % 2 * (size / 2) + i / 2;
    }

    static void Move<T>(ReadOnlySpan<T> source, Span<T> target, int rows, int heads, bool toPairs)
    {
        if (rows % (2 * heads) != 0 || source.Length % rows != 0 || target.Length != source.Length)
        {
            throw new ArgumentException($"{source.Length} numbers in {rows} rows are no {heads} heads of even size", nameof(source));
        }

        var (size, columns) = (rows / heads, source.Length / rows);
        for (var row = 0; row < rows; row++)
        {
            var halves = HalvesRow(row, size);
            var (from, to) = toPairs ? (halves, row) : (row, halves);
            source.Slice(from * columns, columns).CopyTo(target.Slice(to * columns, columns));
        }
    }
}
