using DistillForge.Core;
using DistillForge.Models;

namespace DistillForge.Training.Architectures;

/// <summary>Llama: RMSNorm before, rotary positions in Hugging Face's half-split layout, grouped-query attention, SwiGLU.</summary>
[Component("llama")]
public sealed class Llama : IArchitecture
{
    public Network Build(ModelShape shape, long seed, Device device) => new LlamaNetwork(shape, seed, device);
}

/// <summary>Qwen2: Llama with biases on queries, keys and values.</summary>
[Component("qwen2")]
public sealed class Qwen2 : IArchitecture
{
    public Network Build(ModelShape shape, long seed, Device device) => new LlamaNetwork(shape, seed, device);
}

/// <summary>Qwen3: Llama whose queries and keys are normed head by head.</summary>
[Component("qwen3")]
public sealed class Qwen3 : IArchitecture
{
    public Network Build(ModelShape shape, long seed, Device device) => new LlamaNetwork(shape, seed, device);
}

sealed class LlamaNetwork : LayeredNetwork
{
    readonly ModelShape shape;
    readonly Weight embedding;
    readonly LlamaBlock[] blocks;
    readonly Weight norm;
    readonly Weight head;
    readonly Tensor rotary;   // [context, h]

    public LlamaNetwork(ModelShape shape, long seed, Device device)
    {
        this.shape = shape;
        Weight Matrix(string name, long rows, long columns) => Initialisation.Normal(name, rows, columns, Initialisation.OfEmbedding(shape.Width), seed, device);

        embedding = Matrix("model.embed_tokens.weight", shape.Vocabulary, shape.Width) with { Alias = shape.TiedEmbeddings ? "lm_head.weight" : null };
        blocks = [.. Enumerable.Range(0, shape.Layers).Select(layer => new LlamaBlock(shape, layer, seed, device))];
        norm = Initialisation.Ones("model.norm.weight", shape.Width, device);
        head = shape.TiedEmbeddings ? embedding : Matrix("lm_head.weight", shape.Vocabulary, shape.Width);
        Weights = [embedding, .. blocks.SelectMany(block => block.Weights), norm, .. shape.TiedEmbeddings ? Array.Empty<Weight>() : [head]];
        rotary = Rotary(shape).to(device);
    }

    // [context, h]: cosines, then sines
    static Tensor Rotary(ModelShape shape)
    {
        if (shape.RopeFactors is not { } factors)
        {
            return Fused.rope_table(shape.Context, shape.HeadSize, shape.RopeTheta);
        }

        using var scope = NewDisposeScope();
        double[] speeds = [.. factors.Values.ToArray().Select((factor, i) => Math.Pow(shape.RopeTheta, -2.0 * i / shape.HeadSize) / factor)];
        var angles = outer(arange(shape.Context, dtype: ScalarType.Float64), tensor(speeds));
        return cat([angles.cos(), angles.sin()], dim: -1).to_type(ScalarType.Float32).MoveToOuterDisposeScope();
    }

    public override IReadOnlyList<Weight> Weights { get; }

    public override Weight Embedding => embedding;

    public override Tensor Head => head.Value;

    protected override int Depth => blocks.Length;

    protected override Tensor Enter(Tensor tokens) => Fused.embedding(tokens, embedding.Value);

    protected override Tensor Layer(int layer, Tensor x, Tensor? positions) => blocks[layer].Forward(x, rotary, positions, Precision, Inside, Layout);

    protected override Tensor Leave(Tensor x) => Fused.rms_norm(x, norm.Value, shape.NormEpsilon, ScalarType.Float32);

    protected override void Dispose(bool disposing)
    {
        base.Dispose(disposing);
        rotary.Dispose();
    }
}
