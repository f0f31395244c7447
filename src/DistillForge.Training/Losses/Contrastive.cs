using DistillForge.Core;
using DistillForge.Models;

namespace DistillForge.Training.Losses;

/// <summary>
/// InfoNCE over sequences: among the teacher's sequences of the batch, the student's is to be nearest to its own. Both sides, the mean state of
/// each sequence's trained tokens, go through learned projections onto the unit sphere. Tian et al., Contrastive Representation Distillation,
/// 2020; van den Oord et al., 2018. Zero only where all others are infinitely far; log S where nothing is known.
/// </summary>
[Component("contrastive")]
public sealed class Contrastive(Contrastive.Options options) : IRepresentationLoss
{
    /// <param name="Student">Layer, from 1; −1 is the last.</param>
    /// <param name="Teacher">Layer, from 1; −1 is the last.</param>
    /// <param name="Dimensions">Of the sphere.</param>
    /// <param name="Temperature">Of the softmax over similarities.</param>
    public sealed record Options(int Student = -1, int Teacher = -1, int Dimensions = 64, double Temperature = 0.1);

    public bool NeedsTeacher => true;

    public IEnumerable<Problem> Check(ModelShape student, ModelShape? teacher, TraceContents contents)
    {
        foreach (var (who, layer, shape) in new[] { ("student", options.Student, student), ("teacher", options.Teacher, teacher ?? student) })
        {
            if (!LayerNumber.Exists(layer, shape.Layers))
            {
                yield return new Problem($"contrastive.{who}", $"is layer {layer}, and there are {shape.Layers}.", "Layers count from 1, and from the end as −1, −2, ….");
            }
        }

        if (options.Dimensions < 1 || options.Temperature <= 0)
        {
            yield return new Problem("contrastive", $"has {options.Dimensions} dimensions and temperature {options.Temperature}.", "Both are above 0.");
        }
    }

    public IRepresentationMeasure Build(ModelShape student, ModelShape? teacher, long seed, Device device)
        => new Sphere(LayerNumber.Of(options.Student, student.Layers), LayerNumber.Of(options.Teacher, teacher!.Layers), options.Temperature,
            [Projection.Of("contrastive.student", student.Width, options.Dimensions, seed, device), Projection.Of("contrastive.teacher", teacher.Width, options.Dimensions, seed, device)]);

    sealed class Sphere(int student, int teacher, double temperature, IReadOnlyList<Weight> projections) : IRepresentationMeasure
    {
        public InsideWanted OfStudent { get; } = InsideWanted.Of([student]);

        public InsideWanted OfTeacher { get; } = InsideWanted.Of([teacher]);

        public IReadOnlyList<Weight> Projections => projections;

        public Tensor Measure(RepresentationBatch batch)
        {
            using var scope = NewDisposeScope();
            var s = projections[0].Apply(batch.Pool(batch.Student.State(student))).Unit();
            var t = projections[1].Apply(batch.Pool(batch.TeacherInside.State(teacher))).Unit();
            var own = (s.matmul(t.t()) / temperature).log_softmax(-1) * eye(s.shape[0], dtype: s.dtype, device: s.device);   // [S, S]
            return (-own.sum() / s.shape[0] * batch.Trained).MoveToOuterDisposeScope();
        }
    }
}
