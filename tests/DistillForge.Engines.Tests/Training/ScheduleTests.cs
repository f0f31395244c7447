using DistillForge.Training;

namespace DistillForge.Engines.Tests.Training;

public sealed class ScheduleTests
{
    [Theory]
    [InlineData(0, 0.1)]     // a tenth of the warm-up is done after the first of ten steps
    [InlineData(9, 1.0)]
    [InlineData(54, 0.55)]   // half-way down the cosine
    [InlineData(99, 0.1)]
    public void Warms_up_linearly_and_falls_to_a_tenth(long step, double share)
        => Assert.Equal(2e-3 * share, new Schedule(2e-3, Steps: 100, WarmupFraction: 0.1).At(step), 6);
}
