using DistillForge.Core;

namespace DistillForge.Training.Losses;

/// <summary>What stands for the part of the teacher's distribution that its head does not name.</summary>
public enum MissingMass
{
    /// <summary><see cref="RandomDraws"/> or <see cref="TailSamples"/> where the traces have them, else <see cref="OneBucket"/>.</summary>
    AsCaptured,

    /// <summary>
    /// The head is what N draws from r ∝ p^(1/s) hit: an id weighs (n/N)(p/r), not renormalised, which is unbiased for the gradient over
    /// the whole vocabulary (RS-KD).
    /// </summary>
    RandomDraws,

    /// <summary>Ids drawn from the tail's own distribution: unbiased for the gradient over the whole vocabulary.</summary>
    TailSamples,

    /// <summary>The tail is one outcome: its total is corrected, its shape stays the student's.</summary>
    OneBucket,

    /// <summary>The head is taken for everything. Biased: it pulls the student's whole tail to zero.</summary>
    Renormalise,

    /// <summary>The tail is spread as the student spreads its own: the bucket's value and gradient, by way of the whole vocabulary.</summary>
    StudentShaped,
}

/// <summary>KL(teacher ‖ student), from the teacher's head and what was captured of its tail. See traces.md, the exact forms.</summary>
[Component("forward-kl")]
public sealed class ForwardKl(ForwardKl.Options options) : ISparseTokenLoss
{
    /// <param name="Temperature">Of teacher and student; the loss is multiplied by its square. Must have been captured.</param>
    public sealed record Options(MissingMass MissingMass = MissingMass.AsCaptured, float Temperature = 1f);

    readonly double scale = options.Temperature * options.Temperature;

    public IEnumerable<Problem> Check(TraceContents contents)
        => contents.CheckIds("forward-kl", options.Temperature) is [_, ..] unfit ? unfit
            : contents.Full ? options.MissingMass == MissingMass.AsCaptured ? [] : [new Problem("missing_mass", "is given, but the teacher is at hand and no mass is missing.", "Remove it.")]
            : CheckMass(contents);

    IEnumerable<Problem> CheckMass(TraceContents contents)
    {
        if (contents.Heads == HeadKind.Mixed)
        {
            yield return new Problem("rows", "have heads of two kinds: most likely ids and random draws, or draws at two temperatures.", "Generate all rows with one setting of random_draws and draw_temperature.");
        }
        else if (contents.Heads == HeadKind.Drawn != (options.MissingMass == MissingMass.RandomDraws) && options.MissingMass != MissingMass.AsCaptured)
        {
            yield return contents.Heads == HeadKind.Drawn
                ? new Problem("missing_mass", "takes the heads for the most likely ids, but they are random draws.", "Use as-captured, or generate with random_draws: 0.")
                : new Problem("missing_mass", "is random-draws, but the heads are the most likely ids.", "Use as-captured, or generate with random_draws.");
        }
        else if (options.MissingMass == MissingMass.TailSamples && !contents.TailSamples.ContainsKey(options.Temperature))
        {
            yield return new Problem("missing_mass", "is tail-samples, but not every row has the same number of them.", "Use as-captured, or generate with tail_samples.");
        }
    }

    public Tensor PerToken(Tensor logits, TokenTargets targets)
    {
        using var scope = NewDisposeScope();
        var student = (logits / options.Temperature).log_softmax(-1);   // [n, V]
        var value = targets.Full is { } full ? Whole(full.LogProbabilities(options.Temperature), student) : FromTrace(targets, student);
        return (value * scale).MoveToOuterDisposeScope();
    }

    public SparseTargets? Sparse(TokenTargets targets) => targets.Full is not null || options.Temperature != 1 ? null : Kind(targets) switch
    {
        MissingMass.RandomDraws => Drawn(new TeacherDistribution(targets, 1), targets),
        MissingMass.TailSamples => Sampled(new TeacherDistribution(targets, 1), targets),
        MissingMass.Renormalise => Renormalised(new TeacherDistribution(targets, 1)),
        _ => null,
    };

    Tensor FromTrace(TokenTargets targets, Tensor student)
    {
        var teacher = new TeacherDistribution(targets, options.Temperature);
        return Kind(targets) switch
        {
            MissingMass.RandomDraws => CrossEntropy(Drawn(teacher, targets), student),
            MissingMass.TailSamples when options.Temperature == 1 => CrossEntropy(Sampled(teacher, targets), student),
            // Draws give no entropy of the tail at another temperature: the draws make the gradient, the bucket the value.
            MissingMass.TailSamples => WithValue(CrossEntropy(Sampled(teacher, targets), student), Bucket(teacher, student)),
            MissingMass.Renormalise => CrossEntropy(Renormalised(teacher), student),
            MissingMass.StudentShaped => StudentShaped(teacher, student),
            _ => Bucket(teacher, student),
        };
    }

    static Tensor Whole(Tensor teacher, Tensor student) => (teacher.exp() * (teacher - student)).sum(1);

    MissingMass Kind(TokenTargets targets) => options.MissingMass switch
    {
        MissingMass.AsCaptured when targets.Draws is not null => MissingMass.RandomDraws,
        MissingMass.AsCaptured => targets.Tail(options.Temperature).SampleIds.shape[1] > 0 ? MissingMass.TailSamples : MissingMass.OneBucket,
        var kind => kind,
    };

    // Σ_H p log(p/q) + p_B log(p_B/q_B)
    static Tensor Bucket(TeacherDistribution teacher, Tensor student)
    {
        var outside = teacher.Outside(student).logsumexp(-1);   // [n] log q_B
        return Head(teacher, student) + teacher.TailLog.exp() * (teacher.TailLog - outside);
    }

    // The tail's target is p_B · q_j/q_B, held fixed: its gradient is the bucket's, written out over the vocabulary.
    static Tensor StudentShaped(TeacherDistribution teacher, Tensor student)
    {
        var outside = teacher.Outside(student).detach();
        var target = outside - outside.logsumexp(-1, keepdim: true) + teacher.TailLog.unsqueeze(1);   // [n, V] log
        return Head(teacher, student) + (target.exp() * (target - student)).sum(1);
    }

    static Tensor Head(TeacherDistribution teacher, Tensor student)
        => (teacher.HeadLog.exp() * (teacher.HeadLog - student.gather(1, teacher.HeadIds))).sum(1);

    static SparseTargets Sampled(TeacherDistribution teacher, TokenTargets targets)
    {
        var draws = teacher.SampleIds.shape[1];
        var each = (teacher.TailLog.exp() / draws).unsqueeze(1).expand(-1, draws);
        return new SparseTargets(cat([teacher.HeadIds, teacher.SampleIds], 1), cat([teacher.HeadLog.exp(), each], 1), targets.NegativeEntropy);
    }

    // w = (n/N)(p/r); Σ w log p, not the entropy: by the same draws, so that the value is 0 when teacher and student agree.
    static SparseTargets Drawn(TeacherDistribution teacher, TokenTargets targets)
    {
        var draws = targets.Draws ?? throw new ForgeException(new Problem("missing_mass", "is random-draws, but the heads are the most likely ids.", "Use as-captured, or generate with random_draws."));
        var from = new TeacherDistribution(targets, draws.Temperature).HeadLog;   // [n, K] log r
        var weights = draws.Shares * (teacher.HeadLog - from).exp();
        return new SparseTargets(teacher.HeadIds, weights, (weights * teacher.HeadLog).sum(1));
    }

    static SparseTargets Renormalised(TeacherDistribution teacher)
    {
        var log = teacher.HeadLog - teacher.HeadLog.logsumexp(1, keepdim: true);
        return new SparseTargets(teacher.HeadIds, log.exp(), (log.exp() * log).sum(1));
    }

    static Tensor CrossEntropy(SparseTargets target, Tensor student)
        => target.Constant - (target.Weights * student.gather(1, target.Ids)).sum(1);

    static Tensor WithValue(Tensor gradient, Tensor value) => gradient + (value - gradient).detach();
}
