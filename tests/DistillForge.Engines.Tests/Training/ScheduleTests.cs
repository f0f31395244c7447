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

    [Theory]
    [InlineData(RateSchedule.Linear, 0.2, 9, 1.0)]
    [InlineData(RateSchedule.Linear, 0.2, 54, 0.6)]     // half-way down to a fifth
    [InlineData(RateSchedule.Linear, 0.2, 99, 0.2)]
    [InlineData(RateSchedule.Wsd, 0.0, 4, 0.5)]
    [InlineData(RateSchedule.Wsd, 0.0, 74, 1.0)]        // the last quarter falls
    [InlineData(RateSchedule.Wsd, 0.0, 79, 0.8)]
    [InlineData(RateSchedule.Wsd, 0.0, 99, 0.0)]
    [InlineData(RateSchedule.Constant, 0.1, 99, 1.0)]
    [InlineData(RateSchedule.Cosine, 0.0, 54, 0.5)]
    public void Goes_as_its_kind_says(RateSchedule kind, double floor, long step, double share)
        => Assert.Equal(2e-3 * share, new Schedule(2e-3, Steps: 100, WarmupFraction: 0.1, kind, floor, DecayFraction: 0.25).At(step), 9);
}
