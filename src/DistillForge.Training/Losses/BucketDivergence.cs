using DistillForge.Core;

namespace DistillForge.Training.Losses;

/// <summary>
/// A divergence between teacher and student on the head's ids and the rest as one outcome, at a captured temperature T, times T². By
/// the data-processing inequality it is at most its value over the whole vocabulary.
/// </summary>
public abstract class BucketDivergence(string name, float temperature) : ITokenLoss
{
    public IEnumerable<Problem> Check(TraceContents contents)
    {
        if (!contents.Scored)
        {
            yield return new Problem(name, "needs a teacher's log-probabilities, and some rows have none.", "Score the rows first, or train with cross-entropy alone.");
        }
        else if (!contents.Temperatures.Contains(temperature))
        {
            yield return TokenTargets.NotCaptured(temperature, contents.Temperatures);
        }

        foreach (var problem in CheckOptions())
        {
            yield return problem;
        }
    }

    public Tensor Measure(Tensor logits, TokenTargets targets)
    {
        using var scope = NewDisposeScope();
        var teacher = new TeacherDistribution(targets, temperature);
        var student = (logits / temperature).log_softmax(-1);   // [n, V]
        return (Sum(new Outcomes(teacher, student)) * ((double)temperature * temperature)).MoveToOuterDisposeScope();
    }

    private protected abstract Tensor Sum(Outcomes outcomes);

    protected virtual IEnumerable<Problem> CheckOptions() => [];

    protected static Problem OutOfRange(string option, double value) => new(option, $"is {value}; it must lie between 0 and 1, neither of them included.");
}
