using DistillForge.Core;

namespace DistillForge.Training;

/// <summary>Training came to a step that it cannot go on from; the batch lies beside the checkpoint.</summary>
/// <param name="step">From 1.</param>
public sealed class DivergedException(long step, Problem problem) : ForgeException(problem)
{
    public long Step => step;
}
