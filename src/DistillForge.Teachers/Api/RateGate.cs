namespace DistillForge.Teachers;

/// <summary>
/// Lets through so much a second, evenly: a bucket that leaks in virtual time. Not thread-safe; its endpoint's lock guards it.
/// </summary>
/// <remarks>Turner's virtual scheduling algorithm (ITU-T I.371, GCRA).</remarks>
sealed class RateGate
{
    // A timer is late by milliseconds; what is missed meanwhile may be caught up on, and no more.
    const double BurstSeconds = 0.1;

    double next;

    /// <summary>Infinity lets everything through.</summary>
    public double PerSecond { get; set; } = double.PositiveInfinity;

    /// <summary>Seconds until something may pass; 0 or less: now.</summary>
    public double Wait(double now) => double.IsPositiveInfinity(PerSecond) ? 0 : next - BurstSeconds - now;

    public void Pass(double now, double amount) => next = Math.Max(next, now) + amount / PerSecond;

    /// <summary>It was more (or less) than was thought when it passed.</summary>
    public void Correct(double amount) => next += amount / PerSecond;
}
