using DistillForge.Training;
using DistillForge.Training.Losses;

namespace DistillForge.Engines.Tests.Training;

public sealed class ObjectiveTests
{
    const int V = 61;

    static readonly TokenTrace[] Traces = [.. Enumerable.Range(0, 12).Select(i => Some.Scored(new Random(i), 9 + i * 5 % 14, 3 + i % 4, V, head: 4, samples: 3))];

    static readonly WeightedLoss[] Both =
    [
        new("forward-kl", new ForwardKl(new ForwardKl.Options()), 0.7),
        new("cross-entropy", new CrossEntropy(), 0.3),
    ];

    [Fact]
    public void One_fused_product_gives_the_value_and_the_gradient_of_the_losses_themselves()
    {
        using var scope = NewDisposeScope();
        var (tokens, positions, targets) = BatchTensors.Of(BatchOf(Traces), CPU);

        var (fused, fusedGradients) = Run(Both, tokens, positions, targets, chunk: 1024);
        // A loss that hides its sparse form goes the plain way.
        var (plain, plainGradients) = Run([.. Both.Select(term => term with { Loss = new Hidden(term.Loss) })], tokens, positions, targets, chunk: 1024);

        Assert.Equal(plain, fused, Math.Abs(plain) * 1e-5);
        AssertClose(plainGradients, fusedGradients);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(7)]
    [InlineData(64)]
    public void Loss_and_gradient_do_not_depend_on_the_chunk(int chunk)
    {
        using var scope = NewDisposeScope();
        WeightedLoss[] bucket = [new("forward-kl", new ForwardKl(new ForwardKl.Options(MissingMass.OneBucket)), 1)];
        var (tokens, positions, targets) = BatchTensors.Of(BatchOf(Traces), CPU);

        var (whole, wholeGradients) = Run(bucket, tokens, positions, targets, chunk: 4096);
        var (parts, partGradients) = Run(bucket, tokens, positions, targets, chunk);

        Assert.Equal(whole, parts, Math.Abs(whole) * 1e-5);
        AssertClose(wholeGradients, partGradients);
    }

    [Fact]
    public void Loss_and_gradient_a_token_do_not_depend_on_order_padding_or_split_of_the_batch()
    {
        using var scope = NewDisposeScope();

        var (whole, wholeGradients) = Run([Traces]);
        var (reversed, reversedGradients) = Run([[.. Traces.Reverse()]]);
        // Alone, no row is padded.
        var (alone, aloneGradients) = Run([.. Traces.Select(trace => new[] { trace })]);

        Assert.Equal(whole, reversed, Math.Abs(whole) * 1e-5);
        Assert.Equal(whole, alone, Math.Abs(whole) * 1e-5);
        AssertClose(wholeGradients, reversedGradients);
        AssertClose(wholeGradients, aloneGradients);
    }

    [Fact]
    public void Masked_positions_contribute_nothing()
    {
        using var scope = NewDisposeScope();
        var masked = Traces[0] with { LossMask = [.. Traces[0].LossMask.Select((_, i) => i % 2 == 0)] };
        // What a masked position would be trained on is changed beyond recognition: neither value nor gradient may notice.
        var other = Some.Scored(new Random(99), masked.TokenIds.Length, masked.PromptLength, V, head: 4, samples: 3);
        var tampered = masked with
        {
            HeadIds = Mix(masked.HeadIds, other.HeadIds, 4),
            HeadLogprobs = Mix(masked.HeadLogprobs, other.HeadLogprobs, 4),
            Entropies = Mix(masked.Entropies, other.Entropies, 1),
            TailLogSums = [new TailLogSums(1, Mix(masked.TailLogSums[0].Values, other.TailLogSums[0].Values, 1))],
            TailSamples = [new TailSamples(1, Mix(masked.TailSamples[0].Ids, other.TailSamples[0].Ids, 3))],
        };

        var (before, beforeGradients) = Run([[masked]]);
        var (after, afterGradients) = Run([[tampered]]);

        Assert.NotEqual(masked.HeadIds, tampered.HeadIds);
        Assert.Equal(before, after);
        AssertClose(beforeGradients, afterGradients);
    }

    static T[] Mix<T>(T[] even, T[] odd, int size) => [.. even.Select((x, i) => i / size % 2 == 0 ? x : odd[i])];

    // The last column of a batch of one is never padded.
    static Batch BatchOf(params TokenTrace[] traces) => Batch.Of([.. traces.Select(trace => new Row(trace, 64))], TraceContents.Of(traces));

    static (double Loss, Tensor[] Gradients) Run(TokenTrace[][] batches)
    {
        using var network = Small.Network();
        var tokens = batches.Sum(traces => BatchOf(traces).Trained);
        var loss = 0.0;
        foreach (var traces in batches)
        {
            using var scope = NewDisposeScope();
            var (ids, positions, targets) = BatchTensors.Of(BatchOf(traces), CPU);
            loss += new Objective(Both).Backward(network.Hidden(ids, positions), network.Head, targets, 1.0 / tokens, Precision.Float32) / tokens;
        }

        return (loss, [.. network.Weights.Select(weight => weight.Value.grad!.clone())]);
    }

    static (double Loss, Tensor[] Gradients) Run(WeightedLoss[] losses, Tensor tokens, Tensor positions, TokenTargets targets, int chunk)
    {
        using var network = Small.Network();
        var loss = new Objective(losses, chunk).Backward(network.Hidden(tokens, positions), network.Head, targets, 1, Precision.Float32);
        return (loss, [.. network.Weights.Select(weight => weight.Value.grad!.clone())]);
    }

    static void AssertClose(Tensor[] expected, Tensor[] actual)
    {
        Assert.NotEmpty(expected);
        foreach (var (a, b) in expected.Zip(actual))
        {
            var size = a.abs().max().item<float>();
            Assert.True(size > 0);
            Assert.InRange((a - b).abs().max().item<float>(), 0, size * 2e-5);
        }
    }

    sealed class Hidden(ITokenLoss loss) : ITokenLoss
    {
        public Tensor PerToken(Tensor logits, TokenTargets targets) => loss.PerToken(logits, targets);
    }
}
