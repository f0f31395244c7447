using DistillForge.Core;
using DistillForge.Llama;
using DistillForge.Training;
using DistillForge.Training.Inference;

namespace DistillForge.Runs.Benches;

/// <summary>
/// Students to measure gradients of: a fresh one, one that our trainer has brought part of the way, and one that nearly agrees with its
/// teacher: nine tenths of the teacher's logits and one tenth of the half-trained one's.
/// </summary>
sealed class EncodeStudents : IDisposable
{
    const float Nearly = 0.9f;

    readonly CheckpointModel random;
    readonly CheckpointModel half;

    EncodeStudents(CheckpointModel random, CheckpointModel half) => (this.random, this.half) = (random, half);

    public static IReadOnlyList<string> Names { get; } = ["random", "half-trained", "nearly equal"];

    public static async Task<EncodeStudents> TrainAsync(LlamaModel teacher, IReadOnlyList<TokenTrace> traces, int steps, int threads, string folder, IProgressLog log, CancellationToken cancellationToken)
    {
        var shape = BenchStudent.Shape(teacher.Tokens.Size, traces.Max(trace => trace.TokenIds.Length));
        var plan = new TrainingPlan
        {
            Shape = shape,
            Vocabulary = teacher.Tokens,
            Losses = [new LossTerm("forward-kl")],
            Seed = 7,
            Steps = steps,
            LearningRate = 3e-3,
            ValidationShare = 0,
            Threads = threads,
        };
        await new Trainer(TimeProvider.System).TrainAsync(plan, traces, folder, log, cancellationToken);
        var fresh = TrainingCatalog.Architectures.Create(shape.Architecture, options: null).Build(shape, plan.Seed, DistillForge.Torch.torch.CPU);
        return new EncodeStudents(new CheckpointModel(shape, fresh, teacher.Tokens, "random"), CheckpointModel.Open(folder));
    }

    /// <returns>[students][C·V] log-probabilities, the last unnormalised.</returns>
    public async Task<float[][]> ScoreAsync(TokenSequence tokens, float[] teacher, CancellationToken cancellationToken)
    {
        var first = await random.ScoreAsync(tokens, new Want.Full(), cancellationToken);
        var second = await half.ScoreAsync(tokens, new Want.Full(), cancellationToken);
        return [first.HeadLogprobs, second.HeadLogprobs, [.. teacher.Zip(second.HeadLogprobs, (t, s) => (Nearly * t) + ((1 - Nearly) * s))]];
    }

    public void Dispose()
    {
        random.Dispose();
        half.Dispose();
    }
}
