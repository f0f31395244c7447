using DistillForge.Models;

namespace DistillForge.Tests.Models;

public class ModelShapeTests
{
    static readonly ModelShape Tiny = new()
    {
        Architecture = "llama",
        Layers = 2,
        Width = 128,
        Heads = 4,
        KeyValueHeads = 2,
        HeadSize = 32,
        FeedForward = 384,
        Vocabulary = 1024,
        Context = 256,
        RopeTheta = 500_000f,
        NormEpsilon = 1e-6f,
        TiedEmbeddings = true,
    };

    [Theory]
    [InlineData("llama")]
    [InlineData("qwen2")]
    [InlineData("qwen3")]
    [InlineData("gpt2")]
    public void Goes_through_GGUF_unchanged(string architecture)
    {
        using var scratch = new Scratch();
        GgufWriter.Write(scratch["a.gguf"], GgufShape.Write(Of(architecture)), [GgufTensorSource.Of("token_embd.weight", [128, 1024], new float[128 * 1024])]);
        using var file = GgufFile.Open(scratch["a.gguf"]);

        Assert.Equal(Of(architecture), GgufShape.Read(file));
    }

    [Theory]
    [InlineData("llama")]
    [InlineData("qwen2")]
    [InlineData("qwen3")]
    [InlineData("gpt2")]
    public void Goes_through_config_json_unchanged(string architecture)
    {
        using var scratch = new Scratch();
        File.WriteAllText(scratch["config.json"], HuggingFaceConfig.Write(Of(architecture), bos: 1, eos: 2));

        Assert.Equal(Of(architecture), HuggingFaceConfig.Read(scratch["config.json"]));
    }

    [Theory]
    [InlineData("llama")]
    [InlineData("qwen2")]
    [InlineData("qwen3")]
    [InlineData("gpt2")]
    public void Counts_as_many_weights_as_its_tensors_have(string architecture)
    {
        var shape = Of(architecture);
        Assert.Equal(TensorNames.Of(shape).Sum(t => t.ElementCount), shape.Parameters);
        Assert.Equal(1024 * 128, (Tiny with { TiedEmbeddings = false }).Parameters - Tiny.Parameters);
    }

    [Fact]
    public void An_untied_model_has_an_output_matrix()
        => Assert.Equal(["output.weight"], TensorNames.Llama(Tiny with { TiedEmbeddings = false }).Select(t => t.Gguf).Except(TensorNames.Llama(Tiny).Select(t => t.Gguf)));

    [Theory]
    [InlineData("llama.block_count", 1_000_000u, "is 1000000")]
    [InlineData("llama.block_count", uint.MaxValue, "far beyond")]
    [InlineData("llama.attention.head_count", 0u, "is 0")]
    [InlineData("llama.attention.head_count_kv", 3u, "does not divide")]
    [InlineData("llama.attention.key_length", 31u, "must be even")]
    [InlineData("llama.context_length", 0x80000000u, "far beyond")]
    [InlineData("llama.feed_forward_length", 0u, "is 0")]
    public void Absurd_sizes_are_refused_by_key(string key, uint value, string what)
    {
        var metadata = GgufShape.Write(Tiny);
        metadata[key] = GgufValue.Of(value);

        var error = Refused(metadata);

        Assert.Equal(key, error.Field);
        Assert.Contains(what, error.Message);
    }

    [Fact]
    public void A_missing_key_is_named()
    {
        var metadata = GgufShape.Write(Tiny);
        metadata.Remove("llama.embedding_length");
        Assert.Equal("llama.embedding_length", Refused(metadata).Field);
    }

    [Fact]
    public void A_width_that_contradicts_the_embedding_is_refused()
    {
        var metadata = GgufShape.Write(Tiny);
        metadata["llama.embedding_length"] = GgufValue.Of(64u);
        Assert.Equal("tensor 'token_embd.weight'", Refused(metadata).Field);
    }

    [Theory]
    [InlineData("\"model_type\": \"llama\"", "\"model_type\": \"gemma\"", "model_type")]
    [InlineData("\"rope_scaling\": null", "\"rope_scaling\": {\"factor\": 8}", "rope_scaling")]
    [InlineData("\"attention_bias\": false", "\"attention_bias\": true", "attention_bias")]
    [InlineData("\"hidden_size\": 128", "\"hidden_size\": \"128\"", "hidden_size")]
    [InlineData("\"num_hidden_layers\": 2", "\"num_hidden_layers\": 100000", "num_hidden_layers")]
    [InlineData("{", "[", "file")]
    public void A_config_that_is_not_built_is_refused_by_field(string was, string now, string field)
    {
        using var scratch = new Scratch();
        File.WriteAllText(scratch["config.json"], HuggingFaceConfig.Write(Tiny).Replace(was, now));

        Assert.Equal(field, Assert.Throws<ModelFileException>(() => HuggingFaceConfig.Read(scratch["config.json"])).Field);
    }

    static ModelShape Of(string architecture) => architecture == "gpt2"
        ? Tiny with { Architecture = architecture, KeyValueHeads = 4, RopeTheta = 10_000f, NormEpsilon = 1e-5f }
        : Tiny with { Architecture = architecture };

    static GgufException Refused(GgufMetadata metadata)
    {
        using var scratch = new Scratch();
        GgufWriter.Write(scratch["a.gguf"], metadata, [GgufTensorSource.Of("token_embd.weight", [128, 1024], new float[128 * 1024])]);
        using var file = GgufFile.Open(scratch["a.gguf"]);
        return Assert.Throws<GgufException>(() => GgufShape.Read(file));
    }
}
