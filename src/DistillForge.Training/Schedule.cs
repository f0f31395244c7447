namespace DistillForge.Training;

/// <summary>The learning rate over the run: a linear warm-up to the peak, then a cosine down to a tenth of it.</summary>
public sealed record Schedule(double Peak, long Steps, double WarmupFraction)
{
    /// <summary>What is left of the peak at the last step.</summary>
    public const double Floor = 0.1;

    public long WarmupSteps { get; } = Math.Max(1, (long)Math.Round(WarmupFraction * Steps));

    /// <param name="step">From 0.</param>
    public double At(long step)
    {
        if (step < WarmupSteps)
        {
            return Peak * (step + 1) / WarmupSteps;
        }

        var progress = Math.Min(1, (step - WarmupSteps + 1) / (double)Math.Max(1, Steps - WarmupSteps));
        return Peak * (Floor + (1 - Floor) * 0.5 * (1 + Math.Cos(Math.PI * progress)));
    }
}
