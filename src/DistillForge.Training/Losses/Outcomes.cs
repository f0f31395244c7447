namespace DistillForge.Training.Losses;

/// <summary>Teacher p and student q on the outcomes H ∪ {B} (each id of the head by itself, all the rest as one), or on the whole vocabulary. Both add up to 1.</summary>
sealed class Outcomes
{
    public Outcomes(TeacherDistribution teacher, Tensor student)
    {
        LogP = cat([teacher.HeadLog, teacher.TailLog.unsqueeze(1)], 1);
        LogQ = cat([teacher.Inside(student), teacher.Outside(student).logsumexp(-1, keepdim: true)], 1);
    }

    /// <param name="teacher">[n, V]</param>
    /// <param name="student">[n, V]</param>
    public Outcomes(Tensor teacher, Tensor student) => (LogP, LogQ) = (teacher, student);

    /// <summary>[n, K + 1], or [n, V]. An outcome that cannot happen has a logarithm whose exponential is 0.</summary>
    public Tensor LogP { get; }

    /// <summary>[n, K + 1], or [n, V].</summary>
    public Tensor LogQ { get; }

    /// <summary>log(share · p + (1 − share) · q), in float32 or better; finite where both are 0.</summary>
    public Tensor LogMixture(double share) => (LogP.exp() * share + LogQ.exp() * (1 - share)).clamp_min(Smallest).log();

    // Below it float32 loses digits; nothing that small moves a sum of probabilities.
    const double Smallest = 1e-37;
}
