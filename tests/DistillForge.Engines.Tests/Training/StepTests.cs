using DistillForge.Models;
using DistillForge.Training;

namespace DistillForge.Engines.Tests.Training;

/// <summary>What a step and what leaves depend on, and what not.</summary>
public sealed class StepTests(Scratch scratch) : IClassFixture<Scratch>
{
    static readonly TrainingPlan Plan = new()
    {
        Shape = Small.Shape,
        Vocabulary = Small.Vocabulary,
        Losses = [new LossTerm("cross-entropy")],
        Seed = 7,
        Steps = 12,
        TokensPerBatch = 256,
        LearningRate = 1e-2,
        WarmupFraction = 0,
        Schedule = RateSchedule.Constant,
        ValidationShare = 0.2,
        Precision = Precision.Float32,
        Threads = 2,
    };

    public static TheoryData<string> Architectures => [.. TrainingCatalog.Architectures.Names];

    [Theory]
    [InlineData(128)]
    [InlineData(32)]
    [InlineData(1)]
    public async Task The_loss_is_the_same_however_a_step_is_split(int microBatch)
    {
        var traces = Small.Counting(60, new Random(2));

        var whole = await Train(Plan, traces, $"whole {microBatch}");
        var split = await Train(Plan with { MicroBatch = microBatch }, traces, $"split {microBatch}");

        Assert.Equal(12, whole.Curve.Loss.Count);
        Assert.All(whole.Curve.Loss.Zip(split.Curve.Loss), pair => Assert.InRange(pair.Second / pair.First, 1 - 2e-5, 1 + 2e-5));
        Assert.NotEqual(Weights($"whole {microBatch}"), Weights($"split {microBatch}"));
    }

    [Theory]
    [InlineData(64, new[] { 3, 2, 1 })]    // 10, 12, 20 | 30, 31 | 70: rows times the longest
    [InlineData(0, new[] { 6 })]
    [InlineData(1, new[] { 1, 1, 1, 1, 1, 1 })]
    public void Parts_hold_as_many_tokens_as_they_may(int tokens, int[] sizes)
    {
        Row[] rows = [.. new[] { 10, 12, 20, 30, 31, 70 }.Select(length => new Row(Some.Tokens("a", new int[length + 1], 2), 512))];

        var parts = MicroBatches.Of(rows, tokens).ToList();

        Assert.Equal(sizes, parts.Select(part => part.Length));
        Assert.Equal(rows, parts.SelectMany(part => part));
    }

    [Theory]
    [MemberData(nameof(Architectures))]
    public void Matrices_decay_and_norms_and_biases_do_not(string architecture)
    {
        using var network = TrainingCatalog.Architectures.Create(architecture, options: null).Build(Small.Of(architecture), 1, CPU);

        Assert.True(network.Weights.Count(weight => weight.Value.dim() == 1) >= 5);
        Assert.All(network.Weights, weight => Assert.Equal(weight.Value.dim() == 2, weight.Decays));
    }

    [Fact]
    public async Task The_best_weights_leave_when_patience_is_over()
    {
        // Rows that have nothing in common: what is learned by heart is wrong on others.
        var random = new Random(3);
        TokenTrace[] traces = [.. Enumerable.Range(0, 40).Select(i => Some.Tokens($"row {i}", [.. Enumerable.Range(0, 8).Select(_ => random.Next(60)), 60], 2) with { Vocabulary = Small.Vocabulary.Fingerprint })];
        var plan = Plan with { Steps = 200, ValidateEvery = 5, Patience = 3, Keep = KeptWeights.Best };

        var result = await Train(plan, traces, "patient");
        var best = result.Curve.Best!.Step;
        await Train(plan with { Steps = best, Patience = 0, Keep = KeptWeights.Last }, traces, "only so far");

        Assert.InRange(best, 5, 100);
        Assert.Equal(best + 15, result.Steps);
        Assert.Equal($"3 measurements in a row were no better than that after step {best}", result.Curve.Ended);
        Assert.Equal(new ExportedWeights(best, KeptWeights.Best, 0), Checkpoint.ReadCurve(scratch["patient"]).Exported);
        Assert.Equal(Weights("only so far"), Weights("patient"));
        Assert.NotEqual(File.ReadAllBytes(Path.Combine(scratch["only so far"], "optimizer.safetensors")), File.ReadAllBytes(Path.Combine(scratch["patient"], "optimizer.safetensors")));
    }

    [Fact]
    public async Task A_moving_average_leaves_that_is_the_average_of_every_steps_weights()
    {
        var traces = Small.Counting(60, new Random(2));
        var steps = new List<float[]>();
        for (var step = 1; step <= 4; step++)
        {
            await Train(Plan with { Steps = step }, traces, $"step {step}");
            steps.Add(Norm($"step {step}"));
        }

        var result = await Train(Plan with { Steps = 4, Ema = 0.3 }, traces, "average");

        // The norm starts at 1; early on the average forgets faster: t / (t + 9).
        var expected = steps.Select((weights, i) => (weights, Decay: Math.Min(0.3, (i + 1) / (i + 10.0)))).Aggregate(Enumerable.Repeat(1.0, 32), (average, next) => average.Zip(next.weights, (a, w) => next.Decay * a + (1 - next.Decay) * w));
        Assert.All(expected.Zip(Norm("average")), pair => Assert.Equal(pair.First, pair.Second, 5));
        Assert.All(Norm("average").Zip(Norm("step 4")), pair => Assert.NotEqual(pair.First, pair.Second));
        Assert.Equal(new ExportedWeights(4, KeptWeights.Last, 0.3), result.Curve.Exported);
    }

    [Fact]
    public async Task An_interrupted_run_with_all_of_it_ends_with_the_same_bits()
    {
        var traces = Small.Counting(60, new Random(2));
        var plan = Plan with { Steps = 20, MicroBatch = 64, Schedule = RateSchedule.Wsd, Ema = 0.9, Keep = KeptWeights.Best, ValidateEvery = 3, CheckpointEvery = 4, Precision = Precision.BFloat16 };

        await Train(plan, traces, "at once");
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => Train(plan, traces, "in parts", stopAfter: 7));
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => Train(plan, traces, "in parts", stopAfter: 16));
        var result = await Train(plan, traces, "in parts");

        Assert.Equal(Weights("at once"), Weights("in parts"));
        Assert.Equal(Checkpoint.ReadCurve(scratch["at once"]).Loss, result.Curve.Loss);
        Assert.Equal(Checkpoint.ReadCurve(scratch["at once"]).Validation.Select(point => point.Loss), result.Curve.Validation.Select(point => point.Loss));
    }

    [Fact]
    public async Task Every_flipped_bit_of_a_checkpoint_is_found()
    {
        var flips = int.Parse(Environment.GetEnvironmentVariable("FORGE_FLIPS") ?? "200", System.Globalization.CultureInfo.InvariantCulture);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => Train(Plan with { Ema = 0.9, Keep = KeptWeights.Best, ValidateEvery = 1 }, Small.Counting(60, new Random(2)), "flips", stopAfter: 3));
        var folder = Directory.GetDirectories(Path.Combine(scratch["flips"], "resume")).Single();
        var files = Directory.GetFiles(folder).Order().ToArray();
        var random = new Random(11);
        var found = 0;
        for (var i = 0; i < flips; i++)
        {
            var path = files[i % files.Length];
            var bytes = File.ReadAllBytes(path);
            Flip(path, bytes, random.Next(bytes.Length), (byte)(1 << random.Next(8)));
            found += Assert.Throws<ForgeException>(() => Checkpoint.Verify(folder)).Problems.Count;
            File.WriteAllBytes(path, bytes);
        }

        Assert.Equal(8, files.Length);
        Assert.Equal(flips, found);
        Assert.Equal(3, Checkpoint.Verify(folder)!.Step);
    }

    static void Flip(string path, byte[] bytes, int at, byte bit)
    {
        byte[] flipped = [.. bytes];
        flipped[at] ^= bit;
        File.WriteAllBytes(path, flipped);
    }

    float[] Norm(string run)
    {
        using var file = SafetensorsFile.Open(Path.Combine(scratch[run], "model.safetensors"));
        return file.Floats(file.Tensor("model.norm.weight"));
    }

    byte[] Weights(string run) => File.ReadAllBytes(Path.Combine(scratch[run], "model.safetensors"));

    async Task<TrainingResult> Train(TrainingPlan plan, TokenTrace[] traces, string run, long stopAfter = long.MaxValue)
    {
        using var stop = new CancellationTokenSource();
        return await new Trainer(TimeProvider.System).TrainAsync(plan, traces, scratch[run], new Watcher().Stop(stop, stopAfter), stop.Token);
    }
}
