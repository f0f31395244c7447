using DistillForge.Models;

namespace DistillForge.Training.Architectures;

/// <summary>One layer: attention and feed-forward, each added to the residual stream.</summary>
sealed class LlamaBlock
{
    readonly ModelShape shape;
    readonly int layer;
    readonly Weight attentionNorm;
    readonly Weight query;
    readonly Weight key;
    readonly Weight value;
    readonly Weight output;
    readonly Weight? queryBias;
    readonly Weight? keyBias;
    readonly Weight? valueBias;
    readonly Weight? queryNorm;
    readonly Weight? keyNorm;
    readonly Weight feedForwardNorm;
    readonly Weight gate;
    readonly Weight up;
    readonly Weight down;

    public LlamaBlock(ModelShape shape, int layer, long seed, Device device)
    {
        (this.shape, this.layer) = (shape, layer);
        var deviation = Initialisation.OfMatrix(shape.Width);
        // Two projections a layer add to the residual stream: scaled, the sum keeps its size however deep (GPT-2, 2.3).
        var residual = deviation / Math.Sqrt(2 * shape.Layers);
        var attention = shape.Heads * shape.HeadSize;
        var shared = shape.KeyValueHeads * shape.HeadSize;
        Weight Matrix(string name, long rows, long columns, double std) => Initialisation.Normal($"model.layers.{layer}.{name}.weight", rows, columns, std, seed, device);

        attentionNorm = Initialisation.Ones($"model.layers.{layer}.input_layernorm.weight", shape.Width, device);
        query = Matrix("self_attn.q_proj", attention, shape.Width, deviation);
        key = Matrix("self_attn.k_proj", shared, shape.Width, deviation);
        value = Matrix("self_attn.v_proj", shared, shape.Width, deviation);
        output = Matrix("self_attn.o_proj", shape.Width, attention, residual);
        if (shape.AttentionBias)
        {
            Weight Zeros(string name, int size) => Initialisation.Zeros($"model.layers.{layer}.{name}.bias", size, device);
            (queryBias, keyBias, valueBias) = (Zeros("self_attn.q_proj", attention), Zeros("self_attn.k_proj", shared), Zeros("self_attn.v_proj", shared));
        }

        if (shape.QueryKeyNorm)
        {
            Weight Norm(string name) => Initialisation.Ones($"model.layers.{layer}.self_attn.{name}.weight", shape.HeadSize, device);
            (queryNorm, keyNorm) = (Norm("q_norm"), Norm("k_norm"));
        }

        feedForwardNorm = Initialisation.Ones($"model.layers.{layer}.post_attention_layernorm.weight", shape.Width, device);
        gate = Matrix("mlp.gate_proj", shape.FeedForward, shape.Width, deviation);
        up = Matrix("mlp.up_proj", shape.FeedForward, shape.Width, deviation);
        down = Matrix("mlp.down_proj", shape.Width, shape.FeedForward, residual);
        Weight.Join(query, key, value);
        Weight.Join(gate, up);
        Weights = [attentionNorm, query, key, value, output, feedForwardNorm, gate, up, down, .. new[] { queryBias, keyBias, valueBias, queryNorm, keyNorm }.OfType<Weight>()];
    }

    public IReadOnlyList<Weight> Weights { get; }

    /// <param name="x">[B, T, d]</param>
    /// <param name="rotary">From <see cref="Fused.rope_table"/>.</param>
    /// <param name="positions">[N] into B·T to go on with after attention, or null for all.</param>
    /// <param name="inside">Is told of queries, keys and values.</param>
    /// <returns>[B, T, d], or [N, d].</returns>
    public Tensor Forward(Tensor x, Tensor rotary, Tensor? positions, Precision precision, Inside? inside = null, Layout? layout = null)
    {
        using var scope = NewDisposeScope();
        var attended = Attend(Fused.rms_norm(x, attentionNorm.Value, shape.NormEpsilon, precision.Type), rotary, precision, inside, layout);
        inside?.Watch?.Invoke(layer + 1, Flow.Heads, attended);
        if (positions is not null)
        {
            x = x.flatten(0, 1).index_select(0, positions);
            attended = attended.flatten(0, 1).index_select(0, positions);
        }

        x = x + Linear(attended, output, precision);
        var h = Fused.rms_norm(x, feedForwardNorm.Value, shape.NormEpsilon, precision.Type);
        var wide = Weight.Apply(h, precision, gate, up);
        var activated = Fused.swiglu(wide[0], wide[1]);   // [.., F]
        inside?.Watch?.Invoke(layer + 1, Flow.Neurons, activated);
        return (x + Linear(activated, down, precision)).MoveToOuterDisposeScope();
    }

    // [B, T, d] -> [B, T, H·h]
    Tensor Attend(Tensor h, Tensor rotary, Precision precision, Inside? inside, Layout? layout)
    {
        var (b, t) = (h.shape[0], h.shape[1]);
        Tensor Split(Tensor x, Weight? bias, Weight? norm, int heads)
        {
            var split = (bias is null ? x : x + bias.Value.to_type(x.dtype)).view(b, t, heads, shape.HeadSize);
            return norm is null ? split : Fused.rms_norm(split, norm.Value, shape.NormEpsilon);
        }

        var projected = Weight.Apply(h, precision, query, key, value);
        var (q, k, v) = (Split(projected[0], queryBias, queryNorm, shape.Heads), Split(projected[1], keyBias, keyNorm, shape.KeyValueHeads), Split(projected[2], valueBias, null, shape.KeyValueHeads));
        return layout is null ? Attend(q, k, v, rotary, inside) : layout.Attend(q, k, v, (a, b, c) => Attend(a, b, c, rotary, inside));
    }

    // [B, T, H, h] and twice [B, T, G, h] -> [B, T, H·h]
    Tensor Attend(Tensor queries, Tensor keys, Tensor values, Tensor rotary, Inside? inside)
    {
        var q = Fused.rope(queries, rotary);           // [B, H, T, h]
        var k = Fused.rope(keys, rotary);              // [B, G, T, h]
        inside?.SeeAttention(layer + 1, q, k, values.transpose(1, 2));
        return Fused.causal_attention(q, k, values, 1 / Math.Sqrt(shape.HeadSize));
    }

    static Tensor Linear(Tensor x, Weight weight, Precision precision) => weight.Apply(x, precision);
}
