using DistillForge.Core;

namespace DistillForge.Filters;

/// <summary>What filters of the teacher's signal share: rows without one, and rows whose signal is broken.</summary>
static class TraceSignal
{
    /// <returns>Null when there is a signal to judge by.</returns>
    public static Verdict? WhyNot(Example example, TeacherConfidence.Untraced withoutTrace)
        => example.Trace is { IsScored: true } ? null
            : withoutTrace == TeacherConfidence.Untraced.Keep ? Verdict.Keep
            : Verdict.Drop("no-trace", "has no log-probabilities to judge by");

    /// <summary>NaN when one value is, or when there is none.</summary>
    public static double Mean(ReadOnlySpan<float> values)
    {
        var sum = 0.0;
        foreach (var value in values)
        {
            sum += value;
        }

        return sum / values.Length;
    }
}
