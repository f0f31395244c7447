using DistillForge.Core;
using DistillForge.Models;
using DistillForge.Text;
using DistillForge.Training.Losses;

namespace DistillForge.Training;

/// <summary>How far a student is from its teacher, exactly: KL(teacher ‖ student) over the whole vocabulary, in float32, in nats a token.</summary>
public static class ExactDivergence
{
    const int TokensPerBatch = 2048;

    /// <param name="checkpoint">The student's folder.</param>
    /// <param name="teacher">A GGUF of one of our architectures.</param>
    /// <param name="sets">Rows to measure on, set by set; only their tokens matter.</param>
    /// <returns>One mean a set.</returns>
    public static Task<double[]> MeasureAsync(string checkpoint, string teacher, IReadOnlyList<IReadOnlyList<TokenTrace>> sets, int threads, CancellationToken cancellationToken)
        // A thread of its own: tensor scopes belong to a thread, and the work never waits.
        => Task.Factory.StartNew(() => Measure(checkpoint, teacher, sets, threads, cancellationToken), CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);

    static double[] Measure(string checkpoint, string teacher, IReadOnlyList<IReadOnlyList<TokenTrace>> sets, int threads, CancellationToken cancellationToken)
    {
        set_num_threads(threads);
        var shape = HuggingFaceConfig.Read(Path.Combine(checkpoint, "config.json"));
        using var student = TrainingCatalog.Architectures.Create(shape.Architecture, options: null).Build(shape, Initialisation.Unset, CPU);
        Checkpoint.ReadWeights(checkpoint, student);
        student.Precision = Precision.Float32;
        using var frozen = FrozenTeacher.Open(teacher, Vocabulary.Read(Path.Combine(checkpoint, "vocabulary.gguf")), CPU, Precision.Float32);
        return [.. sets.Select(set => Measure(student, shape.Context, frozen, set, cancellationToken))];
    }

    static double Measure(Network student, int context, FrozenTeacher teacher, IReadOnlyList<TokenTrace> traces, CancellationToken cancellationToken)
    {
        var objective = new Objective([new WeightedLoss("forward-kl", new ForwardKl(new ForwardKl.Options()), 1)]);
        var rows = traces.Select(trace => new Row(trace, context)).Where(row => row.Trained.Length > 0).ToList();
        var sum = 0.0;
        foreach (var numbers in new BatchOrder(rows, TokensPerBatch, seed: 0).Sorted())
        {
            cancellationToken.ThrowIfCancellationRequested();
            using var scope = NewDisposeScope();
            using var quiet = no_grad();
            var (tokens, positions, targets) = BatchTensors.Of(Batch.Of([.. numbers.Select(row => rows[row])], TraceContents.AtHand), CPU);
            sum += objective.Measure(student.Hidden(tokens, positions), student.Head, targets with { Full = teacher.Read(tokens, positions, inside: null) }, Precision.Float32)[0];
        }

        return sum / rows.Sum(row => (double)row.Trained.Length);
    }
}
