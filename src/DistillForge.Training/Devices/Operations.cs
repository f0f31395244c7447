namespace DistillForge.Training.Devices;

/// <summary>Plain operations that losses and networks are made of, and the fused ones.</summary>
static class Operations
{
    public static IEnumerable<Case> All() => [.. Pointwise(), .. Shapes(), .. Products(), .. Fusions(ScalarType.Float32, Case.Float32), .. Fusions(ScalarType.BFloat16, Case.BFloat16), Drawing()];

    static IEnumerable<Case> Pointwise()
    {
        (string Name, Func<Tensor, Tensor> F)[] ones =
        [
            ("exp", x => x.exp()), ("log", x => (x.abs() + 0.1).log()), ("sqrt", x => (x.abs() + 0.1).sqrt()), ("rsqrt", x => (x.abs() + 0.1).rsqrt()), ("square", x => x.square()), ("tanh", x => x.tanh()),
            ("sigmoid", x => x.sigmoid()), ("silu", x => x.silu()), ("gelu", x => x.gelu(GELU.Approximate.tanh)), ("relu", x => x.relu()), ("abs", x => x.abs()), ("clamp", x => x.clamp(-0.5, 0.5)), ("clamp_min", x => x.clamp_min(0)),
            ("isfinite", x => x.isfinite()), ("softmax", x => x.softmax(-1)), ("log_softmax", x => x.log_softmax(-1)), ("logsumexp", x => x.logsumexp(-1)), ("cumsum", x => x.cumsum(1)), ("mean", x => x.mean([-1], keepdim: true)),
            ("sum", x => x.sum(0)), ("norm", x => x.norm()), ("max", x => x.max(1).values), ("argmax", x => x.argmax(1)), ("sort", x => x.sort(-1, descending: true).Values), ("topk", x => x.topk(5).values),
        ];
        return ones.Select(one => Case.Of(one.Name, Case.Float32, x => one.F(x[0]), random => [Case.Normal(random, 33, 65)]));
    }

    static IEnumerable<Case> Shapes()
    {
        Case Of(string name, Func<Tensor[], Tensor> f) => Case.Of(name, Case.Float32, f, random => [Case.Normal(random, 24, 10), Case.Normal(random, 24, 10), Case.Ids(random, 10, 24, 3), Case.Ids(random, 24, 40)]);
        return
        [
            Of("gather", x => x[0].gather(1, x[2])), Of("scatter_add", x => x[0].scatter_add(1, x[2], x[1].narrow(1, 0, 3))), Of("index_select", x => x[0].index_select(0, x[3])),
            Of("index_add", x => x[0].index_add(0, x[3].narrow(0, 0, 24), x[1], 1)), Of("where", x => x[0].where(x[0].gt(0), x[1])), Of("masked_fill", x => x[0].masked_fill(x[1].lt(0), double.NegativeInfinity).softmax(-1)),
            Of("cat", x => cat([x[0], x[1]], 1)), Of("stack", x => stack([x[0], x[1]], 1)), Of("transpose", x => x[0].transpose(0, 1).contiguous()), Of("view", x => x[0].view(4, 6, 10).transpose(1, 2).reshape(40, 6)),
            Of("expand", x => x[0].unsqueeze(1).expand(24, 3, 10) * 2), Of("repeat", x => x[0].repeat(2, 3)), Of("triu", x => x[0].triu(1)), Of("index", x => x[0][TensorIndex.Slice(2, 9)]),
            Of("maximum", x => x[0].maximum(x[1])), Of("eye", x => x[0].narrow(0, 0, 10) * eye(10, device: x[0].device)), Of("arange", x => x[0] * arange(10, dtype: ScalarType.Float32, device: x[0].device)),
            Of("float64", x => x[0].to_type(ScalarType.Float64).exp()), Of("bfloat16", x => x[0].to_type(ScalarType.BFloat16)),
        ];
    }

    static IEnumerable<Case> Products() =>
    [
        Case.Of("matmul", Case.Float32, x => x[0].matmul(x[1]), random => [Case.Normal(random, 65, 130), Case.Normal(random, 130, 33)]),
        Case.Of("matmul bfloat16", Case.BFloat16, x => x[0].to_type(ScalarType.BFloat16).matmul(x[1].to_type(ScalarType.BFloat16)), random => [Case.Normal(random, 65, 130), Case.Normal(random, 130, 33)]),
        Case.Of("bmm", Case.Float32, x => x[0].matmul(x[1].transpose(-2, -1)), random => [Case.Normal(random, 3, 2, 17, 8), Case.Normal(random, 3, 2, 9, 8)]),
        Case.Of("layer_norm", Case.Float32, x => nn.functional.layer_norm(x[0], [64], x[1], x[2], 1e-5), random => [Case.Normal(random, 5, 7, 64), Case.Normal(random, 64), Case.Normal(random, 64)]),
    ];

    static IEnumerable<Case> Fusions(ScalarType type, double allowed)
    {
        Tensor In(Tensor x) => x.to_type(type);
        Case Of(string name, Func<Tensor[], Tensor> f, Func<Random, Tensor[]> inputs) => Case.Of($"{name} {type}", allowed, f, inputs);
        return
        [
            Of("rms_norm", x => Fused.rms_norm(In(x[0]), x[1], 1e-5), random => [Case.Normal(random, 3, 70, 64), Case.Normal(random, 64)]),
            Of("rms_norm to it", x => Fused.rms_norm(x[0], x[1], 1e-5, type), random => [Case.Normal(random, 3, 70, 64), Case.Normal(random, 64)]),
            Of("embedding", x => Fused.embedding(x[1], x[0]), random => [Case.Normal(random, 90, 64), Case.Ids(random, 90, 3, 20)]),
            Of("swiglu", x => Fused.swiglu(In(x[0]), In(x[1])), random => [Case.Normal(random, 5, 300), Case.Normal(random, 5, 300)]),
            Of("rope", x => Fused.rope(In(x[0]), Fused.rope_table(40, 16, 10_000).to(x[0].device)), random => [Case.Normal(random, 2, 33, 3, 16)]),
            Of("rope at positions", x => Fused.rope(In(x[0]), Fused.rope_table(40, 16, 10_000).to(x[0].device), x[1]), random => [Case.Normal(random, 2, 33, 3, 16), Case.Ids(random, 40, 2, 33)]),
            Of("causal_softmax", x => Fused.causal_softmax(In(x[0]) * 1, 0.3), random => [Case.Normal(random, 2, 2, 66, 33)]),
            Of("causal_attention", x => Fused.causal_attention(In(x[0]), In(x[1]), In(x[2]), 0.3), random => [Case.Normal(random, 2, 6, 70, 16), Case.Normal(random, 2, 2, 70, 16), Case.Normal(random, 2, 70, 2, 16)]),
            Of("linear", x => Fused.linear(x[0], x[1], type), random => [Case.Normal(random, 3, 20, 64), Case.Normal(random, 48, 64)]),
            Of("linear_sparse_cross_entropy", x => Fused.linear_sparse_cross_entropy(x[0], x[1], x[2] - 1, x[3].abs().detach(), 97, type).sum, Head),
            Of("its surprisals", x => Fused.linear_sparse_cross_entropy(x[0], x[1], x[2] - 1, x[3].abs().detach(), 97, type).surprisals, Head),
            Of("clip and adamw", Optimize, random => [Case.Normal(random, 30, 50), Case.Normal(random, 30, 50), Case.Normal(random, 20)]),
        ];
    }

    static Tensor[] Head(Random random) => [Case.Normal(random, 130, 32), Case.Normal(random, 100, 32), Case.Ids(random, 98, 130, 4), Case.Normal(random, 130, 4)];

    // Three steps: the second and third see moments.
    static Tensor Optimize(Tensor[] x)
    {
        Tensor[] values = [.. x.Select(value => (value.detach() * 1).requires_grad_())];
        Tensor[] means = [.. values.Select(value => zeros_like(value))], squares = [.. values.Select(value => zeros_like(value))];
        for (var step = 1; step <= 3; step++)
        {
            ((values[0] * values[1]).square().sum() + (values[2] * step).exp().sum()).backward();
            Fused.clip_gradients(values, 1);
            using var quiet = no_grad();
            Fused.adamw(values, means, squares, step, 1e-2, 0.9, 0.95, 1e-8, 0.1);
            foreach (var value in values)
            {
                value.grad!.zero_();
            }
        }

        return cat([.. values.Select(value => value.detach().flatten())]);
    }

    // Draws differ between devices; a device's own come again from its state.
    static Case Drawing() => new("random draws", 0, device =>
    {
        manual_seed(3);
        var first = rand([50], device: device);
        manual_seed(3);
        var again = rand([50], device: device);
        return [(first - again).cpu(), first.min().ge(0).logical_and(first.max().lt(1)).cpu()];
    });
}
