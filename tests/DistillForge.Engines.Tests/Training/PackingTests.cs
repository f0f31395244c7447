using DistillForge.Training;

namespace DistillForge.Engines.Tests.Training;

/// <summary>Rows end to end, and layers computed twice: another way to the same gradient.</summary>
[Collection("torch")]
public sealed class PackingTests(Scratch scratch) : IClassFixture<Scratch>
{
    static readonly int[] Lengths = [5, 30, 6, 12, 31, 7, 5];

    static readonly TokenTrace[] Traces = Scored();

    public static TheoryData<string> Architectures => [.. TrainingCatalog.Architectures.Names];

    [Theory]
    [MemberData(nameof(Architectures))]
    public void Packed_rows_have_the_loss_and_the_gradient_that_they_have_apart(string architecture)
    {
        var losses = TrainingCatalog.Losses.Names.Where(name => name != "uld").ToArray();
        Assert.True(losses.Length >= 6);
        foreach (var loss in losses)
        {
            var apart = Gradient(architecture, loss, packed: false);
            var packed = Gradient(architecture, loss, packed: true);

            AssertClose(apart, packed, $"{architecture}, {loss}");
        }
    }

    [Theory]
    [MemberData(nameof(Architectures))]
    public void Layers_that_are_computed_again_give_the_same_gradient(string architecture)
    {
        foreach (var packed in new[] { false, true })
        {
            var kept = Gradient(architecture, "cross-entropy", packed);
            var again = Gradient(architecture, "cross-entropy", packed, recomputes: true);

            Assert.Equal(kept.Loss, again.Loss);
            Assert.Equal(kept.Gradients.Length, again.Gradients.Length);
            Assert.All(kept.Gradients.Zip(again.Gradients), pair => Assert.Equal(pair.First, pair.Second));
        }
    }

    [Fact]
    public void A_row_that_changes_changes_no_other()
    {
        TokenTrace[] other = [.. Traces.Select((trace, i) => i == 1 ? trace with { TokenIds = [.. trace.TokenIds.Reverse()] } : trace)];

        var (first, second) = (Hidden(Traces), Hidden(other));

        // Trained positions of the first row, then of the second, …
        var (start, changed) = (Lengths[0] - 2, Lengths[1] - 2);
        Assert.Equal(first[..(start * 32)], second[..(start * 32)]);
        Assert.NotEqual(first[(start * 32)..((start + changed) * 32)], second[(start * 32)..((start + changed) * 32)]);
        Assert.Equal(first[((start + changed) * 32)..], second[((start + changed) * 32)..]);
    }

    [Fact]
    public void Packed_batches_are_full_and_hold_every_row_once()
    {
        var rows = Enumerable.Range(0, 3000).Select(i => new Row(Some.Tokens($"{i}", [.. Enumerable.Range(0, 11 + i * 7919 % 60)], 2), 512)).ToArray();

        var batches = new BatchOrder(rows, 1024, seed: 7, packed: true).Epoch(0);

        Assert.Equal(Enumerable.Range(0, 3000), batches.SelectMany(b => b).Order());
        Assert.All(batches.SkipLast(1), b => Assert.InRange(b.Sum(i => rows[i].Length), 1024 - 70, 1024));
        Assert.Contains(batches, b => b.Max(i => rows[i].Length) > 4 * b.Min(i => rows[i].Length));
    }

    [Fact]
    public async Task A_packed_run_of_parts_and_layers_computed_again_is_interrupted_and_ends_with_the_same_bits()
    {
        var plan = new TrainingPlan
        {
            Shape = Small.Shape,
            Vocabulary = Small.Vocabulary,
            Losses = [new LossTerm("cross-entropy")],
            Seed = 7,
            Steps = 12,
            TokensPerBatch = 256,
            MicroBatch = 100,
            Packing = true,
            GradientCheckpointing = true,
            LearningRate = 1e-2,
            ValidationShare = 0.2,
            CheckpointEvery = 4,
            Threads = 2,
        };

        var whole = await Train(plan, "whole");
        var remembered = await Train(plan with { GradientCheckpointing = false }, "remembered");
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => Train(plan, "broken", stopAfter: 6));
        var broken = await Train(plan, "broken");

        Assert.True(whole.Curve.Loss[^1] < whole.Curve.Loss[0]);
        Assert.Equal(whole.Curve.Loss, broken.Curve.Loss);
        // A tied embedding's two gradients are added in another order.
        Assert.All(whole.Curve.Loss.Zip(remembered.Curve.Loss), pair => Assert.InRange(pair.Second / pair.First, 1 - 1e-4, 1 + 1e-4));
        Assert.Equal(File.ReadAllBytes(Path.Combine(scratch["whole"], "model.safetensors")), File.ReadAllBytes(Path.Combine(scratch["broken"], "model.safetensors")));
    }

    public static TheoryData<string> Looking => [.. TrainingCatalog.Representations.Names];

    // Four ways, one gradient: of the weights, and of the projections that learn beside them.
    [Theory]
    [MemberData(nameof(Looking))]
    public void What_looks_at_layers_has_the_same_gradient_packed_and_computed_again(string loss)
    {
        foreach (var architecture in new[] { "qwen3", "gpt2" })
        {
            var apart = Looked(architecture, loss, packed: false, recomputes: false);
            foreach (var (packed, recomputes) in new[] { (true, false), (false, true), (true, true) })
            {
                AssertClose(apart, Looked(architecture, loss, packed, recomputes), $"{architecture}, {loss}, packed {packed}, computed again {recomputes}");
            }
        }
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Packed_pairs_have_the_loss_that_they_have_apart(bool recomputes)
    {
        // All rows in one step, so that the same ones meet.
        var plan = new TrainingPlan
        {
            Shape = Small.Shape,
            Vocabulary = Small.Vocabulary,
            Losses = [new LossTerm("dpo"), new LossTerm("cross-entropy", 0.1)],
            Seed = 7,
            Steps = 6,
            TokensPerBatch = 4096,
            LearningRate = 3e-3,
            ValidationShare = 0.2,
            Precision = Precision.Float32,
            GradientCheckpointing = recomputes,
            Threads = 2,
            Start = new StartingNetwork("small", _ => Small.Network()),
        };

        var apart = await Prefer(plan, $"apart {recomputes}");
        var packed = await Prefer(plan with { Packing = true }, $"packed {recomputes}");
        var parts = await Prefer(plan with { Packing = true, MicroBatch = 90 }, $"parts {recomputes}");

        Assert.True(apart.Curve.Loss[^1] < apart.Curve.Loss[0] - 0.05);
        Assert.All(apart.Curve.Loss.Zip(packed.Curve.Loss), pair => Assert.InRange(pair.Second / pair.First, 1 - 1e-4, 1 + 1e-4));
        Assert.All(apart.Curve.Loss.Zip(parts.Curve.Loss), pair => Assert.InRange(pair.Second / pair.First, 1 - 1e-4, 1 + 1e-4));
        Assert.All(apart.Curve.GradientNorm.Zip(packed.Curve.GradientNorm), pair => Assert.InRange(pair.Second / pair.First, 1 - 1e-3, 1 + 1e-3));
    }

    async Task<TrainingResult> Prefer(TrainingPlan plan, string run)
    {
        var chosen = Small.Counting(20, new Random(2));
        var rejected = chosen.Select((trace, i) => Small.Counting(20, new Random(3))[i] with { Id = trace.Id }).ToArray();
        return await new Trainer(TimeProvider.System).TrainAsync(plan with { Rejected = rejected }, chosen, scratch[run], new Watcher(), default);
    }

    static (double Loss, float[][] Gradients) Looked(string architecture, string loss, bool packed, bool recomputes)
    {
        using var scope = NewDisposeScope();
        using var network = Small.Network(1, Small.Of(architecture));
        var shape = Small.Of(architecture);
        using var guide = new Guide(FrozenTeacher.Of(shape, Small.Network(2, shape), 61), online: false, [new WeightedRepresentation(loss, TrainingCatalog.Representations.Create(loss, options: null), 1)], shape, seed: 3, CPU);
        var batch = Batch.Of([.. Traces.Select(trace => new Row(trace, 64))], TraceContents.Of(Traces), packed: packed);
        var (tokens, positions, targets) = BatchTensors.Of(batch, CPU);
        (network.Recomputes, guide.Layout) = (recomputes, network.Layout = BatchTensors.LayoutOf(batch, CPU));
        var objective = new Objective([new WeightedLoss("cross-entropy", TrainingCatalog.Losses.Create("cross-entropy", options: null), 0.1)]);
        var (hidden, wanted, beside) = guide.Read(network, tokens, positions, targets, progress: 1);
        var sum = objective.Backward(hidden, network.Head, wanted, 1.0 / batch.Trained, Precision.Float32, 1, beside);
        network.FinishBackward();
        return (sum / batch.Trained, [.. network.Weights.Concat(guide.Projections).Select(weight => weight.Value.grad!.data<float>().ToArray())]);
    }

    static (double Loss, float[][] Gradients) Gradient(string architecture, string loss, bool packed, bool recomputes = false)
    {
        using var scope = NewDisposeScope();
        using var network = Small.Network(1, Small.Of(architecture));
        var contents = TraceContents.Of(Traces);
        var batch = Batch.Of([.. Traces.Select(trace => new Row(trace, 64))], contents, packed: packed);
        var (tokens, positions, targets) = BatchTensors.Of(batch, CPU);
        Assert.Equal(packed ? [1L, Lengths.Sum(length => length - 1)] : [7L, 30], tokens.shape);
        (network.Layout, network.Recomputes) = (BatchTensors.LayoutOf(batch, CPU), recomputes);
        var objective = new Objective([new WeightedLoss(loss, TrainingCatalog.Losses.Create(loss, options: null), 1)]);
        var sum = objective.Backward(network.Hidden(tokens, positions), network.Head, targets, 1.0 / batch.Trained, Precision.Float32);
        network.FinishBackward();
        return (sum / batch.Trained, [.. network.Weights.Select(weight => weight.Value.grad!.data<float>().ToArray())]);
    }

    static void AssertClose((double Loss, float[][] Gradients) a, (double Loss, float[][] Gradients) b, string what)
    {
        Assert.InRange(b.Loss / a.Loss, 1 - 1e-5, 1 + 1e-5);
        foreach (var (first, second) in a.Gradients.Zip(b.Gradients))
        {
            var size = first.Max(Math.Abs);
            Assert.True(size > 0 && first.Zip(second).All(pair => Math.Abs(pair.First - pair.Second) <= 2e-5 * size), what);
        }
    }

    static float[] Hidden(TokenTrace[] traces)
    {
        using var scope = NewDisposeScope();
        using var quiet = no_grad();
        using var network = Small.Network();
        var batch = Batch.Of([.. traces.Select(trace => new Row(trace, 64))], TraceContents.Of(traces), packed: true);
        var (tokens, positions, _) = BatchTensors.Of(batch, CPU);
        network.Layout = BatchTensors.LayoutOf(batch, CPU);
        return network.Hidden(tokens, positions).data<float>().ToArray();
    }

    async Task<TrainingResult> Train(TrainingPlan plan, string run, long stopAfter = long.MaxValue)
    {
        using var stop = new CancellationTokenSource();
        return await new Trainer(TimeProvider.System).TrainAsync(plan, Small.Counting(60, new Random(2)), scratch[run], new Watcher().Stop(stop, stopAfter), stop.Token);
    }

    static TokenTrace[] Scored()
    {
        var random = new Random(5);
        return [.. Lengths.Select(length => Some.Scored(random, length, 2, 61, head: 4, samples: 3))];
    }
}
