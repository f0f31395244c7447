namespace DistillForge.Engines.Tests.Torch;

[Collection("torch")]
public sealed class OperationTests : IDisposable
{
    readonly DistillForge.Torch.DisposeScope scope = NewDisposeScope();

    public static TheoryData<string> Differentiable =>
    [
        "matmul", "softmax", "log_softmax", "logsumexp", "layer_norm", "cross_entropy", "gather", "index_select", "where", "cat", "stack", "silu", "gelu", "rsqrt", "pow",
        "exp", "log", "tanh", "sigmoid", "addmm", "bmm", "cumsum", "masked_fill", "mean", "max", "transpose", "expand", "embedding", "scatter_add", "split", "division",
    ];

    public void Dispose() => scope.Dispose();

    [Theory]
    [MemberData(nameof(Differentiable))]
    public void Gradients_agree_with_finite_differences(string name)
    {
        var (f, shapes) = Case(name);
        Compare.WithFiniteDifferences(f, ScalarType.Float64, 1e-5, 1e-6, shapes);
    }

    [Fact]
    public void Softmax_of_0_and_log_3_is_a_quarter_and_three_quarters()
        => Assert.Equal([0.25, 0.75], tensor([0.0, Math.Log(3)]).softmax(0).data<double>().ToArray(), Close);

    [Fact]
    public void Cross_entropy_of_equal_logits_is_the_log_of_their_number()
        => Assert.Equal(Math.Log(5), nn.functional.cross_entropy(zeros(2, 5), tensor([4L, 0L])).ToDouble(), 1e-6);

    [Fact]
    public void Topk_gives_the_largest_first_with_their_places()
    {
        var (values, indexes) = tensor([3f, 9f, 1f, 7f]).topk(2);

        Assert.Equal([9f, 7f], values.data<float>().ToArray());
        Assert.Equal([1L, 3L], indexes.data<long>().ToArray());
    }

    [Fact]
    public void Layer_norm_of_1_2_3_is_minus_root_one_and_a_half_0_and_root_one_and_a_half()
        => Assert.Equal([-Math.Sqrt(1.5), 0, Math.Sqrt(1.5)], nn.functional.layer_norm(tensor([1.0, 2, 3]), [3], eps: 0).data<double>().ToArray(), Close);

    [Fact]
    public void Scatter_add_adds_where_an_index_repeats()
        => Assert.Equal([5f, 0f, 3f], zeros(3).scatter_add(0, tensor([0L, 0, 2]), tensor([1f, 4, 3])).data<float>().ToArray());

    [Fact]
    public void Einsum_ij_jk_is_the_matrix_product()
    {
        var (a, b) = (randn(2, 3), randn(3, 4));

        Assert.True(einsum("ij,jk->ik", a, b).allclose(a.matmul(b), atol: 1e-6));
    }

    [Theory]
    [InlineData(ScalarType.Int64, 3, 1)]
    [InlineData(ScalarType.Float32, 3, 1)]
    public void A_number_keeps_the_type_of_the_tensor_that_it_is_added_to(ScalarType type, long count, int added)
        => Assert.Equal(type, (ones(count, dtype: type) + added).dtype);

    [Fact]
    public void Ranges_integers_tensors_and_the_ellipsis_choose_as_in_Python()
    {
        var x = arange(24).view(2, 3, 4);

        Assert.Equal([23L], x[1, 2, ^1].data<long>().ToArray());
        Assert.Equal([4L, 5, 8, 9], x[0, 1.., ..2].data<long>().ToArray());
        Assert.Equal([3L, 7, 11, 15, 19, 23], x[TensorIndex.Ellipsis, 3].data<long>().ToArray());
        Assert.Equal([20L, 21, 22, 23, 12, 13, 14, 15], x[1, TensorIndex.Tensor(tensor([2L, 0L]))].data<long>().ToArray());
        Assert.Equal([1L, 3, 4], x[TensorIndex.Null, 0].shape);
        Assert.Equal([0L, 2], x[0, 0, TensorIndex.Slice(step: 2)].data<long>().ToArray());
    }

    [Fact]
    public void Assigning_to_a_range_changes_just_that_range()
    {
        var x = zeros(2, 3);
        x[1, 1..] = tensor([5f, 6f]);

        Assert.Equal([0f, 0, 0, 0, 5, 6], x.data<float>().ToArray());
    }

    [Fact]
    public void A_transposed_tensor_is_read_in_its_own_order()
        => Assert.Equal([1f, 3, 2, 4], tensor([1f, 2, 3, 4], [2, 2]).t().data<float>().ToArray());

    [Fact]
    public void Bytes_out_and_in_give_the_same_bfloat16_tensor()
    {
        var (x, y) = (randn(3, 5).to_type(ScalarType.BFloat16), empty(3, 5, dtype: ScalarType.BFloat16));

        y.bytes = x.bytes;

        Assert.True(y.allclose(x, 0, 0));
    }

    [Fact]
    public void Data_of_another_type_than_asked_is_refused()
        => Assert.Contains("Float32", Assert.Throws<ArgumentException>(() => ones(2).data<long>()).Message, StringComparison.Ordinal);

    [Fact]
    public void Isfinite_finds_infinity_and_nan()
        => Assert.Equal([true, false, false], tensor([1f, float.PositiveInfinity, float.NaN]).isfinite().data<bool>().ToArray());

    [Fact]
    public void Nothing_is_recorded_without_gradients()
    {
        var x = ones(2).requires_grad_();
        using (no_grad())
        {
            Assert.False((x * 2).requires_grad);
        }

        Assert.True((x * 2).requires_grad);
    }

    static bool Close(double a, double b) => Math.Abs(a - b) < 1e-9;

    static (Func<Tensor[], Tensor> Function, long[][] Shapes) Case(string name) => name switch
    {
        "matmul" => (x => x[0].matmul(x[1]), [[2, 3, 4], [4, 2]]),
        "softmax" => (x => x[0].softmax(-1), [[2, 4]]),
        "log_softmax" => (x => x[0].log_softmax(0), [[3, 2]]),
        "logsumexp" => (x => x[0].logsumexp(-1), [[2, 4]]),
        "layer_norm" => (x => nn.functional.layer_norm(x[0], [4], x[1], x[2]), [[3, 4], [4], [4]]),
        "cross_entropy" => (x => nn.functional.cross_entropy(x[0], tensor([1L, -100, 3]), reduction: nn.Reduction.Sum), [[3, 4]]),
        "gather" => (x => x[0].gather(-1, tensor([0L, 0, 2, 1], [2, 2])), [[2, 3]]),
        "index_select" => (x => x[0].index_select(0, tensor([2L, 0, 2])), [[3, 2]]),
        "where" => (x => where(tensor([true, false, true]), x[0], x[1]), [[3], [3]]),
        "cat" => (x => cat([x[0], x[1]], 1), [[2, 1], [2, 3]]),
        "stack" => (x => stack([x[0], x[1]]), [[2], [2]]),
        "silu" => (x => nn.functional.silu(x[0]), [[5]]),
        "gelu" => (x => nn.functional.gelu(x[0]), [[5]]),
        "rsqrt" => (x => (x[0].square() + 1).rsqrt(), [[4]]),
        "pow" => (x => (x[0].square() + 0.5).pow(1.5), [[4]]),
        "exp" => (x => x[0].exp(), [[4]]),
        "log" => (x => (x[0].square() + 1).log(), [[4]]),
        "tanh" => (x => x[0].tanh(), [[4]]),
        "sigmoid" => (x => x[0].sigmoid(), [[4]]),
        "addmm" => (x => x[0].addmm(x[1], x[2], beta: 0.5f, alpha: 2), [[2, 2], [2, 3], [3, 2]]),
        "bmm" => (x => x[0].bmm(x[1]), [[2, 2, 3], [2, 3, 1]]),
        "cumsum" => (x => x[0].cumsum(0), [[4]]),
        "masked_fill" => (x => x[0].masked_fill(tensor([true, false]), 7), [[2]]),
        "mean" => (x => x[0].mean([1], keepdim: true), [[2, 3]]),
        "max" => (x => x[0].max(-1).values, [[2, 3]]),
        "transpose" => (x => x[0].transpose(0, 1).contiguous().view(6), [[2, 3]]),
        "expand" => (x => x[0].expand(3, 2), [[1, 2]]),
        "embedding" => (x => DistillForge.Torch.Fused.embedding(tensor([1L, 1, 0]), x[0]), [[2, 3]]),
        "scatter_add" => (x => x[0].scatter_add(0, tensor([1L, 1]), x[1]), [[2], [2]]),
        "split" => (x => x[0].split(2)[1] * x[0].chunk(2)[0].narrow(0, 0, 1), [[3]]),
        "division" => (x => (1 - x[0]) / (x[1].square() + 1) + 2 / (x[1].square() + 1), [[3], [3]]),
        _ => throw new ArgumentOutOfRangeException(nameof(name), name, "no such case"),
    };
}
