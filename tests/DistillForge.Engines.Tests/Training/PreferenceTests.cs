using DistillForge.Training;
using DistillForge.Training.Losses;

namespace DistillForge.Engines.Tests.Training;

/// <summary>Losses on pairs: by hand, by differences, and in a whole run.</summary>
[Collection("torch")]
public sealed class PreferenceTests(Scratch scratch) : IClassFixture<Scratch>
{
    static readonly double[] Chosen = [0, 1.5, -0.3, -40, 900];

    static readonly double[] Rejected = [0, -2, 0.4, 3, -900];

    static readonly TrainingPlan Plan = new()
    {
        Shape = Small.Shape,
        Vocabulary = Small.Vocabulary,
        Losses = [new LossTerm("dpo")],
        Seed = 7,
        Steps = 24,
        TokensPerBatch = 128,
        LearningRate = 3e-3,
        ValidationShare = 0.2,
        CheckpointEvery = 10,
        Precision = Precision.Float32,
        Threads = 2,
        Start = new StartingNetwork("small", _ => Small.Network()),
    };

    public static TheoryData<string> Names() => new(TrainingCatalog.Preferences.Names);

    [Fact]
    public void The_catalog_offers_the_losses_by_name()
        => Assert.Equal(["dpo", "ipo"], TrainingCatalog.Preferences.Names);

    [Theory]
    [InlineData(0.1, 0)]
    [InlineData(0.5, 0.2)]
    public void Dpo_is_the_formula_by_hand(double beta, double flipped)
    {
        using var scope = NewDisposeScope();
        double Softplus(double x) => x > 30 ? x : Math.Log(1 + Math.Exp(x));

        var values = new Dpo(new(beta, flipped)).PerPair(tensor(Chosen), tensor(Rejected)).data<double>().ToArray();

        for (var i = 0; i < values.Length; i++)
        {
            var margin = beta * (Chosen[i] - Rejected[i]);
            Assert.Equal((1 - flipped) * Softplus(-margin) + flipped * Softplus(margin), values[i], 9);
        }

        Assert.Equal(Math.Log(2), values[0], 12);
    }

    [Fact]
    public void Ipo_is_the_formula_by_hand()
    {
        using var scope = NewDisposeScope();

        var values = new Ipo(new(Beta: 0.25)).PerPair(tensor(Chosen), tensor(Rejected)).data<double>().ToArray();

        Assert.Equal(Chosen.Zip(Rejected, (a, b) => Math.Pow(a - b - 2, 2)), values, (x, y) => Math.Abs(x - y) < 1e-9 * Math.Max(1, x));
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void Its_gradient_is_that_of_finite_differences(string name)
    {
        using var scope = NewDisposeScope();
        const double Step = 1e-5;
        var loss = TrainingCatalog.Preferences.Create(name, options: null);
        var (chosen, rejected) = (tensor(Chosen[..4]).requires_grad_(), tensor(Rejected[..4]).requires_grad_());

        loss.PerPair(chosen, rejected).sum().backward();

        double Value(int side, int pair, double by)
        {
            double[][] moved = [[.. Chosen[..4]], [.. Rejected[..4]]];
            moved[side][pair] += by;
            return loss.PerPair(tensor(moved[0]), tensor(moved[1])).sum().item<double>();
        }

        var gradients = new[] { chosen, rejected }.Select(leaf => leaf.grad!.data<double>().ToArray()).ToArray();
        for (var i = 0; i < 8; i++)
        {
            var expected = (Value(i / 4, i % 4, Step) - Value(i / 4, i % 4, -Step)) / (2 * Step);
            Assert.InRange(gradients[i / 4][i % 4] - expected, -1e-3 * Math.Abs(expected) - 1e-8, 1e-3 * Math.Abs(expected) + 1e-8);
        }
    }

    [Fact]
    public async Task The_first_step_is_the_gradient_that_plain_operations_have()
    {
        var (chosen, rejected) = Pairs(6);
        var plan = Plan with { Steps = 1, ValidationShare = 0, TokensPerBatch = 4096, Losses = [new LossTerm("dpo", 2)] };

        var result = await Train(plan, chosen, rejected, scratch["first"]);

        using var scope = NewDisposeScope();
        using var network = Small.Network();
        Tensor Answer(TokenTrace trace)
        {
            long[] input = [.. trace.TokenIds[..^1].Select(id => (long)id)];
            long[] positions = [.. Enumerable.Range(trace.PromptLength - 1, trace.CompletionLength).Select(i => (long)i)];
            var logits = network.Hidden(tensor(input, [1, input.Length]), tensor(positions)).matmul(network.Head.t());
            return logits.log_softmax(-1).gather(-1, tensor([.. trace.TokenIds[trace.PromptLength..].Select(id => (long)id)], [trace.CompletionLength, 1])).sum();
        }

        var pairs = chosen.Select(trace => (A: Answer(trace), B: Answer(rejected.Single(other => other.Id == trace.Id)))).ToList();
        // A gain is 0 before the first step, and its gradient is not.
        var loss = pairs.Select(pair => 2 * -(0.1 * (pair.A - pair.A.detach() - (pair.B - pair.B.detach()))).sigmoid().log()).Aggregate((sum, x) => sum + x) / chosen.Length;
        loss.backward();
        var norm = Math.Sqrt(network.Weights.Sum(weight => Math.Pow(weight.Value.grad!.norm().item<float>(), 2)));

        Assert.Equal(2 * Math.Log(2), result.Curve.Loss[0], 5);
        Assert.InRange(result.Curve.GradientNorm[0] / norm, 1 - 1e-4, 1 + 1e-4);
    }

    [Fact]
    public async Task The_student_learns_what_is_preferred_and_a_resumed_run_ends_with_the_same_bits()
    {
        var (chosen, rejected) = Pairs(60);

        var whole = await Train(Plan, chosen, rejected, scratch["whole"]);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => Train(Plan, chosen, rejected, scratch["broken"], stopAfter: 13));
        await Train(Plan, chosen, rejected, scratch["broken"]);

        Assert.Equal(Math.Log(2), whole.Curve.Loss[0], 4);
        Assert.InRange(whole.Curve.Loss[^1], 0, 0.5);
        Assert.InRange(whole.Curve.Validation[^1].Preferred!.Value, 0.75, 1);
        Assert.InRange(whole.Curve.Validation[^1].Loss, 0, 0.5);
        Assert.Equal(File.ReadAllBytes(Path.Combine(scratch["whole"], "model.safetensors")), File.ReadAllBytes(Path.Combine(scratch["broken"], "model.safetensors")));
    }

    [Fact]
    public async Task Beside_cross_entropy_both_are_summed()
    {
        var (chosen, rejected) = Pairs(20);
        var plan = Plan with { Steps = 1 };

        var labels = await Train(plan with { Losses = [new LossTerm("cross-entropy")] }, chosen, rejected, scratch["labels"]);
        var both = await Train(plan with { Losses = [new LossTerm("cross-entropy"), new LossTerm("dpo"), new LossTerm("ipo", 0.01)] }, chosen, rejected, scratch["both"]);

        Assert.Equal(Math.Log(2) + 0.01 * 25, both.Curve.Loss[0] - labels.Curve.Loss[0], 4);
    }

    [Theory]
    [InlineData(40, false)]
    [InlineData(0, true)]
    public async Task A_step_in_parts_or_computed_twice_is_the_same_step(int microBatch, bool twice)
    {
        var (chosen, rejected) = Pairs(20);
        var plan = Plan with { Steps = 1, ValidationShare = 0, TokensPerBatch = 4096, Losses = [new LossTerm("cross-entropy", 0.3), new LossTerm("dpo")] };

        var whole = await Train(plan, chosen, rejected, scratch["whole step"]);
        var parts = await Train(plan with { MicroBatch = microBatch, GradientCheckpointing = twice }, chosen, rejected, scratch[$"parts {microBatch} {twice}"]);

        Assert.Equal(whole.Curve.Loss[0], parts.Curve.Loss[0], 5);
        Assert.InRange(parts.Curve.GradientNorm[0] / whole.Curve.GradientNorm[0], 1 - 1e-5, 1 + 1e-5);
    }

    [Fact]
    public async Task All_that_is_unfit_is_said_before_work_starts()
    {
        var (chosen, rejected) = Pairs(20);
        var plan = Plan with { Start = null, OnPolicy = new OnPolicy(0.5, 4) };

        var error = await Assert.ThrowsAsync<ForgeException>(() => Train(plan, chosen, rejected[1..], scratch["unfit"]));

        string[] expected = ["1 of 20 rows have none", "this one starts from chance", "gives answers that nobody preferred"];
        Assert.All(expected, what => Assert.Contains(what, error.Message, StringComparison.Ordinal));
    }

    // Counting on is preferred to counting wrong: any stride but the right one.
    static (TokenTrace[] Chosen, TokenTrace[] Rejected) Pairs(int rows)
    {
        var chosen = Small.Counting(rows, new Random(2));
        var random = new Random(3);
        return (chosen, [.. chosen.Select(trace => trace with { TokenIds = [.. trace.TokenIds[..trace.PromptLength], .. trace.TokenIds[trace.PromptLength..^1].Select(_ => random.Next(40)), 60] })]);
    }

    static async Task<TrainingResult> Train(TrainingPlan plan, TokenTrace[] chosen, TokenTrace[] rejected, string folder, int stopAfter = int.MaxValue)
    {
        using var stop = new CancellationTokenSource();
        return await new Trainer(TimeProvider.System).TrainAsync(plan with { Rejected = rejected }, chosen, folder, new StopAfter(stop, stopAfter), stop.Token);
    }

    sealed class StopAfter(CancellationTokenSource stop, int steps) : IProgressLog
    {
        public void Say(string message)
        {
        }

        public void Report(string what, long done, long total, string unit, string detail = "")
        {
            if (what == "train" && done >= steps)
            {
                stop.Cancel();
            }
        }
    }
}
