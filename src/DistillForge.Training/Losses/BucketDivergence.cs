using DistillForge.Core;

namespace DistillForge.Training.Losses;

/// <summary>
/// A divergence between teacher and student at a temperature T, times T²: over the whole vocabulary where the teacher is at hand; else, at a
/// captured T, on the head's ids and the rest as one outcome. By the data-processing inequality that is at most the value over the whole
/// vocabulary.
/// </summary>
public abstract class BucketDivergence(string name, float temperature) : ITokenLoss
{
    public IEnumerable<Problem> Check(TraceContents contents) => [.. contents.CheckIds(name, temperature), .. CheckOptions()];

    public Tensor PerToken(Tensor logits, TokenTargets targets)
    {
        using var scope = NewDisposeScope();
        var student = (logits / temperature).log_softmax(-1);   // [n, V]
        var outcomes = targets.Full is { } full ? new Outcomes(full.LogProbabilities(temperature), student) : new Outcomes(new TeacherDistribution(targets, temperature), student);
        return (PerToken(outcomes) * ((double)temperature * temperature)).MoveToOuterDisposeScope();
    }

    /// <returns>[n], without T².</returns>
    private protected abstract Tensor PerToken(Outcomes outcomes);

    protected virtual IEnumerable<Problem> CheckOptions() => [];

    protected static Problem OutOfRange(string option, double value) => new(option, $"is {value}; it must lie between 0 and 1, neither of them included.");
}
