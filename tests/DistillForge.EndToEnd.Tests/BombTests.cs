using DistillForge.Runs.Benches;

namespace DistillForge.EndToEnd.Tests;

/// <summary>Inputs that somebody made to do harm. How long each takes, and how much memory, <c>distillforge bench bombs</c> measures.</summary>
public sealed class BombTests
{
    public static TheoryData<string> Names => new(Bombs.All.Select(bomb => bomb.Name));

    [Fact]
    public void There_are_at_least_twenty() => Assert.InRange(Bombs.All.DistinctBy(bomb => bomb.Name).Count(), 20, int.MaxValue);

    [Theory]
    [MemberData(nameof(Names))]
    public async Task A_hostile_input_is_refused_with_a_clear_error_and_nothing_is_written_outside(string name)
    {
        var bomb = Bombs.All.Single(bomb => bomb.Name == name);
        using var place = new BombPlace();

        var refused = await Assert.ThrowsAnyAsync<ForgeException>(() => bomb.Explode(place));

        Assert.Contains(bomb.Refused, refused.Message, StringComparison.Ordinal);
        Assert.Equal(ExitCode.UserCanFix, refused.ExitCode);
        Assert.InRange(refused.Message.Length, 1, 4_000);
        Assert.Empty(place.Strays);
    }
}
