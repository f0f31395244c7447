using DistillForge.Torch;
using DistillForge.Training;
using DistillForge.Training.Devices;
using static DistillForge.Torch.torch;
using Tensor = DistillForge.Torch.torch.Tensor;

namespace DistillForge.Engines.Tests.Torch;

/// <summary>What a GPU is given instead of the CPU's kernels, computed on the CPU; and how memory is counted.</summary>
[Collection("torch")]
public sealed class DeviceFormTests
{
    [Theory]
    [InlineData(ScalarType.Float32, 1e-5)]
    [InlineData(ScalarType.BFloat16, 2e-2)]
    public void The_head_in_plain_operations_is_the_kernel(ScalarType type, double tolerance)
    {
        using var scope = NewDisposeScope();
        Tensor[] Run(bool plain)
        {
            manual_seed(4);
            var (hidden, weight) = (randn(300, 24).requires_grad_(), randn(50, 24).requires_grad_());
            var (ids, weights) = (randint(-1, 47, [300, 5]), rand(300, 5));
            var (sum, surprisals) = Kernels.linear_sparse_cross_entropy(hidden, weight, ids, weights, 47, type, plain);
            (sum * 0.5).backward();
            return [sum.detach(), surprisals, hidden.grad!, weight.grad!];
        }

        var (kernel, plain) = (Run(plain: false), Run(plain: true));

        Assert.All(kernel.Zip(plain), pair => Assert.InRange(Compare.Relative(pair.First, pair.Second), 0, tolerance));
        Assert.Equal(0f, plain[3].narrow(0, 47, 3).abs().sum().ToSingle());
    }

    [Theory]
    [InlineData(ScalarType.Float32, true, 1e-4)]
    [InlineData(ScalarType.BFloat16, true, 2e-2)]
    [InlineData(ScalarType.BFloat16, false, 2e-2)]
    public void A_vocabulary_that_is_taken_in_blocks_gives_the_same(ScalarType type, bool plain, double tolerance)
    {
        using var scope = NewDisposeScope();
        const int Vocabulary = 70_000;   // blocks of 128 rows of logits, of 8,192 rows of the gradient
        Tensor[] Run(Func<Tensor, Tensor, Tensor, Tensor, Tensor> head)
        {
            manual_seed(4);
            var (hidden, weight) = (randn(150, 4).requires_grad_(), randn(Vocabulary, 4).requires_grad_());
            var (ids, weights) = (randint(0, Vocabulary, [150, 3]), rand(150, 3));
            var sum = head(hidden, weight, ids, weights);
            sum.backward();
            return [sum.detach(), hidden.grad!, weight.grad!];
        }

        var blocks = Run((hidden, weight, ids, weights) => Kernels.linear_sparse_cross_entropy(hidden, weight, ids, weights, Vocabulary, type, plain).Sum);
        var whole = Run((hidden, weight, ids, weights) => -(weights * nn.functional.linear(hidden, weight).log_softmax(-1).gather(1, ids)).sum());

        Assert.All(blocks.Zip(whole), pair => Assert.InRange(Compare.Relative(pair.First, pair.Second), 0, tolerance));
    }

    [Fact]
    public void AdamW_and_clipping_over_lists_are_the_kernels()
    {
        using var scope = NewDisposeScope();
        // Transposed memory is nothing that a kernel takes.
        Tensor Descend(bool strided)
        {
            manual_seed(9);
            var target = randn(50, 70) * 3;
            var value = (strided ? zeros(70, 50).t() : zeros(50, 70)).requires_grad_();
            var (mean, square) = (zeros_like(value), zeros_like(value));
            for (var step = 1; step <= 3; step++)
            {
                value.grad = null;
                ((value - target).square().sum() / 2).backward();
                Assert.InRange(Fused.clip_gradients([value], 1), 100, 250);
                Fused.adamw([value], [mean], [square], step, 0.1, 0.9, 0.95, 1e-8, 0.01);
            }

            return stack([value.detach(), mean, square]);
        }

        Assert.InRange(Compare.Relative(Descend(strided: false), Descend(strided: true)), 0, 1e-5);
    }

    [Fact]
    public void The_peak_counts_what_is_there_at_once()
    {
        long bytes;
        using (var peak = new PeakMemory(CPU))
        {
            zeros(1000, 1000).Dispose();
            zeros(500, 1000).Dispose();
            bytes = peak.Bytes;
        }

        Assert.InRange(bytes, 4_000_000, 4_010_000);
    }

    [Theory]
    [InlineData(Precision.Float32)]
    [InlineData(Precision.BFloat16)]
    public void The_head_takes_a_fifth_of_the_memory_of_all_logits(Precision precision)
    {
        using var head = new HeadCost(4096, 4096, 16, precision, "cpu");

        Assert.InRange(head.Run(naive: false) / head.Run(naive: true), 0.99, 1.01);
        Assert.InRange((double)head.Bytes(naive: false) / head.Bytes(naive: true), 0, 0.2);
    }
}
