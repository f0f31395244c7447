using DistillForge.Core;

namespace DistillForge.Training;

/// <summary>The learning rate over the run: a linear warm-up to the peak, then what the kind says.</summary>
/// <param name="WarmupFraction">Share of the steps.</param>
/// <param name="Floor">Share of the peak that is left at the last step.</param>
/// <param name="DecayFraction">Share of the steps over which a <see cref="RateSchedule.Wsd"/> falls.</param>
public sealed record Schedule(double Peak, long Steps, double WarmupFraction, RateSchedule Kind = RateSchedule.Cosine, double Floor = Schedule.DefaultFloor, double DecayFraction = 0.2)
{
    public const double DefaultFloor = 0.1;

    public long WarmupSteps { get; } = Math.Max(1, (long)Math.Round(WarmupFraction * Steps));

    /// <param name="step">From 0.</param>
    public double At(long step) => step < WarmupSteps ? Peak * (step + 1) / WarmupSteps : Peak * (Floor + (1 - Floor) * Left(step));

    // 1 at the peak … 0 at the floor.
    double Left(long step) => Kind switch
    {
        RateSchedule.Cosine => 0.5 * (1 + Math.Cos(Math.PI * Progress(step, WarmupSteps))),
        RateSchedule.Linear => 1 - Progress(step, WarmupSteps),
        RateSchedule.Wsd => 1 - Progress(step, Math.Max(WarmupSteps, Steps - Math.Max(1, (long)Math.Round(DecayFraction * Steps)))),
        _ => 1,
    };

    // 0 before `from`, 1 at the last step.
    double Progress(long step, long from) => Math.Clamp((step - from + 1) / (double)Math.Max(1, Steps - from), 0, 1);
}
