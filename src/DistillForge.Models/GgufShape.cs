namespace DistillForge.Models;

/// <summary><see cref="ModelShape"/> ↔ GGUF metadata.</summary>
public static class GgufShape
{
    const string EmbeddingName = "token_embd.weight";

    /// <summary>Reads the shape of any architecture that uses GGUF's common keys, as <c>llama</c> and <c>gpt2</c> do.</summary>
    /// <exception cref="GgufException">A key is missing, of the wrong type, out of bounds, or contradicts the tensors.</exception>
    public static ModelShape Read(GgufFile file)
    {
        var metadata = file.Metadata;
        var architecture = metadata.RequiredText("general.architecture");
        var width = Number(metadata, $"{architecture}.embedding_length");
        var heads = Number(metadata, $"{architecture}.attention.head_count");
        var embedding = file.Tensor(EmbeddingName);
        var shape = new ModelShape
        {
            Architecture = architecture,
            Layers = Number(metadata, $"{architecture}.block_count"),
            Width = width,
            Heads = heads,
            KeyValueHeads = Number(metadata, $"{architecture}.attention.head_count_kv", heads),
            HeadSize = HeadSize(metadata, architecture),
            FeedForward = Number(metadata, $"{architecture}.feed_forward_length"),
            Vocabulary = embedding.Shape.Count == 2 ? (int)Math.Min(int.MaxValue, embedding.Shape[1]) : 0,
            Context = Number(metadata, $"{architecture}.context_length"),
            RopeTheta = metadata.Float32($"{architecture}.rope.freq_base") ?? 10_000f,
            NormEpsilon = metadata.Float32($"{architecture}.attention.layer_norm_rms_epsilon") ?? metadata.Float32($"{architecture}.attention.layer_norm_epsilon") ?? 1e-5f,
            RopeFactors = Factors(file, architecture),
            TiedEmbeddings = !file.Contains("output.weight"),
        };
        if (embedding.Shape.Count != 2 || embedding.Shape[0] != width)
        {
            throw metadata.Unfit($"tensor '{EmbeddingName}'", $"is {string.Join(" × ", embedding.Shape)}, but {architecture}.embedding_length is {width}.");
        }

        foreach (var (property, what) in shape.Check())
        {
            throw metadata.Unfit(Key(architecture, property), what);
        }

        return shape;
    }

    /// <summary>The architecture's own keys, for a <c>llama</c>, <c>qwen2</c>, <c>qwen3</c> or <c>gpt2</c> model.</summary>
    public static GgufMetadata Write(ModelShape shape)
    {
        var family = shape.Architecture;
        if (family == "gpt2")
        {
            return new GgufMetadata
            {
                { "general.architecture", GgufValue.Of(family) },
                { "gpt2.block_count", GgufValue.Of((uint)shape.Layers) },
                { "gpt2.context_length", GgufValue.Of((uint)shape.Context) },
                { "gpt2.embedding_length", GgufValue.Of((uint)shape.Width) },
                { "gpt2.feed_forward_length", GgufValue.Of((uint)shape.FeedForward) },
                { "gpt2.attention.head_count", GgufValue.Of((uint)shape.Heads) },
                { "gpt2.attention.layer_norm_epsilon", GgufValue.Of(shape.NormEpsilon) },
            };
        }

        if (!shape.IsLlamaLike)
        {
            throw new NotSupportedException($"GGUF metadata is written for llama, qwen2, qwen3 and gpt2, not for {family}");
        }

        var metadata = new GgufMetadata
        {
            { "general.architecture", GgufValue.Of(family) },
            { $"{family}.block_count", GgufValue.Of((uint)shape.Layers) },
            { $"{family}.context_length", GgufValue.Of((uint)shape.Context) },
            { $"{family}.embedding_length", GgufValue.Of((uint)shape.Width) },
            { $"{family}.feed_forward_length", GgufValue.Of((uint)shape.FeedForward) },
            { $"{family}.attention.head_count", GgufValue.Of((uint)shape.Heads) },
            { $"{family}.attention.head_count_kv", GgufValue.Of((uint)shape.KeyValueHeads) },
            { $"{family}.attention.key_length", GgufValue.Of((uint)shape.HeadSize) },
            { $"{family}.attention.value_length", GgufValue.Of((uint)shape.HeadSize) },
            { $"{family}.attention.layer_norm_rms_epsilon", GgufValue.Of(shape.NormEpsilon) },
            { $"{family}.rope.freq_base", GgufValue.Of(shape.RopeTheta) },
            { $"{family}.rope.dimension_count", GgufValue.Of((uint)shape.HeadSize) },
            { $"{family}.vocab_size", GgufValue.Of((uint)shape.Vocabulary) },
        };
        if (shape.RopeFactors?.Linear is { } factor)
        {
            metadata.Add($"{family}.rope.scaling.type", GgufValue.Of("linear"));
            metadata.Add($"{family}.rope.scaling.factor", GgufValue.Of(factor));
        }

        return metadata;
    }

    // Llama 3's are a tensor, linear scaling is two keys. What else there is (YaRN, …) the weights' loader refuses.
    static RopeFactors? Factors(GgufFile file, string architecture)
    {
        if (file.Find(RopeFactors.TensorName) is { Type: GgmlType.F32, ElementCount: > 0 and < 1 << 14 } stored)
        {
            return new RopeFactors(file.Floats(stored));
        }

        return file.Metadata.Text($"{architecture}.rope.scaling.type") == "linear" && file.Metadata.Float32($"{architecture}.rope.scaling.factor") is { } factor and not 1
            ? RopeFactors.OfLinear(factor, HeadSize(file.Metadata, architecture))
            : null;
    }

    static int HeadSize(GgufMetadata metadata, string architecture)
        => Number(metadata, $"{architecture}.attention.key_length", Number(metadata, $"{architecture}.embedding_length") / Math.Max(1, Number(metadata, $"{architecture}.attention.head_count")));

    static int Number(GgufMetadata metadata, string key, int? otherwise = null)
    {
        if (!metadata.TryGet(key, out var value))
        {
            return otherwise ?? (int)metadata.RequiredUInt32(key);
        }

        // Some architectures give one number a layer.
        long number = value.Type == GgufType.Array ? metadata.Int32s(key)!.DefaultIfEmpty(0).Max() : (long)metadata.UInt32(key)!.Value;
        return number is >= 0 and <= int.MaxValue ? (int)number : throw metadata.Unfit(key, $"is {number}, far beyond any model.");
    }

    static string Key(string architecture, string property) => architecture + property switch
    {
        nameof(ModelShape.Layers) => ".block_count",
        nameof(ModelShape.Width) => ".embedding_length",
        nameof(ModelShape.Heads) => ".attention.head_count",
        nameof(ModelShape.KeyValueHeads) => ".attention.head_count_kv",
        nameof(ModelShape.HeadSize) => ".attention.key_length",
        nameof(ModelShape.FeedForward) => ".feed_forward_length",
        nameof(ModelShape.Vocabulary) => ".vocab_size",
        nameof(ModelShape.Context) => ".context_length",
        nameof(ModelShape.RopeFactors) => ".rope.scaling.factor",
        _ => ".attention.layer_norm_rms_epsilon",
    };
}
