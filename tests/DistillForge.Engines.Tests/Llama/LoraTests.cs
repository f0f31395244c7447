using DistillForge.Llama;
using DistillForge.Models;

namespace DistillForge.Engines.Tests.Llama;

public sealed class LoraTests : IDisposable
{
    const int Rank = 4;
    const float Alpha = 8;
    readonly Scratch scratch = new();
    readonly string[] targets = ["blk.0.attn_v.weight", "blk.1.ffn_up.weight"];

    public void Dispose() => scratch.Dispose();

    [Fact]
    public async Task A_model_with_an_adapter_thinks_what_the_merged_model_thinks()
    {
        var plain = Models.WriteTiny(scratch["tiny.gguf"]);
        var lora = WriteLora(plain, "llama");
        await using var merged = await LlamaModel.OpenAsync(WriteMerged(plain, lora), Models.Exact, CancellationToken.None);
        await using var adapted = await LlamaModel.OpenAsync(plain, Models.Exact with { Lora = lora }, CancellationToken.None);
        await using var bare = await LlamaModel.OpenAsync(plain, Models.Exact, CancellationToken.None);
        var tokens = new TokenSequence(bare.Vocabulary, [5, 9, 77, 130, 42, 8], 2);

        var rows = new List<TokenTrace>();
        foreach (var model in new[] { merged, adapted, bare })
        {
            rows.Add(await model.ScoreAsync(tokens, new Want.Full(), CancellationToken.None));
        }

        Assert.Equal(rows[0].HeadLogprobs, rows[1].HeadLogprobs, (a, b) => Math.Abs(a - b) < 1e-4);
        Assert.True(rows[1].HeadLogprobs.Zip(rows[2].HeadLogprobs).Max(pair => Math.Abs(pair.First - pair.Second)) > 0.01);
        Assert.NotEqual(bare.Sha256, adapted.Sha256);
    }

    [Theory]
    [InlineData("gpt2", "is for architecture 'gpt2'")]
    [InlineData(null, "is no LoRA adapter")]
    public async Task Something_else_is_refused_by_the_managed_reader(string? architecture, string what)
    {
        var plain = Models.WriteTiny(scratch["tiny.gguf"]);
        var lora = architecture is null ? plain : WriteLora(plain, architecture);

        var error = await Assert.ThrowsAsync<ForgeException>(() => LlamaModel.OpenAsync(plain, Models.Exact with { Lora = lora }, CancellationToken.None));

        Assert.Contains(what, error.Message);
    }

    [Fact]
    public async Task An_adapter_of_another_shape_is_refused_by_the_managed_reader()
    {
        var plain = Models.WriteTiny(scratch["tiny.gguf"]);
        targets[0] = "blk.7.attn_v.weight";
        var stranger = WriteLora(plain, "llama", "blk.0.attn_v.weight");

        var error = await Assert.ThrowsAsync<ForgeException>(() => LlamaModel.OpenAsync(plain, Models.Exact with { Lora = stranger }, CancellationToken.None));

        Assert.Contains("changes 'blk.7.attn_v.weight', which the model does not have", error.Message);
    }

    static float[] Numbers(int count, int seed)
    {
        var random = new Random(seed);
        return [.. Enumerable.Range(0, count).Select(_ => (random.NextSingle() - 0.5f) * 0.3f)];
    }

    string WriteLora(string plain, string architecture, string? shapeOf = null)
    {
        using var model = GgufFile.Open(plain);
        var metadata = new GgufMetadata
        {
            { "general.architecture", GgufValue.Of(architecture) },
            { "general.type", GgufValue.Of("adapter") },
            { "adapter.type", GgufValue.Of("lora") },
            { "adapter.lora.alpha", GgufValue.Of(Alpha) },
        };
        var tensors = new List<GgufTensorSource>();
        foreach (var name in targets)
        {
            var weight = model.Find(name) ?? model.Tensor(shapeOf!);
            tensors.Add(GgufTensorSource.Of(name + ".lora_a", [weight.Shape[0], Rank], Numbers((int)weight.Shape[0] * Rank, 1)));
            tensors.Add(GgufTensorSource.Of(name + ".lora_b", [Rank, weight.Shape[1]], Numbers((int)weight.Shape[1] * Rank, 2)));
        }

        GgufWriter.Write(scratch["lora.gguf"], metadata, tensors);
        return scratch["lora.gguf"];
    }

    // W[o, i] += alpha / rank · Σ_r B[o, r] A[r, i]
    string WriteMerged(string plain, string lora)
    {
        using var model = GgufFile.Open(plain);
        using var adapter = GgufFile.Open(lora);
        var tensors = new List<GgufTensorSource>();
        foreach (var tensor in model.Tensors)
        {
            var weights = model.Floats(tensor);
            if (targets.Contains(tensor.Name))
            {
                var (a, b) = (adapter.Floats(adapter.Tensor(tensor.Name + ".lora_a")), adapter.Floats(adapter.Tensor(tensor.Name + ".lora_b")));
                var (inputs, outputs) = ((int)tensor.Shape[0], (int)tensor.Shape[1]);
                for (var o = 0; o < outputs; o++)
                {
                    for (var i = 0; i < inputs; i++)
                    {
                        weights[(o * inputs) + i] += Alpha / Rank * Enumerable.Range(0, Rank).Sum(r => b[(o * Rank) + r] * a[(r * inputs) + i]);
                    }
                }
            }

            tensors.Add(GgufTensorSource.Of(tensor.Name, tensor.Shape, weights));
        }

        GgufWriter.Write(scratch["merged.gguf"], model.Metadata, tensors);
        return scratch["merged.gguf"];
    }
}
