using DistillForge.Llama.Worker;

namespace DistillForge.Engines.Tests.Llama;

public sealed class StallWatchTests
{
    readonly List<string> stalled = [];
    readonly StallWatch watch;

    public StallWatchTests() => watch = new StallWatch(stalled.Add);

    void Tick(int times)
    {
        for (var tick = 0; tick < times; tick++)
        {
            watch.Tick();
        }
    }

    [Fact]
    public void A_step_without_an_end_is_told_once_its_bound_has_passed()
    {
        var step = watch.Add("a step", 3);
        step.Begin();

        Tick(3);
        Assert.Empty(stalled); // it may have begun just before the first look
        Tick(1);

        Assert.Equal(["a step has lasted for 3 seconds"], stalled);
    }

    [Fact]
    public void Many_steps_within_the_bound_are_no_stall_and_neither_is_a_long_rest()
    {
        var step = watch.Add("a step", 3);
        for (var turn = 0; turn < 10; turn++)
        {
            step.Begin();
            Tick(2);
            step.End();
        }

        Tick(100);

        Assert.Empty(stalled);
    }

    [Theory]
    [InlineData(3_000_000, 123)]
    [InlineData(70_000_000_000, 71_800)]
    public void The_bound_of_a_step_grows_with_the_model(long parameters, int seconds)
        => Assert.Equal(seconds, StallWatch.SecondsFor(parameters));
}
