#if !TORCHSHARP
using static DistillForge.Torch.torch;
#endif

namespace DistillForge.Torch;

/// <summary>What the fused functions compute, in plain operations: the fallback, and what the kernels are tested against.</summary>
static class Plain
{
    internal static Tensor rms_norm(Tensor x, Tensor weight, double eps, ScalarType type)
    {
        using var scope = NewDisposeScope();
        var wide = x.to_type(ScalarType.Float32);
        var scaled = wide * (wide.square().mean([-1], keepdim: true) + eps).rsqrt() * weight;
        return scaled.to_type(type).MoveToOuterDisposeScope();
    }

    internal static Tensor swiglu(Tensor gate, Tensor up)
    {
        using var scope = NewDisposeScope();
        return (nn.functional.silu(gate) * up).MoveToOuterDisposeScope();
    }

    internal static Tensor rope(Tensor x, Tensor table, Tensor? positions)
    {
        using var scope = NewDisposeScope();
        var (steps, half) = (x.size(1), x.size(3) / 2);
        var angles = positions is null ? table.narrow(0, 0, steps) : table.index_select(0, positions.flatten()).view([.. positions.shape, 2 * half]);
        angles = (angles.dim() == 2 ? angles.unsqueeze(0) : angles).unsqueeze(2); // [1 or B, T, 1, size]
        var (cosine, sine) = (angles.narrow(-1, 0, half), angles.narrow(-1, half, half));
        var wide = x.to_type(ScalarType.Float32);
        var (a, b) = (wide.narrow(-1, 0, half), wide.narrow(-1, half, half));
        var turned = cat([a * cosine - b * sine, b * cosine + a * sine], dim: -1);
        return turned.to_type(x.dtype).transpose(1, 2).contiguous().MoveToOuterDisposeScope();
    }

    internal static Tensor causal_softmax(Tensor scores, double scale)
    {
        using var scope = NewDisposeScope();
        var (rows, columns) = (scores.size(-2), scores.size(-1));
        var hidden = ones(columns, columns, dtype: ScalarType.Bool, device: scores.device).triu(1).repeat(rows / columns, 1);
        var masked = (scores.to_type(ScalarType.Float32) * scale).masked_fill(hidden, double.NegativeInfinity);
        return masked.softmax(-1).to_type(scores.dtype).MoveToOuterDisposeScope();
    }

    internal static Tensor causal_attention(Tensor queries, Tensor keys, Tensor values, double scale)
    {
        using var scope = NewDisposeScope();
        var (b, heads, steps, size) = (queries.size(0), queries.size(1), queries.size(2), queries.size(3));
        var groups = keys.size(1);
        // The heads that share a key lie side by side: as more rows of one product, keys are never repeated.
        var scores = queries.reshape(b, groups, heads / groups * steps, size).matmul(keys.transpose(-2, -1)); // [B, G, R·T, T]
        var mixed = causal_softmax(scores, scale).matmul(values.transpose(1, 2)).view(b, heads, steps, size);
        return mixed.transpose(1, 2).reshape(b, steps, heads * size).MoveToOuterDisposeScope();
    }

    internal static Tensor linear(Tensor x, Tensor weight, ScalarType type)
    {
        using var scope = NewDisposeScope();
        return nn.functional.linear(x.to_type(type), weight.to_type(type)).MoveToOuterDisposeScope();
    }

    internal static Tensor[] linears(Tensor x, IReadOnlyList<Tensor> weights, ScalarType type) => [.. weights.Select(weight => Fused.linear(x, weight, type))];

    internal static (Tensor sum, Tensor surprisals) linear_sparse_cross_entropy(Tensor hidden, Tensor weight, Tensor ids, Tensor weights, long vocabulary, ScalarType type)
    {
        using var scope = NewDisposeScope();
        var rows = vocabulary < weight.size(0) ? weight.narrow(0, 0, vocabulary) : weight;
        var logits = linear(hidden, rows, type).to_type(ScalarType.Float32); // [N, V]
        var surprisals = (-logits.log_softmax(-1).gather(-1, ids.clamp(0))).masked_fill(ids.lt(0), 0);
        return ((surprisals * weights).sum().MoveToOuterDisposeScope(), surprisals.detach().MoveToOuterDisposeScope());
    }

    internal static Tensor embedding(Tensor ids, Tensor weight)
    {
        using var scope = NewDisposeScope();
        return weight.index_select(0, ids.flatten()).view([.. ids.shape, weight.size(1)]).MoveToOuterDisposeScope();
    }

    internal static double clip_gradients(IReadOnlyList<Tensor> values, double limit)
    {
        using var scope = NewDisposeScope();
        using var quiet = no_grad();
        var gradients = values.Select(value => value.grad).OfType<Tensor>().ToList();
        var norm = Math.Sqrt(gradients.Sum(gradient => Math.Pow(gradient.to_type(ScalarType.Float32).norm().item<float>(), 2)));
        if (double.IsFinite(norm) && norm > limit)
        {
            gradients.ForEach(gradient => gradient.mul_(limit / (norm + 1e-6)));
        }

        return norm;
    }

    internal static void adamw(
        IReadOnlyList<Tensor> values, IReadOnlyList<Tensor> means, IReadOnlyList<Tensor> squares, long step, double rate, double beta1, double beta2, double eps, double decay)
    {
        using var quiet = no_grad();
        for (var i = 0; i < values.Count; i++)
        {
            using var scope = NewDisposeScope();
            if (values[i].grad is { } gradient)
            {
                means[i].mul_(beta1).add_(gradient, 1 - beta1);
                squares[i].mul_(beta2).addcmul_(gradient, gradient, 1 - beta2);
                var deviation = (squares[i] / (1 - Math.Pow(beta2, step))).sqrt_().add_(eps);
                values[i].mul_(1 - rate * decay).addcdiv_(means[i], deviation, -rate / (1 - Math.Pow(beta1, step)));
            }
        }
    }
}
