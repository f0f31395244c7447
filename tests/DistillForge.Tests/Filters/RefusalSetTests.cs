using DistillForge.Filters;
using Some = DistillForge.Tests.Data.Some;

namespace DistillForge.Tests.Filters;

public sealed class RefusalSetTests
{
    static bool IsDropped(string text) => new Refusal(new Refusal.Options()).Judge(Some.Example(text)).Action == FilterAction.Drop;

    // The aim is a recall of 0.95 at a precision of 0.98. What was measured on 2026-11-26, before anybody tuned the filter to this set, is 105 of 157 and
    // 3 wrong of 155 (src/decisions/curation.md); the bounds hold that, until the filter is mended.
    [Fact]
    public void Knows_no_fewer_refusals_than_it_did_of_those_that_its_author_did_not_write()
    {
        Assert.True(RefusalSet.Refusals.Count >= 150 && RefusalSet.LookAlikes.Count >= 150, $"{RefusalSet.Refusals.Count} refusals, {RefusalSet.LookAlikes.Count} look-alikes");
        var missed = RefusalSet.Refusals.Where(text => !IsDropped(text)).ToList();
        var wrong = RefusalSet.LookAlikes.Where(IsDropped).ToList();
        var right = RefusalSet.Refusals.Count - missed.Count;
        var figures = $"recall {right}/{RefusalSet.Refusals.Count}, wrong {wrong.Count}/{RefusalSet.LookAlikes.Count}\nmissed:\n{string.Join('\n', missed)}\nwrong:\n{string.Join('\n', wrong)}";

        Assert.True(right >= 105 && wrong.Count <= 3, figures);
    }
}
