namespace DistillForge.Evaluation;

/// <summary>What teacher and student think of one completion position, from their whole distributions.</summary>
/// <param name="Index">Place in the completion, from 0.</param>
/// <param name="Kl">KL(teacher ‖ student), nats.</param>
/// <param name="TeacherConfidence">The teacher's probability of its own first choice.</param>
/// <param name="StudentConfidence">The student's probability of its own first choice.</param>
/// <param name="TeacherLogprob">Of the token that stands there, nats.</param>
/// <param name="StudentLogprob">Of the token that stands there, nats.</param>
/// <param name="SameFirst">Both find the same token most likely.</param>
/// <param name="InFive">The teacher's first choice is among the student's five.</param>
/// <param name="TeacherRight">The teacher's first choice is the token that stands there.</param>
/// <param name="StudentRight">The student's first choice is the token that stands there.</param>
public readonly record struct PositionPair(
    int Index,
    double Kl,
    float TeacherConfidence,
    float StudentConfidence,
    float TeacherLogprob,
    float StudentLogprob,
    bool SameFirst,
    bool InFive,
    bool TeacherRight,
    bool StudentRight)
{
    const int Five = 5;

    /// <param name="teacher">[V] log p.</param>
    /// <param name="student">[V] log q.</param>
    /// <param name="token">What stands there.</param>
    public static PositionPair Of(int index, ReadOnlySpan<float> teacher, ReadOnlySpan<float> student, int token)
    {
        var (theirs, ours) = (MostLikely(teacher), MostLikely(student));
        return new(
            index,
            Fidelity.Kl(teacher, student),
            MathF.Exp(teacher[theirs]),
            MathF.Exp(student[ours]),
            teacher[token],
            student[token],
            theirs == ours,
            theirs == ours || Rank(student, theirs) < Five,
            theirs == token,
            ours == token);
    }

    static int MostLikely(ReadOnlySpan<float> logprobs)
    {
        var best = 0;
        for (var id = 1; id < logprobs.Length; id++)
        {
            best = logprobs[id] > logprobs[best] ? id : best;
        }

        return best;
    }

    // How many are more likely.
    static int Rank(ReadOnlySpan<float> logprobs, int token)
    {
        var (rank, mine) = (0, logprobs[token]);
        foreach (var logprob in logprobs)
        {
            rank += logprob > mine ? 1 : 0;
        }

        return rank;
    }
}
