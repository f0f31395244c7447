using DistillForge.Torch;

namespace DistillForge.Engines.Tests.Torch;

[Collection("torch")]
public sealed class FusedTests
{
    const double Float32Tolerance = 2e-6;
    const double BFloat16Tolerance = 1.2e-2;

    public static TheoryData<string> Names => ["rms_norm", "rms_norm to bfloat16", "swiglu", "rope", "rope at positions", "causal_softmax", "causal_attention", "linear", "linear_sparse_cross_entropy"];

    [Theory]
    [MemberData(nameof(Names))]
    public void Float32_kernels_agree_with_plain_operations_in_value_and_gradient(string name) => Agree(name, ScalarType.Float32);

    [Theory]
    [MemberData(nameof(Names))]
    public void Bfloat16_kernels_agree_with_plain_operations_in_value_and_gradient(string name) => Agree(name, ScalarType.BFloat16);

    [Theory]
    [InlineData("rms_norm")]
    [InlineData("swiglu")]
    [InlineData("rope")]
    [InlineData("causal_softmax")]
    [InlineData("causal_attention")]
    [InlineData("linear_sparse_cross_entropy")]
    public void Gradients_agree_with_finite_differences(string name)
    {
        var (shapes, apply) = Case(name);
        // float32 kernels: a step of 1e-2 balances rounding (1e-7 / h) against curvature (h²).
        Compare.WithFiniteDifferences(inputs => apply(inputs, ScalarType.Float32), ScalarType.Float32, 1e-2, 5e-3, shapes);
    }

    [Fact]
    public void A_row_attends_to_itself_and_what_came_before()
    {
        using var scope = NewDisposeScope();

        var attention = Fused.causal_softmax(zeros(1, 1, 3, 3), 1);

        Assert.Equal([1f, 0, 0, .5f, .5f, 0, 1f / 3, 1f / 3, 1f / 3], attention.data<float>().ToArray().Select(x => MathF.Round(x, 6)), (a, b) => MathF.Abs(a - b) < 1e-6f);
    }

    [Fact]
    public void Position_0_is_not_turned_and_position_1_turns_pair_0_by_one_radian()
    {
        using var scope = NewDisposeScope();
        var x = tensor([1f, 2, 3, 4, 1, 2, 3, 4], [1, 2, 1, 4]);

        var turned = Fused.rope(x, Fused.rope_table(2, 4, 10_000)).data<float>().ToArray();

        Assert.Equal([1f, 2, 3, 4], turned[..4]);
        Assert.Equal(Math.Cos(1) - 3 * Math.Sin(1), turned[4], 1e-6);
        Assert.Equal(3 * Math.Cos(1) + Math.Sin(1), turned[6], 1e-6);
        Assert.Equal(2 * Math.Cos(.01) - 4 * Math.Sin(.01), turned[5], 1e-6);
    }

    [Fact]
    public void Ignored_ids_and_padded_rows_of_the_vocabulary_count_for_nothing()
    {
        using var scope = NewDisposeScope();
        manual_seed(3);
        var (hidden, weight) = (randn(4, 6), randn(9, 6).requires_grad_());
        var ids = tensor([1L, -1, 4, 0, -1, -1, 6, 2], [4, 2]);

        var (sum, surprisals) = Fused.linear_sparse_cross_entropy(hidden, weight, ids, ones(4, 2), vocabulary: 7);
        sum.backward();

        var expected = -hidden.matmul(weight.detach().narrow(0, 0, 7).t()).log_softmax(-1);
        Assert.Equal(expected[0, 1].ToSingle(), surprisals[0, 0].ToSingle(), 1e-5f);
        Assert.Equal(0f, surprisals[0, 1].ToSingle());
        Assert.Equal(0f, surprisals[2].abs().sum().ToSingle());
        Assert.Equal(surprisals.sum().ToSingle(), sum.ToSingle(), 1e-5f);
        Assert.Equal(0f, weight.grad!.narrow(0, 7, 2).abs().sum().ToSingle());
    }

    [Fact]
    public void An_id_outside_the_vocabulary_is_refused_with_its_number()
    {
        using var scope = NewDisposeScope();

        var error = Assert.Throws<TorchException>(() => Fused.linear_sparse_cross_entropy(randn(1, 4), randn(8, 4), tensor([7L], [1, 1]), ones(1, 1), vocabulary: 7));

        Assert.Contains("id 7 is outside the vocabulary of 7", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Differentiating_twice_is_refused()
    {
        using var scope = NewDisposeScope();
        var x = randn(2, 4).requires_grad_();

        var error = Assert.Throws<TorchException>(() => autograd.grad([Fused.swiglu(x, x).sum()], [x], create_graph: true));

        Assert.Contains("cannot be differentiated twice", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Three_steps_of_AdamW_and_clipping_agree_with_plain_operations()
    {
        using var scope = NewDisposeScope();

        var (fused, plain) = (Descend(fused: true), Descend(fused: false));

        Assert.InRange(Compare.Relative(plain, fused), 0, Float32Tolerance);
    }

    [Fact]
    public void The_bfloat16_copy_of_a_weight_follows_the_weight()
    {
        using var scope = NewDisposeScope();
        using var weight = nn.Parameter(ones(1, 1));
        var x = ones(1, 1, dtype: ScalarType.BFloat16);
        var before = Fused.linear(x, weight, ScalarType.BFloat16).ToSingle();

        using (no_grad())
        {
            weight.mul_(3);
        }

        Assert.Equal((1f, 3f), (before, Fused.linear(x, weight, ScalarType.BFloat16).ToSingle()));
    }

    [Theory]
    [InlineData(2, ScalarType.Float32)]
    [InlineData(3, ScalarType.Float32)]
    [InlineData(3, ScalarType.BFloat16)]
    public void Weights_end_to_end_give_what_they_give_apart(int count, ScalarType type)
    {
        using var scope = NewDisposeScope();
        manual_seed(5);
        var apart = Enumerable.Range(1, count).Select(i => randn(8 * i, 16).requires_grad_()).ToArray();
        var joined = Fused.joined(apart);
        var x = randn(2, 5, 16);

        var (expected, expectedX) = Gradients(apart);
        var (found, foundX) = Gradients(joined);

        var tolerance = type == ScalarType.Float32 ? Float32Tolerance : BFloat16Tolerance;
        Assert.All(expected.Zip(found), pair => Assert.InRange(Compare.Relative(pair.First, pair.Second), 0, tolerance));
        Assert.InRange(Compare.Relative(expectedX, foundX), 0, tolerance);

        (Tensor[] Found, Tensor X) Gradients(Tensor[] weights)
        {
            var input = x.detach().clone().requires_grad_();
            var products = Fused.linears(input, weights, type);
            // The second counts for nothing: its gradient is none.
            products.Where((_, i) => i != 1).Aggregate(zeros(1), (sum, product) => sum + product.to_type(ScalarType.Float32).pow(2).sum()).backward();
            return ([.. products.Select(product => product.detach()), weights[0].grad!], input.grad!);
        }
    }

    [Fact]
    public void Only_weights_end_to_end_are_columns_of_one_product_and_its_copy_follows_each_of_them()
    {
        using var scope = NewDisposeScope();
        var weights = Fused.joined([ones(4, 2).requires_grad_(), ones(3, 2).requires_grad_()]);
        var x = ones(1, 2, dtype: ScalarType.BFloat16);
        var before = Fused.linears(x, weights, ScalarType.BFloat16);

        using (no_grad())
        {
            weights[1].mul_(3);
        }

        var after = Fused.linears(x, weights, ScalarType.BFloat16);
        Assert.Equal((7L, 2f, 2f), (before[0].stride(0), before[0][0, 0].ToSingle(), before[1][0, 0].ToSingle()));
        Assert.Equal((2f, 6f), (after[0][0, 0].ToSingle(), after[1][0, 0].ToSingle()));
        Assert.Equal(4, Fused.linears(x, [weights[0].clone(), weights[1]], ScalarType.BFloat16)[0].stride(0));
    }

    // From 0 towards a random target; gradients are clipped to a norm of 1. Returns value, mean, square.
    static Tensor Descend(bool fused)
    {
        manual_seed(9);
        var target = randn(40_000) * 3;
        var (value, mean, square) = (zeros(40_000).requires_grad_(), zeros(40_000), zeros(40_000));
        Fused.Enabled = fused;
        try
        {
            for (var step = 1; step <= 3; step++)
            {
                value.grad = null;
                ((value - target).square().sum() / 2).backward();
                Assert.InRange(Fused.clip_gradients([value], 1), 400, 800);
                Fused.adamw([value], [mean], [square], step, 0.1, 0.9, 0.95, 1e-8, 0.01);
            }
        }
        finally
        {
            Fused.Enabled = true;
        }

        return stack([value.detach(), mean, square]);
    }

    static void Agree(string name, ScalarType type)
    {
        using var scope = NewDisposeScope();
        var (shapes, apply) = Case(name);
        var (value, gradients) = Run(shapes, type, apply, fused: true);
        var (plainValue, plainGradients) = Run(shapes, type, apply, fused: false);
        var tolerance = type == ScalarType.Float32 && !name.EndsWith("bfloat16", StringComparison.Ordinal) ? Float32Tolerance : BFloat16Tolerance;

        Assert.Equal(plainValue.dtype, value.dtype);
        Assert.InRange(Compare.Relative(plainValue, value), 0, tolerance);
        Assert.Equal(plainGradients.Length, gradients.Length);
        Assert.All(plainGradients.Zip(gradients), pair => Assert.InRange(Compare.Relative(pair.First, pair.Second), 0, tolerance));
    }

    static (Tensor Value, Tensor[] Gradients) Run(long[][] shapes, ScalarType type, Func<Tensor[], ScalarType, Tensor> apply, bool fused)
    {
        manual_seed(7);
        var inputs = shapes.Select(shape => randn(shape).requires_grad_()).ToArray();
        Fused.Enabled = fused;
        try
        {
            var result = apply(inputs, type);
            (result * randn(result.shape)).sum().backward();
            return (result, [.. inputs.Select(input => input.grad!)]);
        }
        finally
        {
            Fused.Enabled = true;
        }
    }

    static (long[][] Shapes, Func<Tensor[], ScalarType, Tensor> Apply) Case(string name) => name switch
    {
        "rms_norm" => ([[3, 5, 24], [24]], (x, type) => Fused.rms_norm(x[0].to_type(type), x[1], 1e-5)),
        "rms_norm to bfloat16" => ([[3, 5, 24], [24]], (x, _) => Fused.rms_norm(x[0], x[1], 1e-5, ScalarType.BFloat16)),
        "swiglu" => ([[7, 33], [7, 33]], (x, type) => Fused.swiglu(x[0].to_type(type), x[1].to_type(type))),
        "rope" => ([[2, 5, 3, 8]], (x, type) => Fused.rope(x[0].to_type(type), Fused.rope_table(5, 8, 100))),
        "rope at positions" => ([[2, 3, 2, 6]], (x, type) => Fused.rope(x[0].to_type(type), Fused.rope_table(9, 6, 100), tensor([0L, 4, 8, 3, 3, 1], [2, 3]))),
        "causal_softmax" => ([[2, 2, 12, 6]], (x, type) => Fused.causal_softmax((x[0] * 2).to_type(type, copy: true), 0.7)),
        // More positions than a block of queries has; values as columns of a wider product.
        "causal_attention" => ([[1, 4, 70, 4], [1, 2, 70, 4], [1, 70, 2, 5]], (x, type) => Fused.causal_attention(x[0].to_type(type), x[1].to_type(type), x[2].to_type(type).narrow(-1, 0, 4), 0.7)),
        "linear" => ([[2, 3, 16], [11, 16]], (x, type) => Fused.linear(x[0].to_type(type), x[1], type)),
        "linear_sparse_cross_entropy" => ([[9, 16], [21, 16]], (x, type) => Fused.linear_sparse_cross_entropy(
            x[0], x[1], tensor(Enumerable.Range(0, 27).Select(i => i * 7L % 22 - 2).ToArray(), [9, 3]), full(9, 3, 0.3f) * arange(1, 4), 20, type).sum),
        _ => throw new ArgumentOutOfRangeException(nameof(name), name, "no such case"),
    };
}
