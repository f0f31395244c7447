using DistillForge.Core;
using DistillForge.Models;

namespace DistillForge.Training;

/// <summary>A representation loss and its share.</summary>
public sealed record WeightedRepresentation(string Name, IRepresentationLoss Loss, ScheduledWeight Weight);

/// <summary>What guides a student beside its rows: a teacher at hand, and losses on the inside of both.</summary>
sealed class Guide : IDisposable
{
    readonly FrozenTeacher? teacher;
    readonly bool online;
    readonly (IRepresentationMeasure Measure, ScheduledWeight Weight)[] measures;
    readonly InsideWanted ofStudent;
    readonly InsideWanted ofTeacher;

    /// <param name="teacher">Is disposed with this.</param>
    /// <param name="online">The teacher's whole distribution takes the place of what traces hold.</param>
    public Guide(FrozenTeacher? teacher, bool online, IReadOnlyList<WeightedRepresentation> losses, ModelShape student, long seed, Device device)
    {
        (this.teacher, this.online) = (teacher, online);
        measures = [.. losses.Select(term => (term.Loss.Build(student, teacher?.Shape, seed, device), term.Weight))];
        ofStudent = measures.Aggregate(InsideWanted.Nothing, (wanted, term) => wanted.And(term.Measure.OfStudent));
        ofTeacher = measures.Aggregate(InsideWanted.Nothing, (wanted, term) => wanted.And(term.Measure.OfTeacher));
        Projections = [.. measures.SelectMany(term => term.Measure.Projections)];
    }

    /// <summary>Where the sequences of the next batch lie, for the teacher at hand.</summary>
    public Layout? Layout { get; set; }

    /// <summary>Trained beside the student.</summary>
    public IReadOnlyList<Weight> Projections { get; }

    /// <summary>What the teacher at hand says takes the place of the traces, where that is wanted.</summary>
    public TokenTargets Targets(Tensor tokens, Tensor positions, TokenTargets targets)
        => online ? targets with { Full = teacher!.Read(tokens, positions, inside: null, Layout) } : targets;

    /// <summary>The student reads a batch, and the teacher too where anything is wanted of it.</summary>
    /// <returns>Hidden [N, d]; what to predict; the weighted sum of the representation losses, or null.</returns>
    public (Tensor Hidden, TokenTargets Targets, Tensor? Representations) Read(Network student, Tensor tokens, Tensor positions, TokenTargets targets, double progress)
    {
        if (measures.Length == 0)
        {
            return (student.Hidden(tokens, positions), Targets(tokens, positions, targets), null);
        }

        using var seen = new Inside(ofStudent);
        student.Inside = seen;
        var hidden = student.Hidden(tokens, positions);
        student.Inside = null;
        using var taught = ofTeacher.IsNothing ? null : new Inside(ofTeacher);
        var full = taught is not null || online ? teacher!.Read(tokens, positions, taught, Layout) : null;
        targets = online ? targets with { Full = full } : targets;
        var batch = new RepresentationBatch(seen, taught, positions, tokens.shape[1], targets, student.Head, student.Precision, Layout);
        // The graph keeps what it needs of the inside; our handles may go.
        var sum = measures.Select(term => term.Measure.Measure(batch) * term.Weight.At(progress)).Aggregate((sum, x) => sum + x);
        return (hidden, targets, sum);
    }

    public void Dispose()
    {
        teacher?.Dispose();
        foreach (var projection in Projections)
        {
            projection.Value.Dispose();
        }
    }
}
