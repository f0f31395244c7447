using DistillForge.Core;
using DistillForge.Models;

namespace DistillForge.Training.Losses;

/// <summary>Between which vectors of a layer relations are taken.</summary>
[Flags]
public enum Relations
{
    Queries = 1,
    Keys = 2,
    Values = 4,
    All = 7,
}

/// <summary>
/// KL between the teacher's and the student's attention relations: softmax(x·xᵀ/√d) among the queries, the keys and the values of one layer,
/// their heads laid together and cut anew into as many relation heads on both sides. Wang et al., MiniLMv2, 2021. Causal: a token
/// relates to those before it and itself. No projection is needed.
/// </summary>
[Component("attention-relations")]
public sealed class AttentionRelations(AttentionRelations.Options options) : IRepresentationLoss
{
    /// <param name="Student">Layer, from 1; −1 is the last.</param>
    /// <param name="Teacher">Layer, from 1; −1 is the last.</param>
    /// <param name="RelationHeads">0: the most that divide the widths of both.</param>
    public sealed record Options(int Student = -1, int Teacher = -1, int RelationHeads = 0, Relations Relations = Relations.All);

    public bool NeedsTeacher => true;

    public IEnumerable<Problem> Check(ModelShape student, ModelShape? teacher, TraceContents contents)
    {
        foreach (var (who, layer, shape) in new[] { ("student", options.Student, student), ("teacher", options.Teacher, teacher ?? student) })
        {
            if (!LayerNumber.Exists(layer, shape.Layers))
            {
                yield return new Problem($"attention-relations.{who}", $"is layer {layer}, and there are {shape.Layers}.", "Layers count from 1, and from the end as −1, −2, ….");
            }

            if (options.RelationHeads != 0 && (options.RelationHeads < 0 || Widths(shape).Any(width => width % options.RelationHeads != 0)))
            {
                yield return new Problem("attention-relations.relation_heads", $"is {options.RelationHeads}, which does not divide the {who}'s {string.Join(" and ", Widths(shape).Distinct())}.", "Leave it out.");
            }
        }
    }

    public IRepresentationMeasure Build(ModelShape student, ModelShape? teacher, long seed, Device device)
        => new Layer(LayerNumber.Of(options.Student, student.Layers), LayerNumber.Of(options.Teacher, teacher!.Layers), HeadsOf(student, teacher), options.Relations);

    int HeadsOf(ModelShape student, ModelShape teacher)
    {
        static int Common(int a, int b) => b == 0 ? a : Common(b, a % b);
        return options.RelationHeads > 0 ? options.RelationHeads : Common(student.KeyValueHeads, teacher.KeyValueHeads);
    }

    static int[] Widths(ModelShape shape) => [shape.Heads * shape.HeadSize, shape.KeyValueHeads * shape.HeadSize];

    sealed class Layer(int student, int teacher, int heads, Relations relations) : IRepresentationMeasure
    {
        public InsideWanted OfStudent { get; } = InsideWanted.Of([], attention: [student]);

        public InsideWanted OfTeacher { get; } = InsideWanted.Of([], attention: [teacher]);

        public IReadOnlyList<Weight> Projections => [];

        public Tensor Measure(RepresentationBatch batch)
        {
            using var scope = NewDisposeScope();
            var rectangles = batch.Student.Rectangles(student).Zip(batch.TeacherInside.Rectangles(teacher), Apart).ToArray();   // [B, T] each
            var each = batch.Layout is { } layout ? layout.Packed(rectangles) : rectangles.Single().flatten(0, 1);
            return each.index_select(0, batch.Positions).sum().MoveToOuterDisposeScope();
        }

        // [B, T], the mean over what is related.
        Tensor Apart(AttentionInside s, AttentionInside t)
        {
            var sums = new List<Tensor>();
            foreach (var (kind, ofStudent, ofTeacher) in new[] { (Relations.Queries, s.Queries, t.Queries), (Relations.Keys, s.Keys, t.Keys), (Relations.Values, s.Values, t.Values) })
            {
                if (relations.HasFlag(kind))
                {
                    var (q, p) = (Relate(ofStudent), Relate(ofTeacher));
                    sums.Add((p.exp() * (p - q)).sum(-1).sum(1) / heads);
                }
            }

            return sums.Aggregate((sum, x) => sum + x) / sums.Count;
        }

        // [B, H, T, h] -> log of [B, A, T, T]; what lies ahead has an exponential of 0.
        Tensor Relate(Tensor x)
        {
            var (b, t) = (x.shape[0], x.shape[2]);
            var together = (x.dtype == ScalarType.Float64 ? x : x.to_type(ScalarType.Float32)).transpose(1, 2).reshape(b, t, heads, -1).transpose(1, 2);   // [B, A, T, H·h/A]
            var scores = together.matmul(together.transpose(-2, -1)) / Math.Sqrt(together.shape[3]);
            var ahead = ones([t, t], ScalarType.Float32, x.device).triu(1).ne(0);
            return scores.masked_fill(ahead, -1e30).log_softmax(-1).clamp_min(-1e4);
        }
    }
}
