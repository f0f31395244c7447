using DistillForge.Core;
using DistillForge.Models;

namespace DistillForge.Training;

/// <summary>What the student is told about its inside: hidden states, relations between tokens, sequences.</summary>
/// <remarks>
/// The implementer says every problem with the shapes in <see cref="Check"/>, before any work; draws projections from the seed alone; and
/// returns sums over trained tokens. What compares sequences is a mean over the batch times its trained tokens, and does depend on
/// which rows meet in a batch.
/// </remarks>
public interface IRepresentationLoss
{
    /// <summary>A teacher's inside is compared with; false: the student's alone.</summary>
    bool NeedsTeacher { get; }

    /// <param name="teacher">Null where no teacher is at hand.</param>
    /// <param name="contents">What the rows offer.</param>
    IEnumerable<Problem> Check(ModelShape student, ModelShape? teacher, TraceContents contents);

    IRepresentationMeasure Build(ModelShape student, ModelShape? teacher, long seed, Device device);
}

/// <summary>A representation loss for one pair of shapes.</summary>
public interface IRepresentationMeasure
{
    InsideWanted OfStudent { get; }

    InsideWanted OfTeacher { get; }

    /// <summary>Trained beside the student, kept with the checkpoint's training state, no part of the model.</summary>
    IReadOnlyList<Weight> Projections { get; }

    /// <returns>A scalar with a gradient: the sum over the batch's trained tokens.</returns>
    Tensor Measure(RepresentationBatch batch);
}

/// <summary>What student and teacher showed of one batch.</summary>
/// <param name="Positions">[N] into B·T, ascending.</param>
/// <param name="Length">T.</param>
/// <param name="Head">[V, d] The student's vocabulary projection.</param>
/// <param name="Layout">Where sequences lie that are packed end to end; null where each has a line of its own.</param>
public sealed record RepresentationBatch(Inside Student, Inside? Teacher, Tensor Positions, long Length, TokenTargets Targets, Tensor Head, Precision Precision, Layout? Layout = null)
{
    public Inside TeacherInside => Teacher ?? throw new InvalidOperationException("No teacher is at hand");

    public long Trained => Positions.shape[0];

    /// <summary>[N] Which sequence each trained position belongs to, 0 … S − 1.</summary>
    public (Tensor Of, long Count) Sequences()
    {
        var rows = Positions.cpu().data<long>().ToArray().Select(position => Layout is null ? position / Length : Layout.Sequences[(int)position]).ToArray();
        var numbers = rows.Distinct().Select((row, i) => (row, i)).ToDictionary(pair => pair.row, pair => (long)pair.i);
        return (tensor(rows.Select(row => numbers[row]).ToArray(), [rows.Length]).to(Positions.device), numbers.Count);
    }

    /// <summary>[S, d] The mean of each sequence's states.</summary>
    public Tensor Pool(Tensor states)
    {
        var (of, count) = Sequences();
        var sums = zeros([count, states.shape[1]], states.dtype, states.device).index_add(0, of, states, 1);
        var sizes = zeros([count, 1], states.dtype, states.device).index_add(0, of, ones_like(states.narrow(1, 0, 1)), 1);
        return sums / sizes;
    }
}
