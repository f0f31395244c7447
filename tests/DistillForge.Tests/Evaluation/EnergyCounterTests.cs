using DistillForge.Evaluation;

namespace DistillForge.Tests;

public sealed class EnergyCounterTests : IDisposable
{
    readonly Scratch folder = new();

    public void Dispose() => folder.Dispose();

    void Put(string zone, string name, string energy)
    {
        folder.Put($"{zone}/name", name + "\n");
        folder.Put($"{zone}/energy_uj", energy + "\n");
        folder.Put($"{zone}/max_energy_range_uj", "262143328850\n");
    }

    [Fact]
    public void Packages_are_added_up_and_a_counter_may_run_over()
    {
        Put("intel-rapl:0", "package-0", "1000000");
        Put("intel-rapl:1", "package-1", "262143000000");
        Put("intel-rapl:0:0", "core", "500");
        Put("intel-rapl:2", "psys", "500");
        var counter = EnergyCounter.Start(folder.Folder)!;

        Put("intel-rapl:0", "package-0", "3500000");
        Put("intel-rapl:1", "package-1", "671150");
        Put("intel-rapl:0:0", "core", "99000000");
        Put("intel-rapl:2", "psys", "99000000");

        Assert.Equal(2.5 + 1.0, counter.Joules!.Value, 9);
    }

    [Theory]
    [InlineData("core", "5")]
    [InlineData("package-0", "none")]
    [InlineData("package-0", "-5")]
    public void A_machine_without_a_readable_counter_has_none(string name, string energy)
    {
        Put("intel-rapl:0", name, energy);

        Assert.Null(EnergyCounter.Start(folder.Folder));
    }

    [Fact]
    public void A_counter_that_goes_away_says_nothing()
    {
        Put("intel-rapl:0", "package-0", "5");
        var counter = EnergyCounter.Start(folder.Folder)!;

        Put("intel-rapl:0", "package-0", "gone");

        Assert.Null(counter.Joules);
        Assert.Null(EnergyCounter.Start(folder["none"]));
    }
}
