using System.Text.Json;
using System.Text.Json.Nodes;

namespace DistillForge.Models;

/// <summary><see cref="ModelShape"/> ↔ Hugging Face's <c>config.json</c> of a Llama, Qwen2, Qwen3 or GPT-2 model.</summary>
public static class HuggingFaceConfig
{
    const int LargestFile = 1 << 20;

    static readonly JsonSerializerOptions Indented = new() { WriteIndented = true };

    static readonly Dictionary<string, string> Classes = new()
    {
        ["llama"] = "LlamaForCausalLM",
        ["qwen2"] = "Qwen2ForCausalLM",
        ["qwen3"] = "Qwen3ForCausalLM",
        ["gpt2"] = "GPT2LMHeadModel",
    };

    /// <exception cref="ModelFileException">Another family, or a model with what DistillForge does not build (RoPE scaling, biases).</exception>
    public static ModelShape Read(string path)
    {
        using var file = MappedFile.Open(path, (what, instead, inner) => new ModelFileException(path, "file", what, instead, inner));
        if (file.Length > LargestFile)
        {
            throw new ModelFileException(path, "file", $"is {file.Length} bytes long, too long for a config.json.");
        }

        try
        {
            using var document = JsonDocument.Parse(file.Span(0, file.Length).ToArray(), new JsonDocumentOptions { MaxDepth = 16 });
            return document.RootElement.ValueKind == JsonValueKind.Object
                ? Read(new ConfigFields(path, document.RootElement))
                : throw new ModelFileException(path, "file", "is no JSON object.");
        }
        catch (JsonException e)
        {
            throw new ModelFileException(path, "file", $"is no JSON: {e.Message}", inner: e);
        }
    }

    static ModelShape Read(ConfigFields fields)
    {
        // Mistral is Llama, as long as its attention sees everything.
        var family = fields.OneOf("model_type", [.. Classes.Keys, "mistral"]) is var named && named == "mistral" ? "llama" : named;
        if (family == "gpt2")
        {
            return Checked(fields, ReadGpt2(fields));
        }

        fields.Demand("hidden_act", "silu");
        fields.Refuse("attention_bias");
        fields.Refuse("mlp_bias");
        fields.Refuse("use_sliding_window");
        var width = fields.Integer("hidden_size");
        var heads = fields.Integer("num_attention_heads");
        var headSize = fields.Integer("head_dim", width / Math.Max(1, heads));
        if (named == "mistral" && fields.Integer("sliding_window", int.MaxValue) < fields.Integer("max_position_embeddings"))
        {
            throw fields.Unfit("sliding_window", "is shorter than the context, which is not built.");
        }

        var shape = new ModelShape
        {
            Architecture = family,
            Layers = fields.Integer("num_hidden_layers"),
            Width = width,
            Heads = heads,
            KeyValueHeads = fields.Integer("num_key_value_heads", heads),
            HeadSize = headSize,
            FeedForward = fields.Integer("intermediate_size"),
            Vocabulary = fields.Integer("vocab_size"),
            Context = fields.Integer("max_position_embeddings"),
            RopeTheta = fields.RopeTheta(),
            RopeFactors = fields.RopeFactors(headSize),
            NormEpsilon = fields.Number("rms_norm_eps", 1e-6f),
            TiedEmbeddings = fields.Flag("tie_word_embeddings"),
        };
        return Checked(fields, shape);
    }

    static ModelShape Checked(ConfigFields fields, ModelShape shape)
    {
        foreach (var (property, what) in shape.Check())
        {
            throw fields.Unfit(ConfigFields.Name(property), what);
        }

        return shape;
    }

    static ModelShape ReadGpt2(ConfigFields fields)
    {
        fields.Demand("activation_function", "gelu_new");
        fields.Refuse("scale_attn_by_inverse_layer_idx");
        var (width, heads) = (fields.Integer("n_embd"), fields.Integer("n_head"));
        return new ModelShape
        {
            Architecture = "gpt2",
            Layers = fields.Integer("n_layer"),
            Width = width,
            Heads = heads,
            KeyValueHeads = heads,
            HeadSize = width / Math.Max(1, heads),
            FeedForward = fields.Integer("n_inner", 4 * width),
            Vocabulary = fields.Integer("vocab_size"),
            Context = fields.Integer("n_positions"),
            NormEpsilon = fields.Number("layer_norm_epsilon", 1e-5f),
            // transformers ties them unless the file says otherwise.
            TiedEmbeddings = fields.Flag("tie_word_embeddings", otherwise: true),
        };
    }

    static string WriteGpt2(ModelShape shape, int? bos, int? eos) => new JsonObject
    {
        ["architectures"] = new JsonArray(Classes["gpt2"]),
        ["model_type"] = "gpt2",
        ["n_embd"] = shape.Width,
        ["n_layer"] = shape.Layers,
        ["n_head"] = shape.Heads,
        ["n_inner"] = shape.FeedForward,
        ["vocab_size"] = shape.Vocabulary,
        ["n_positions"] = shape.Context,
        ["n_ctx"] = shape.Context,
        ["layer_norm_epsilon"] = shape.NormEpsilon,
        ["activation_function"] = "gelu_new",
        ["tie_word_embeddings"] = shape.TiedEmbeddings,
        ["bos_token_id"] = bos,
        ["eos_token_id"] = eos,
        ["torch_dtype"] = "float32",
    }.ToJsonString(Indented) + "\n";

    // transformers knows a list of factors as longrope, whose short list serves up to the original context and the long one beyond.
    static JsonObject? RopeScaling(ModelShape shape)
    {
        if (shape.RopeFactors is not { } factors)
        {
            return null;
        }

        JsonArray List() => [.. factors.Values.ToArray().Select(factor => (JsonNode)factor)];
        return factors.Linear is { } factor
            ? new JsonObject { ["rope_type"] = "linear", ["factor"] = factor }
            : new JsonObject { ["rope_type"] = "longrope", ["short_factor"] = List(), ["long_factor"] = List(), ["attention_factor"] = 1.0 };
    }

    /// <summary>What transformers reads.</summary>
    public static string Write(ModelShape shape, int? bos = null, int? eos = null)
    {
        if (!Classes.TryGetValue(shape.Architecture, out var name))
        {
            throw new NotSupportedException($"config.json is written for {string.Join(", ", Classes.Keys)}, not for {shape.Architecture}");
        }

        if (shape.Architecture == "gpt2")
        {
            return WriteGpt2(shape, bos, eos);
        }

        return new JsonObject
        {
            ["architectures"] = new JsonArray(name),
            ["model_type"] = shape.Architecture,
            ["hidden_size"] = shape.Width,
            ["num_hidden_layers"] = shape.Layers,
            ["num_attention_heads"] = shape.Heads,
            ["num_key_value_heads"] = shape.KeyValueHeads,
            ["head_dim"] = shape.HeadSize,
            ["intermediate_size"] = shape.FeedForward,
            ["vocab_size"] = shape.Vocabulary,
            ["max_position_embeddings"] = shape.Context,
            ["rope_theta"] = shape.RopeTheta,
            ["rope_scaling"] = RopeScaling(shape),
            ["rms_norm_eps"] = shape.NormEpsilon,
            ["tie_word_embeddings"] = shape.TiedEmbeddings,
            ["hidden_act"] = "silu",
            ["attention_bias"] = false,
            ["mlp_bias"] = false,
            ["bos_token_id"] = bos,
            ["eos_token_id"] = eos,
            ["torch_dtype"] = "float32",
        }.ToJsonString(Indented) + "\n";
    }
}
