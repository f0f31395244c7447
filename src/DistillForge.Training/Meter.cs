namespace DistillForge.Training;

/// <summary>Rate and smoothed loss, for whoever watches.</summary>
sealed class Meter(TimeProvider clock, TrainingCurve curve)
{
    // Long enough to be steady, short enough to show a change.
    const int Window = 20;

    readonly Queue<(long Stamp, long Tokens)> window = new([(clock.GetTimestamp(), curve.Tokens)]);
    long last = clock.GetTimestamp();

    /// <summary>After each step.</summary>
    public void Tick()
    {
        var now = clock.GetTimestamp();
        curve.Seconds += clock.GetElapsedTime(last, now).TotalSeconds;
        last = now;
        window.Enqueue((now, curve.Tokens));
        if (window.Count > Window)
        {
            window.Dequeue();
        }
    }

    public string Detail
    {
        get
        {
            var (stamp, tokens) = window.Peek();
            var rate = (curve.Tokens - tokens) / Math.Max(1e-9, clock.GetElapsedTime(stamp, last).TotalSeconds);
            return FormattableString.Invariant($"loss {curve.Loss.TakeLast(Window).Average():F3}, {rate:N0} tokens/s");
        }
    }
}
