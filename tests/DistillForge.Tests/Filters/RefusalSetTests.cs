using DistillForge.Filters;
using Some = DistillForge.Tests.Data.Some;

namespace DistillForge.Tests.Filters;

public sealed class RefusalSetTests
{
    static bool IsDropped(string text) => new Refusal(new Refusal.Options()).Judge(Some.Example(text)).Action == FilterAction.Drop;

    [Fact]
    public void Knows_refusals_that_its_author_did_not_write()
    {
        Assert.True(RefusalSet.Refusals.Count >= 150 && RefusalSet.LookAlikes.Count >= 150, $"{RefusalSet.Refusals.Count} refusals, {RefusalSet.LookAlikes.Count} look-alikes");
        var missed = RefusalSet.Refusals.Where(text => !IsDropped(text)).ToList();
        var wrong = RefusalSet.LookAlikes.Where(IsDropped).ToList();
        var right = RefusalSet.Refusals.Count - missed.Count;
        var figures = $"recall {right}/{RefusalSet.Refusals.Count}, wrong {wrong.Count}/{RefusalSet.LookAlikes.Count}\nmissed:\n{string.Join('\n', missed)}\nwrong:\n{string.Join('\n', wrong)}";

        Assert.True(right >= 0.95 * RefusalSet.Refusals.Count && right >= 0.98 * (right + wrong.Count), figures);
    }
}
