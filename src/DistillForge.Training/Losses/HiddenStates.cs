using DistillForge.Core;
using DistillForge.Models;

namespace DistillForge.Training.Losses;

/// <summary>How two hidden states are compared.</summary>
public enum StateDistance
{
    /// <summary>Mean squared difference of the entries.</summary>
    Mse,

    /// <summary>1 − cosine.</summary>
    Cosine,
}

/// <summary>
/// Hidden states of chosen layers, brought to the teacher's width by a learned projection for each pair. Romero et al., FitNets, 2015; Jiao
/// et al., TinyBERT, 2020.
/// </summary>
[Component("hidden-states")]
public sealed class HiddenStates(HiddenStates.Options options) : IRepresentationLoss
{
    /// <param name="Student">Layers of the student, from 1; −1 is the last. Empty: the last.</param>
    /// <param name="Teacher">The teacher's layers that these are to be like, one each. Empty: the last.</param>
    public sealed record Options(IReadOnlyList<int>? Student = null, IReadOnlyList<int>? Teacher = null, StateDistance Distance = StateDistance.Mse);

    IReadOnlyList<int> OfStudent => options.Student ?? [-1];

    IReadOnlyList<int> OfTeacher => options.Teacher ?? [-1];

    public bool NeedsTeacher => true;

    public IEnumerable<Problem> Check(ModelShape student, ModelShape? teacher, TraceContents contents)
    {
        if (OfStudent.Count != OfTeacher.Count || OfStudent.Count == 0)
        {
            yield return new Problem("hidden-states", $"pairs {OfStudent.Count} layers of the student with {OfTeacher.Count} of the teacher.", "Name as many under 'student' as under 'teacher'.");
        }

        foreach (var (who, layers, shape) in new[] { ("student", OfStudent, student), ("teacher", OfTeacher, teacher ?? student) })
        {
            foreach (var layer in layers.Where(layer => !LayerNumber.Exists(layer, shape.Layers)))
            {
                yield return new Problem($"hidden-states.{who}", $"names layer {layer}, and there are {shape.Layers}.", "Layers count from 1, and from the end as −1, −2, ….");
            }
        }
    }

    public IRepresentationMeasure Build(ModelShape student, ModelShape? teacher, long seed, Device device)
        => new Pairs([.. OfStudent.Zip(OfTeacher, (s, t) => (LayerNumber.Of(s, student.Layers), LayerNumber.Of(t, teacher!.Layers)))], options.Distance, student.Width, teacher!.Width, seed, device);

    sealed class Pairs(IReadOnlyList<(int Student, int Teacher)> pairs, StateDistance distance, int from, int to, long seed, Device device) : IRepresentationMeasure
    {
        public InsideWanted OfStudent { get; } = InsideWanted.Of(pairs.Select(pair => pair.Student));

        public InsideWanted OfTeacher { get; } = InsideWanted.Of(pairs.Select(pair => pair.Teacher));

        public IReadOnlyList<Weight> Projections { get; } = [.. pairs.Select(pair => Projection.Of($"hidden-states.{pair.Student}-{pair.Teacher}", from, to, seed, device))];

        public Tensor Measure(RepresentationBatch batch)
        {
            using var scope = NewDisposeScope();
            var sums = pairs.Select((pair, i) => Between(Projections[i].Apply(batch.Student.State(pair.Student)), batch.TeacherInside.State(pair.Teacher)).sum());
            return (sums.Aggregate((sum, x) => sum + x) / pairs.Count).MoveToOuterDisposeScope();
        }

        // [N]
        Tensor Between(Tensor student, Tensor teacher) => distance == StateDistance.Mse
            ? (student - teacher).square().mean([1])
            : 1 - (student.Unit() * teacher.Unit()).sum(1);
    }
}
