using DistillForge.Torch;
using Xunit.Abstractions;

namespace DistillForge.Engines.Tests.Torch;

[Collection("torch")]
public sealed class LifeTests(ITestOutputHelper output)
{
    [Fact]
    public void A_hundred_thousand_operations_in_scopes_leave_no_tensor_alive_and_memory_flat()
    {
        var (weight, x) = (randn(32, 32).requires_grad_(), randn(32, 32));
        Operations(weight, x, 100);
        var (alive, bytes, resident) = (TorchCollection.LiveTensors(), Tensor.TotalBytes, Resident());

        var made = Operations(weight, x, 20_000);

        output.WriteLine($"{made} tensors made; resident memory {resident >> 20} MB before, {Resident() >> 20} MB after");
        Assert.True(made >= 100_000);
        Assert.Equal(alive, Tensor.TotalCount);
        Assert.Equal(bytes, Tensor.TotalBytes);
        Assert.InRange(Resident() - resident, long.MinValue, 64L << 20);
        weight.Dispose();
        x.Dispose();
    }

    [Fact]
    public void Forgotten_tensors_are_collected_before_they_fill_memory()
    {
        var before = Tensor.TotalBytes;
        long peak = 0;

        for (var i = 0; i < 2_000; i++)
        {
            _ = zeros(512, 1024); // 2 MB each, 4 GB in all
            peak = Math.Max(peak, Tensor.TotalBytes - before);
        }

        Assert.InRange(peak, 256L << 20, 1200L << 20);
    }

    [Fact]
    public void What_is_moved_out_outlives_its_scope_and_dies_with_the_next()
    {
        using var outer = NewDisposeScope();
        Tensor kept, lost;
        using (NewDisposeScope())
        {
            lost = ones(2);
            kept = (lost + 1).MoveToOuterDisposeScope();
        }

        Assert.Equal([2f, 2f], kept.data<float>().ToArray());
        Assert.Throws<ObjectDisposedException>(() => lost.sum());
        outer.Dispose();
        Assert.True(kept.IsInvalid);
    }

    [Fact]
    public void A_detached_tensor_lives_until_it_is_disposed()
    {
        Tensor kept;
        using (NewDisposeScope())
        {
            kept = ones(1).DetachFromDisposeScope();
        }

        Assert.False(kept.IsInvalid);
        kept.Dispose();
        Assert.True(kept.IsInvalid);
    }

    [Fact]
    public void An_error_of_libtorch_comes_back_as_its_text()
    {
        using var scope = NewDisposeScope();

        var error = Assert.Throws<TorchException>(() => ones(2, 3).matmul(ones(2, 3)));

        Assert.Contains("mat1 and mat2 shapes cannot be multiplied (2x3 and 2x3)", error.Message, StringComparison.Ordinal);
    }

    // Five tensors a round, and the graph between them.
    static long Operations(Tensor weight, Tensor x, int rounds)
    {
        long made = 0;
        for (var i = 0; i < rounds; i++)
        {
            using var scope = NewDisposeScope();
            var loss = (x.matmul(weight).relu() * x).sum();
            loss.backward();
            weight.grad!.zero_();
            made += scope.DisposablesCount;
        }

        return made;
    }

    static long Resident()
    {
        using var process = System.Diagnostics.Process.GetCurrentProcess();
        return process.WorkingSet64;
    }
}
