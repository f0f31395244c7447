using static DistillForge.Torch.torch;

namespace DistillForge.Engines.Tests.Torch;

public sealed class LifeTests
{
    [Fact]
    public void A_sum_of_two_tensors_is_their_sum()
    {
        using var scope = NewDisposeScope();

        var sum = tensor([1f, 2f]) + tensor([3f, 4f]);

        Assert.Equal([4f, 6f], sum.data<float>().ToArray());
    }
}
