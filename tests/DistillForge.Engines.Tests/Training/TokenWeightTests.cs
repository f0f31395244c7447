using DistillForge.Training;
using DistillForge.Training.Losses;

namespace DistillForge.Engines.Tests.Training;

/// <summary>Weights of losses over the run, of tokens within a batch, and of teachers within a token.</summary>
public sealed class TokenWeightTests
{
    const int V = 61;

    static readonly TokenTrace[] Traces = [.. Enumerable.Range(0, 6).Select(i => Some.Scored(new Random(i), 9 + i, 3, V, head: 4, samples: 3))];

    [Theory]
    [InlineData(WeightShape.Linear, 0, 0.9)]
    [InlineData(WeightShape.Linear, 0.25, 0.8)]
    [InlineData(WeightShape.Linear, 1, 0.5)]
    [InlineData(WeightShape.Cosine, 0, 0.9)]
    [InlineData(WeightShape.Cosine, 0.25, 0.84142)]
    [InlineData(WeightShape.Cosine, 0.5, 0.7)]
    [InlineData(WeightShape.Cosine, 1, 0.5)]
    public void A_weight_goes_from_its_first_value_to_its_last(WeightShape shape, double progress, double expected)
        => Assert.Equal(expected, new ScheduledWeight(0.9, 0.5, shape).At(progress), 1e-5);

    [Fact]
    public void A_scheduled_weight_counts_as_it_stands_at_that_step()
    {
        WeightedLoss[] moving = [new("forward-kl", new ForwardKl(new()), new ScheduledWeight(1, 0)), new("cross-entropy", new CrossEntropy(), new ScheduledWeight(0, 1))];

        Assert.Equal(Loss([new("forward-kl", new ForwardKl(new()), 1)]), Loss(moving, progress: 0), 1e-4);
        Assert.Equal(Loss([new("cross-entropy", new CrossEntropy(), 1)]), Loss(moving, progress: 1), 1e-4);
        Assert.Equal(Loss([new("forward-kl", new ForwardKl(new()), 0.75), new("cross-entropy", new CrossEntropy(), 0.25)]), Loss(moving, progress: 0.25), 1e-4);
    }

    public static TheoryData<TokenWeighting> Weightings() =>
    [
        new TokenWeighting(TokenMeasure.TeacherConfidence),
        new TokenWeighting(TokenMeasure.TeacherConfidence, Power: 2, AtLeast: 0.06),
        new TokenWeighting(TokenMeasure.TeacherEntropy),
        new TokenWeighting(TokenMeasure.TeacherEntropy, AtMost: 0.93),
        new TokenWeighting(TokenMeasure.Divergence, Share: 0.5),
        new TokenWeighting(TokenMeasure.Divergence, Power: 0.5),
    ];

    [Theory]
    [MemberData(nameof(Weightings))]
    public void Every_token_counts_by_its_measure(TokenWeighting weighting)
    {
        using var scope = NewDisposeScope();
        using var network = Small.Network();
        var (tokens, positions, targets) = BatchTensors.Of(BatchOf(Traces), CPU);
        var hidden = network.Hidden(tokens, positions);
        var logits = hidden.matmul(network.Head.t());
        var measures = weighting.By switch
        {
            TokenMeasure.TeacherConfidence => targets.HeadLogprobs.amax([1]).exp(),
            TokenMeasure.TeacherEntropy => -targets.NegativeEntropy / Math.Log(V),
            _ => new ForwardKl(new()).PerToken(logits, targets),
        };
        double[] each = [.. new ReverseKl(new()).PerToken(logits, targets).data<float>().ToArray().Select(x => (double)x)];
        double[] m = [.. measures.data<float>().ToArray().Select(x => (double)x)];
        var least = weighting.Share < 1 ? m.Order().ToArray()[m.Length / 2] : 0;
        var expected = m.Zip(each).Where(pair => pair.First >= (weighting.AtLeast ?? least) && pair.First <= (weighting.AtMost ?? 1e9)).Sum(pair => Math.Pow(pair.First, weighting.EffectivePower) * pair.Second);

        Assert.NotEqual(each.Sum(), expected, 0.1);
        Assert.True(!weighting.Selects || m.Any(x => x < (weighting.AtLeast ?? least) || x > (weighting.AtMost ?? 1e9)), "nothing is left out");
        // Whatever the chunk.
        Assert.Equal(expected, Loss([new("reverse-kl", new ReverseKl(new()), 1, weighting)], chunk: 1024), expected * 1e-4);
        Assert.Equal(expected, Loss([new("reverse-kl", new ReverseKl(new()), 1, weighting)], chunk: 5), expected * 1e-4);
        Assert.Equal(expected, new Objective([new("reverse-kl", new ReverseKl(new()), 1, weighting)]).Measure(hidden, network.Head, targets, Precision.Float32)[0], expected * 1e-4);
    }

    [Fact]
    public void Weighed_tokens_go_the_fused_way_with_the_value_and_gradient_of_the_plain_one()
    {
        WeightedLoss fused = new("forward-kl", new ForwardKl(new()), 0.7, new TokenWeighting(TokenMeasure.TeacherEntropy));

        var (value, gradient) = Run([fused], 1, 1024, BatchOf(Traces));
        var (plain, plainGradient) = Run([fused with { Loss = new Plain(fused.Loss) }], 1, 1024, BatchOf(Traces));

        Assert.Equal(plain, value, Math.Abs(plain) * 1e-4);
        AssertClose(plainGradient, gradient);
    }

    [Fact]
    public void Weights_by_a_teacher_need_one()
    {
        var unscored = Small.Counting(8, new Random(1));
        var plan = new TrainingPlan { Shape = Small.Shape, Vocabulary = Small.Vocabulary, Seed = 1, Losses = [new LossTerm("cross-entropy", Tokens: new TokenWeighting(TokenMeasure.TeacherConfidence, Share: 2))] };

        var error = Assert.Throws<ForgeException>(() => Preflight.Check(plan, unscored, new Corpus(unscored, 64, 0), [new("cross-entropy", new CrossEntropy(), 1, plan.Losses[0].Tokens)]));

        Assert.Contains("weighs tokens by a teacher's log-probabilities", error.Message, StringComparison.Ordinal);
        Assert.Equal("tokens.share", Assert.Single(plan.Losses[0].Tokens!.Check()).Where);
    }

    [Theory]
    [InlineData(TeacherMix.Fixed)]
    [InlineData(TeacherMix.Confidence)]
    public void Several_teachers_count_by_their_shares(TeacherMix mix)
    {
        var (first, second) = (Traces[0], Some.Scored(new Random(77), Traces[0].TokenIds.Length, 3, V, head: 6, samples: 2) with { Id = Traces[0].Id, TokenIds = Traces[0].TokenIds, Scorer = "other" });
        var ensemble = new TeacherEnsemble(["teacher", "other"], [1, 3], mix);
        WeightedLoss[] losses = [new("reverse-kl", new ReverseKl(new()), 0.7), new("cross-entropy", new CrossEntropy(), 0.3)];
        var corpus = new Corpus([second, first], 64, 0, ensemble);

        var together = Run(losses, 1, 1024, Batch.Of(corpus.Training, corpus.Contents)).Loss;

        // One position at a time, each teacher by itself.
        var expected = Enumerable.Range(0, first.CompletionLength).Sum(i =>
        {
            double Alone(TokenTrace trace) => Loss(losses, traces: [trace with { LossMask = [.. trace.LossMask.Select((_, j) => i == j)] }]);
            var (a, b) = (1 * (mix == TeacherMix.Confidence ? Math.Exp(-first.Entropies[i]) : 1), 3 * (mix == TeacherMix.Confidence ? Math.Exp(-second.Entropies[i]) : 1));
            return (a * Alone(first) + b * Alone(second)) / (a + b);
        });
        Assert.Equal(expected, together, Math.Abs(expected) * 1e-4);
    }

    [Fact]
    public void An_ensemble_wants_every_teacher_on_every_row_and_on_the_same_tokens()
    {
        var other = Traces[0] with { Scorer = "other" };
        var ensemble = new TeacherEnsemble(["teacher", "other"], [1, 1], TeacherMix.Fixed);

        Assert.Contains("was not scored by other", Assert.Throws<ForgeException>(() => ensemble.Group([Traces[0]]).ToList()).Message, StringComparison.Ordinal);
        var changed = other with { TokenIds = [.. other.TokenIds.Select(id => (id + 1) % V)] };
        Assert.Contains("was read as other tokens", Assert.Throws<ForgeException>(() => ensemble.Group([Traces[0], changed]).ToList()).Message, StringComparison.Ordinal);
        Assert.Single(ensemble.Group([other, Traces[0]]));
    }

    static Batch BatchOf(params TokenTrace[] traces) => Batch.Of([.. traces.Select(trace => new Row(trace, 64))], TraceContents.Of(traces));

    static double Loss(WeightedLoss[] losses, double progress = 1, int chunk = 1024, TokenTrace[]? traces = null) => Run(losses, progress, chunk, BatchOf(traces ?? Traces)).Loss;

    static (double Loss, Tensor[] Gradients) Run(WeightedLoss[] losses, double progress, int chunk, Batch batch)
    {
        using var network = Small.Network();
        using var scope = NewDisposeScope();
        var (tokens, positions, targets) = BatchTensors.Of(batch, CPU);
        var loss = new Objective(losses, chunk).Backward(network.Hidden(tokens, positions), network.Head, targets, 1, Precision.Float32, progress);
        return (loss, [.. network.Weights.Select(weight => weight.Value.grad!.clone().DetachFromDisposeScope())]);
    }

    static void AssertClose(Tensor[] expected, Tensor[] actual)
    {
        Assert.NotEmpty(expected);
        foreach (var (a, b) in expected.Zip(actual))
        {
            Assert.InRange((a - b).abs().max().item<float>(), 0, a.abs().max().item<float>() * 5e-5);
        }
    }

    sealed class Plain(ITokenLoss loss) : ITokenLoss
    {
        public Tensor PerToken(Tensor logits, TokenTargets targets) => loss.PerToken(logits, targets);
    }
}
