using DistillForge.Core;
using DistillForge.Models;

namespace DistillForge.Training.Losses;

/// <summary>
/// Relations among the sequences of a batch, by the mean state of each one's trained tokens: no projection, and teacher and student may
/// have any widths. Huber distance between the relations of both. Park et al., Relational Knowledge Distillation, 2019.
/// </summary>
/// <param name="studentLayer">From 1; −1 is the last.</param>
/// <param name="teacherLayer">From 1; −1 is the last.</param>
/// <param name="sequences">Of a batch, at most.</param>
public abstract class Relational(string name, int studentLayer, int teacherLayer, int sequences) : IRepresentationLoss
{
    public bool NeedsTeacher => true;

    public IEnumerable<Problem> Check(ModelShape student, ModelShape? teacher, TraceContents contents)
    {
        foreach (var (who, layer, shape) in new[] { ("student", studentLayer, student), ("teacher", teacherLayer, teacher ?? student) })
        {
            if (!LayerNumber.Exists(layer, shape.Layers))
            {
                yield return new Problem($"{name}.{who}", $"is layer {layer}, and there are {shape.Layers}.", "Layers count from 1, and from the end as −1, −2, ….");
            }
        }

        if (sequences < 3)
        {
            yield return new Problem($"{name}.sequences", $"is {sequences}.", "Compare 3 or more.");
        }
    }

    public IRepresentationMeasure Build(ModelShape student, ModelShape? teacher, long seed, Device device)
        => new Pooled(LayerNumber.Of(studentLayer, student.Layers), LayerNumber.Of(teacherLayer, teacher!.Layers), sequences, Relate);

    /// <param name="x">[S, d]</param>
    /// <returns>Relations, and a mask of those that count, as numbers 0 and 1.</returns>
    private protected abstract (Tensor Relations, Tensor Mask) Relate(Tensor x);

    sealed class Pooled(int student, int teacher, int most, Func<Tensor, (Tensor Relations, Tensor Mask)> relate) : IRepresentationMeasure
    {
        public InsideWanted OfStudent { get; } = InsideWanted.Of([student]);

        public InsideWanted OfTeacher { get; } = InsideWanted.Of([teacher]);

        public IReadOnlyList<Weight> Projections => [];

        public Tensor Measure(RepresentationBatch batch)
        {
            using var scope = NewDisposeScope();
            var (s, t) = (First(batch.Pool(batch.Student.State(student))), First(batch.Pool(batch.TeacherInside.State(teacher))));
            var (ofStudent, mask) = relate(s);
            var apart = (ofStudent - relate(t).Relations).abs();
            var huber = apart.le(1).to_type(apart.dtype) * (apart.square() * 0.5 - apart + 0.5) + apart - 0.5;
            return ((huber * mask).sum() / mask.sum().clamp_min(1) * batch.Trained).MoveToOuterDisposeScope();
        }

        // Triples grow with the third power.
        Tensor First(Tensor x) => x.narrow(0, 0, Math.Min(most, x.shape[0]));
    }

    // 1 where i ≠ j, [S, S]
    private protected static Tensor Different(Tensor x) => 1 - eye(x.shape[0], dtype: x.dtype, device: x.device);

    // The square root has no gradient at 0.
    private protected static Tensor Distances(Tensor differences) => (differences.square().sum(-1) + 1e-12).sqrt();
}

/// <summary>Distances of pairs of sequences, each over the batch's mean distance.</summary>
[Component("rkd-distance")]
public sealed class RkdDistance(RkdDistance.Options options) : Relational("rkd-distance", options.Student, options.Teacher, options.Sequences)
{
    /// <param name="Student">Layer, from 1; −1 is the last.</param>
    /// <param name="Teacher">Layer, from 1; −1 is the last.</param>
    /// <param name="Sequences">Of a batch, at most.</param>
    public sealed record Options(int Student = -1, int Teacher = -1, int Sequences = 64);

    private protected override (Tensor Relations, Tensor Mask) Relate(Tensor x)
    {
        var mask = Different(x);
        var distances = Distances(x.unsqueeze(1) - x.unsqueeze(0)) * mask;   // [S, S]
        return (distances / (distances.sum() / mask.sum().clamp_min(1) + 1e-12), mask);
    }
}

/// <summary>Cosines of the angles that three sequences span.</summary>
[Component("rkd-angle")]
public sealed class RkdAngle(RkdAngle.Options options) : Relational("rkd-angle", options.Student, options.Teacher, options.Sequences)
{
    /// <param name="Student">Layer, from 1; −1 is the last.</param>
    /// <param name="Teacher">Layer, from 1; −1 is the last.</param>
    /// <param name="Sequences">Of a batch, at most.</param>
    public sealed record Options(int Student = -1, int Teacher = -1, int Sequences = 32);

    private protected override (Tensor Relations, Tensor Mask) Relate(Tensor x)
    {
        var differences = x.unsqueeze(0) - x.unsqueeze(1);                      // [j, i, d] = x_i − x_j
        var directions = differences / Distances(differences).unsqueeze(-1);
        var different = Different(x);
        var mask = different.unsqueeze(2) * different.unsqueeze(1) * different.unsqueeze(0);   // j ≠ i, j ≠ k, i ≠ k
        return (directions.matmul(directions.transpose(1, 2)), mask);          // [j, i, k]
    }
}
