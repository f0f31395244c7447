using DistillForge.Core;
using DistillForge.Models;

namespace DistillForge.Training.Losses;

/// <summary>What the logits of an intermediate layer learn from.</summary>
public enum ExitTarget
{
    /// <summary>The teacher, by forward KL.</summary>
    Teacher,

    /// <summary>The realised tokens.</summary>
    Labels,
}

/// <summary>
/// Logits of intermediate layers, by the student's own last norm and vocabulary projection: deep supervision. Lee et al., Deeply-Supervised
/// Nets, 2015; Elbayad et al., Depth-Adaptive Transformer, 2020.
/// </summary>
[Component("early-exit")]
public sealed class EarlyExit(EarlyExit.Options options) : IRepresentationLoss
{
    /// <param name="Layers">From 1; −1 is the last. Empty: every layer but the last.</param>
    public sealed record Options(IReadOnlyList<int>? Layers = null, ExitTarget Target = ExitTarget.Teacher);

    public bool NeedsTeacher => false;

    public IEnumerable<Problem> Check(ModelShape student, ModelShape? teacher, TraceContents contents)
    {
        if (options.Layers is null && student.Layers < 2)
        {
            yield return new Problem("early-exit", "has no layer to look at: the student has one.", "Give the student more layers, or remove the loss.");
        }

        foreach (var problem in options.Target == ExitTarget.Teacher ? new ForwardKl(new ForwardKl.Options()).Check(contents) : [])
        {
            yield return problem;
        }

        foreach (var layer in (options.Layers ?? []).Where(layer => !LayerNumber.Exists(layer, student.Layers)))
        {
            yield return new Problem("early-exit.layers", $"names layer {layer}, and there are {student.Layers}.", "Layers count from 1, and from the end as −1, −2, ….");
        }
    }

    public IRepresentationMeasure Build(ModelShape student, ModelShape? teacher, long seed, Device device)
        => new Exits([.. options.Layers?.Select(layer => LayerNumber.Of(layer, student.Layers)) ?? Enumerable.Range(1, student.Layers - 1)], options.Target);

    sealed class Exits(IReadOnlyList<int> layers, ExitTarget target) : IRepresentationMeasure
    {
        readonly ISparseTokenLoss loss = target == ExitTarget.Teacher ? new ForwardKl(new ForwardKl.Options()) : new CrossEntropy();

        public InsideWanted OfStudent { get; } = InsideWanted.Of([], normed: layers);

        public InsideWanted OfTeacher => InsideWanted.Nothing;

        public IReadOnlyList<Weight> Projections => [];

        public Tensor Measure(RepresentationBatch batch)
        {
            using var scope = NewDisposeScope();
            var targets = batch.Targets with { Others = null };
            return (layers.Select(layer => At(batch.Student.Normed(layer), batch, targets)).Aggregate((sum, x) => sum + x) / layers.Count).MoveToOuterDisposeScope();
        }

        Tensor At(Tensor hidden, RepresentationBatch batch, TokenTargets targets)
        {
            if (hidden.dtype == ScalarType.Float32 && loss.Sparse(targets) is { } sparse)
            {
                return Fused.linear_sparse_cross_entropy(hidden, batch.Head, sparse.Ids, sparse.Weights, type: batch.Precision.Type).sum + sparse.Constant.sum();
            }

            var logits = hidden.dtype == ScalarType.Float64 ? hidden.matmul(batch.Head.t()) : Objective.Logits(hidden, batch.Head, batch.Precision);
            return loss.PerToken(logits, targets).sum();
        }
    }
}
