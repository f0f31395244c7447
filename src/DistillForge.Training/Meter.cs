namespace DistillForge.Training;

/// <summary>Rate and smoothed loss, for whoever watches.</summary>
/// <param name="peak">Floating-point operations a second that the machine reaches at best; null where it was not measured.</param>
sealed class Meter(TimeProvider clock, TrainingCurve curve, double? peak)
{
    // Long enough to be steady, short enough to show a change.
    const int Window = 20;

    readonly Queue<(long Stamp, long Tokens, double Operations)> window = new([(clock.GetTimestamp(), curve.Tokens, 0)]);
    long last = clock.GetTimestamp();
    double operations;

    /// <summary>Input tokens a second, over the last steps.</summary>
    public double Rate => (curve.Tokens - window.Peek().Tokens) / Elapsed;

    /// <summary>Of the peak, 0 … 1.</summary>
    public double? Share => peak is { } known ? (operations - window.Peek().Operations) / Elapsed / known : null;

    /// <summary>After each step.</summary>
    /// <param name="took">Floating-point operations of the step.</param>
    public void Tick(double took)
    {
        var now = clock.GetTimestamp();
        curve.Seconds += clock.GetElapsedTime(last, now).TotalSeconds;
        last = now;
        operations += took;
        window.Enqueue((now, curve.Tokens, operations));
        if (window.Count > Window)
        {
            window.Dequeue();
        }
    }

    public string Detail
    {
        get
        {
            var kl = curve.Validation is [.., { Kl: { } known }] ? FormattableString.Invariant($", held-out KL {known:F4}") : "";
            var share = Share is { } part ? FormattableString.Invariant($", {part:P0} of the peak") : "";
            return FormattableString.Invariant($"loss {curve.Loss.TakeLast(Window).Average():F3}{kl}, {Rate:N0} tokens/s{share}");
        }
    }

    double Elapsed => Math.Max(1e-9, clock.GetElapsedTime(window.Peek().Stamp, last).TotalSeconds);
}
