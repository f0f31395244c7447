using DistillForge.Engines.Tests.Torch;
using DistillForge.Training;

namespace DistillForge.Engines.Tests.Training;

[Collection("torch")]   // counts live tensors: nobody else may make any
public sealed class MemoryTests(Scratch scratch) : IClassFixture<Scratch>
{
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Training_leaves_no_tensor_behind(bool packedAndComputedAgain)
    {
        var random = new Random(6);
        TokenTrace[] traces = [.. Enumerable.Range(0, 40).Select(_ => Some.Scored(random, 12, 3, 60, 8, 4)).Select(t => t with { Vocabulary = Small.Vocabulary.Fingerprint, TokenIds = [.. t.TokenIds[..^1], 60] })];
        var plan = new TrainingPlan
        {
            Shape = Small.Shape,
            Vocabulary = Small.Vocabulary,
            Losses = [new LossTerm("forward-kl"), new LossTerm("cross-entropy"), .. packedAndComputedAgain ? [new LossTerm("early-exit")] : Array.Empty<LossTerm>()],
            Packing = packedAndComputedAgain,
            GradientCheckpointing = packedAndComputedAgain,
            Seed = 1,
            Steps = 20,
            TokensPerBatch = 128,
            ValidationShare = 0.2,
        };
        var before = TorchCollection.LiveTensors();

        await new Trainer(TimeProvider.System).TrainAsync(plan, traces, scratch[$"memory {packedAndComputedAgain}"], SilentProgress.Instance, default);

        Assert.Equal(before, TorchCollection.LiveTensors());
    }
}
