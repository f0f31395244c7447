using System.Diagnostics;

namespace DistillForge.Training;

/// <summary>What the machine multiplies at best: a matrix product of the step's own size, alone, with the threads that training has.</summary>
static class MachinePeak
{
    // Below this a run is over before anybody could look at its rate.
    const double WorthMeasuring = 5e12;

    static readonly TimeSpan Time = TimeSpan.FromMilliseconds(150);

    /// <summary>Whether a run of so many operations is long enough to be worth it.</summary>
    public static bool Matters(double operations) => operations >= WorthMeasuring;

    /// <returns>Floating-point operations a second.</returns>
    public static double Measure(TrainingPlan plan, Device device)
    {
        using var scope = NewDisposeScope();
        using var quiet = no_grad();
        var type = plan.Precision.Type;
        var (rows, shape) = (Math.Min(plan.TokensPerBatch, 2048), plan.Shape);
        var x = ones([rows, shape.Width], type, device);
        var w = ones([shape.FeedForward, shape.Width], type, device);
        // The first product sets things up.
        Multiply(x, w);
        var (start, times) = (Stopwatch.GetTimestamp(), 0);
        while (Stopwatch.GetElapsedTime(start) < Time)
        {
            Multiply(x, w);
            times++;
        }

        return 2.0 * rows * shape.Width * shape.FeedForward * times / Stopwatch.GetElapsedTime(start).TotalSeconds;
    }

    static void Multiply(Tensor x, Tensor w)
    {
        using var scope = NewDisposeScope();
        using var y = nn.functional.linear(x, w);
        if (x.device_type == DeviceType.CUDA)
        {
            // A GPU works behind our back; a value that is looked at is there.
            _ = y.select(0, 0).select(0, 0).to_type(ScalarType.Float32).item<float>();
        }
    }
}
