namespace DistillForge.Training.Losses;

/// <summary>The teacher on its head H and its tail B as one outcome, at temperature T: p^(1/T) / Z.</summary>
public sealed class TeacherDistribution
{
    // Stands for log 0: its exponential is exactly 0, and 0 times it is 0 where 0 · −∞ would be NaN.
    const double LogZero = -1e4;

    // Added to a logarithm of the student's, this takes the entry out of a log-sum-exp, and still no NaN when it takes all.
    const double Never = -1e30;

    public TeacherDistribution(TokenTargets targets, float temperature)
    {
        var tail = targets.Tail(temperature);
        var head = targets.HeadLogprobs / temperature;
        var logZ = cat([head, tail.LogSum.unsqueeze(1)], 1).logsumexp(1, keepdim: true);
        IsPadding = targets.HeadLogprobs < LogZero;
        HeadIds = targets.HeadIds;
        SampleIds = tail.SampleIds;
        HeadLog = (head - logZ).clamp_min(LogZero);
        TailLog = (tail.LogSum - logZ.squeeze(1)).clamp_min(LogZero);
    }

    /// <summary>[n, K]</summary>
    public Tensor HeadIds { get; }

    /// <summary>[n, M]</summary>
    public Tensor SampleIds { get; }

    /// <summary>[n, K] log p.</summary>
    public Tensor HeadLog { get; }

    /// <summary>[n] log p_B.</summary>
    public Tensor TailLog { get; }

    // [n, K]
    Tensor IsPadding { get; }

    /// <summary>[n, K] The student's log-probabilities of the head's ids; an exponential of 0 where there is only padding.</summary>
    public Tensor Inside(Tensor student) => student.gather(1, HeadIds).masked_fill(IsPadding, LogZero);

    /// <summary>[n, V] The student's log-probabilities outside the head; <see cref="Never"/> inside.</summary>
    public Tensor Outside(Tensor student)
    {
        // scatter_add, not scatter: a padded entry names some id too, and must leave it alone.
        var taken = full_like(HeadLog, Never).masked_fill(IsPadding, 0).to_type(student.dtype);
        return student + zeros_like(student).scatter_add(1, HeadIds, taken);
    }
}
