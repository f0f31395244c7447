using DistillForge.Core;

namespace DistillForge.Training.Losses;

/// <summary>
/// Universal Logit Distillation: the L1 distance between the teacher's and the student's probabilities, each sorted by itself, so that the two
/// need no common vocabulary; the Wasserstein distance under a uniform cost. Boizard et al., 2024. From a head: its K probabilities against the
/// student's K largest, and what is left of both as one.
/// </summary>
[Component("uld")]
public sealed class Uld(Uld.Options options) : ITokenLoss
{
    /// <param name="Temperature">Of teacher and student; the loss is multiplied by its square. Must have been captured.</param>
    public sealed record Options(float Temperature = 1f);

    public IEnumerable<Problem> Check(TraceContents contents) => contents.Heads is HeadKind.Drawn or HeadKind.Mixed
        ? [new Problem("uld", "needs the most likely ids, and the heads are random draws.", "Generate with random_draws: 0.")]
        : contents.CheckTeacher("uld", options.Temperature);

    public Tensor PerToken(Tensor logits, TokenTargets targets)
    {
        using var scope = NewDisposeScope();
        var student = (logits / options.Temperature).softmax(-1).sort(-1, descending: true).Values;   // [n, V]
        var apart = targets.Full is { } full ? Whole(full.LogProbabilities(options.Temperature).exp(), student) : Heads(new TeacherDistribution(targets, options.Temperature), student);
        return (apart * ((double)options.Temperature * options.Temperature)).MoveToOuterDisposeScope();
    }

    static Tensor Whole(Tensor teacher, Tensor student) => (teacher.sort(-1, descending: true).Values - student).abs().sum(1);

    // Padding sorts behind every probability and weighs nothing: there the student's next largest belongs to the rest.
    static Tensor Heads(TeacherDistribution teacher, Tensor student)
    {
        var p = teacher.HeadLog.exp().sort(-1, descending: true).Values;   // [n, K]
        var isNamed = p.gt(0).to_type(student.dtype);
        var q = student.narrow(1, 0, p.shape[1]) * isNamed;
        return (p - q).abs().sum(1) + (teacher.TailLog.exp() - (1 - q.sum(1))).abs();
    }
}
