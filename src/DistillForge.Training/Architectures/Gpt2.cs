using DistillForge.Core;
using DistillForge.Models;

namespace DistillForge.Training.Architectures;

/// <summary>GPT-2: learned positions, LayerNorm before, one product for queries, keys and values, GELU (its tanh form), biases everywhere.</summary>
[Component("gpt2")]
public sealed class Gpt2 : IArchitecture
{
    public Network Build(ModelShape shape, long seed, Device device) => new Gpt2Network(shape, seed, device);
}

sealed class Gpt2Network : LayeredNetwork
{
    readonly ModelShape shape;
    readonly Weight embedding;
    readonly Weight places;
    readonly Gpt2Block[] blocks;
    readonly Gpt2Norm norm;
    readonly Weight head;

    public Gpt2Network(ModelShape shape, long seed, Device device)
    {
        this.shape = shape;
        Weight Table(string name, long rows) => Initialisation.Normal(name, rows, shape.Width, Initialisation.OfEmbedding(shape.Width), seed, device);

        embedding = Table("transformer.wte.weight", shape.Vocabulary) with { Alias = shape.TiedEmbeddings ? "lm_head.weight" : null };
        // Half as large as the tokens': where a word stands says less than which it is.
        places = Initialisation.Normal("transformer.wpe.weight", shape.Context, shape.Width, Initialisation.OfEmbedding(shape.Width) / 2, seed, device);
        blocks = [.. Enumerable.Range(0, shape.Layers).Select(layer => new Gpt2Block(shape, layer, seed, device))];
        norm = new Gpt2Norm("transformer.ln_f", shape, device);
        head = shape.TiedEmbeddings ? embedding : Table("lm_head.weight", shape.Vocabulary);
        Weights = [embedding, places, .. blocks.SelectMany(block => block.Weights), .. norm.Weights, .. shape.TiedEmbeddings ? Array.Empty<Weight>() : [head]];
    }

    public override IReadOnlyList<Weight> Weights { get; }

    public override Weight Embedding => embedding;

    public override Tensor Head => head.Value;

    protected override int Depth => blocks.Length;

    protected override Tensor Enter(Tensor tokens)
        => Fused.embedding(tokens, embedding.Value) + (Layout is null ? places.Value.narrow(0, 0, tokens.shape[1]) : places.Value.index_select(0, Layout.Positions));

    protected override Tensor Layer(int layer, Tensor x, Tensor? positions) => blocks[layer].Forward(x, positions, Precision, Inside, Layout);

    protected override Tensor Leave(Tensor x) => norm.Apply(x, ScalarType.Float32);
}

/// <summary>LayerNorm with gain and bias, in float32 inside.</summary>
sealed class Gpt2Norm(string name, ModelShape shape, Device device)
{
    readonly Weight gain = Initialisation.Ones(name + ".weight", shape.Width, device);
    readonly Weight bias = Initialisation.Zeros(name + ".bias", shape.Width, device);

    public IReadOnlyList<Weight> Weights => [gain, bias];

    public Tensor Apply(Tensor x, ScalarType type) => nn.functional.layer_norm(x, [shape.Width], gain.Value, bias.Value, shape.NormEpsilon).to_type(type);
}

/// <summary>One layer: attention and feed-forward, each added to the residual stream.</summary>
sealed class Gpt2Block
{
    readonly ModelShape shape;
    readonly int layer;
    readonly Gpt2Norm before;
    readonly Gpt2Norm between;
    readonly (Weight Matrix, Weight Bias) attention;
    readonly (Weight Matrix, Weight Bias) output;
    readonly (Weight Matrix, Weight Bias) up;
    readonly (Weight Matrix, Weight Bias) down;

    public Gpt2Block(ModelShape shape, int layer, long seed, Device device)
    {
        (this.shape, this.layer) = (shape, layer);
        var deviation = Initialisation.OfMatrix(shape.Width);
        // Two projections a layer add to the residual stream: scaled, the sum keeps its size however deep (GPT-2, 2.3).
        var residual = deviation / Math.Sqrt(2 * shape.Layers);
        var prefix = $"transformer.h.{layer}.";
        (Weight, Weight) Linear(string name, long rows, long columns, double std)
            => (Initialisation.Normal($"{prefix}{name}.weight", rows, columns, std, seed, device) with { Transposed = true }, Initialisation.Zeros($"{prefix}{name}.bias", rows, device));

        before = new Gpt2Norm(prefix + "ln_1", shape, device);
        between = new Gpt2Norm(prefix + "ln_2", shape, device);
        attention = Linear("attn.c_attn", 3 * shape.Width, shape.Width, deviation);
        output = Linear("attn.c_proj", shape.Width, shape.Width, residual);
        up = Linear("mlp.c_fc", shape.FeedForward, shape.Width, deviation);
        down = Linear("mlp.c_proj", shape.Width, shape.FeedForward, residual);
        Weights = [.. before.Weights, attention.Matrix, attention.Bias, output.Matrix, output.Bias, .. between.Weights, up.Matrix, up.Bias, down.Matrix, down.Bias];
    }

    public IReadOnlyList<Weight> Weights { get; }

    /// <param name="x">[B, T, d]</param>
    /// <param name="positions">[N] into B·T to go on with after attention, or null for all.</param>
    /// <param name="inside">Is told of queries, keys and values.</param>
    /// <returns>[B, T, d], or [N, d].</returns>
    public Tensor Forward(Tensor x, Tensor? positions, Precision precision, Inside? inside = null, Layout? layout = null)
    {
        using var scope = NewDisposeScope();
        var attended = Attend(before.Apply(x, precision.Type), precision, inside, layout);
        inside?.Watch?.Invoke(layer + 1, Flow.Heads, attended);
        if (positions is not null)
        {
            x = x.flatten(0, 1).index_select(0, positions);
            attended = attended.flatten(0, 1).index_select(0, positions);
        }

        x = x + Linear(attended, output, precision);
        var activated = Linear(between.Apply(x, precision.Type), up, precision).gelu(GELU.Approximate.tanh);   // [.., F]
        inside?.Watch?.Invoke(layer + 1, Flow.Neurons, activated);
        return (x + Linear(activated, down, precision)).MoveToOuterDisposeScope();
    }

    // [B, T, d] -> [B, T, d]
    Tensor Attend(Tensor h, Precision precision, Inside? inside, Layout? layout)
    {
        var together = Linear(h, attention, precision);   // [B, T, 3d]: queries, keys, values
        Tensor Part(int i) => together.narrow(-1, i * shape.Width, shape.Width).view(h.shape[0], h.shape[1], shape.Heads, shape.HeadSize);

        return layout is null ? Attend(Part(0), Part(1), Part(2), inside) : layout.Attend(Part(0), Part(1), Part(2), (q, k, v) => Attend(q, k, v, inside));
    }

    // Three times [B, T, H, h] -> [B, T, d]
    Tensor Attend(Tensor queries, Tensor keys, Tensor values, Inside? inside)
    {
        var (q, k) = (queries.transpose(1, 2), keys.transpose(1, 2));   // [B, H, T, h]
        inside?.SeeAttention(layer + 1, q, k, values.transpose(1, 2));
        return Fused.causal_attention(q, k, values, 1 / Math.Sqrt(shape.HeadSize));
    }

    static Tensor Linear(Tensor x, (Weight Matrix, Weight Bias) linear, Precision precision)
    {
        var product = linear.Matrix.Apply(x, precision);
        return product + linear.Bias.Value.to_type(product.dtype);
    }
}
