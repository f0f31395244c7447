using DistillForge.Training;
using DistillForge.Training.Losses;

namespace DistillForge.Engines.Tests.Training;

/// <summary>Heads that are drawn, and tails that are sampled: what they estimate, and that they are not mistaken for anything else.</summary>
public sealed class RandomDrawTests
{
    const int V = 30;

    // The mean of so many redraws is within five standard errors of its expectation in every entry.
    const int Redraws = 3000;

    [Theory]
    [InlineData(1, 1)]
    [InlineData(2, 1)]
    [InlineData(1, 2)]
    [InlineData(2, 2)]
    public void The_gradient_of_random_draws_is_that_of_the_whole_vocabulary_on_average(float s, float temperature)
        => AssertUnbiased(temperature, (random, teacher) => Some.Drawn(random, teacher, draws: 12, s, 0, 2f));

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void The_gradient_of_head_and_tail_samples_is_that_of_the_whole_vocabulary_on_average(float temperature)
        => AssertUnbiased(temperature, (random, teacher) => Some.FromPosition(random, teacher, head: 4, samples: 4, 0, 2f));

    [Fact]
    public void The_value_of_random_draws_is_the_divergence_on_average()
    {
        using var scope = NewDisposeScope();
        var random = new Random(4);
        var teacher = TeacherPosition.Random(random, V);
        var logits = Logits(random);
        var q = logits.log_softmax(-1).data<double>().ToArray();
        var whole = teacher.Probabilities.Select((p, id) => p * (Math.Log(p) - q[id])).Sum();

        var values = Enumerable.Range(0, Redraws).Select(_ => Kl().Measure(logits, Targets(Some.Drawn(random, teacher, 12, 2))).item<double>()).ToArray();

        Assert.InRange(values.Average() - whole, -5 * Error(values), 5 * Error(values));
    }

    [Theory]
    [InlineData(1, 1)]
    [InlineData(2, 1)]
    [InlineData(1, 2)]
    public void Random_draws_are_0_when_teacher_and_student_agree(float s, float temperature)
    {
        using var scope = NewDisposeScope();
        var random = new Random(6);
        var teacher = TeacherPosition.Random(random, V);
        var student = tensor(teacher.Probabilities.Select(p => Math.Log(p)).ToArray(), [1, V]);

        Assert.Equal(0, Kl(temperature: temperature).Measure(student, Targets(Some.Drawn(random, teacher, 20, s, 0, 2f))).item<double>(), 5);
    }

    [Fact]
    public void The_fused_form_has_the_value_of_the_plain_one_and_padding_weighs_nothing()
    {
        using var scope = NewDisposeScope();
        var random = new Random(7);
        // Few and many draws: the smaller head is padded.
        TokenTrace[] traces = [.. new[] { 1, 40 }.Select(draws => Some.Drawn(random, TeacherPosition.Random(random, V), draws, 2))];
        var targets = Targets(traces);
        var logits = tensor(Enumerable.Range(0, 2 * V).Select(_ => random.NextDouble() * 4).ToArray(), [2, V]);

        var sparse = Kl().Sparse(targets)!;
        var fused = (sparse.Constant.sum() - (sparse.Weights * logits.log_softmax(-1).gather(1, sparse.Ids)).sum()).item<double>();

        Assert.True(targets.HeadIds.shape[1] > 5);
        Assert.Equal(traces.Sum(trace => Kl().Measure(logits.narrow(0, Array.IndexOf(traces, trace), 1), Targets(trace)).item<double>()), fused, 5);
    }

    [Theory]
    [InlineData(MissingMass.OneBucket)]
    [InlineData(MissingMass.Renormalise)]
    [InlineData(MissingMass.StudentShaped)]
    [InlineData(MissingMass.TailSamples)]
    public void Drawn_heads_are_never_taken_for_the_most_likely_ids(MissingMass kind)
    {
        var drawn = TraceContents.Of([Some.Drawn(new Random(1), TeacherPosition.Random(new Random(1), V), 12, 2)]);

        var problem = Assert.Single(Kl(kind).Check(drawn));

        Assert.Contains("they are random draws", problem.What, StringComparison.Ordinal);
        Assert.Empty(Kl().Check(drawn));
    }

    [Fact]
    public void Rows_of_two_kinds_of_head_are_refused()
    {
        var random = new Random(1);
        var teacher = TeacherPosition.Random(random, V);
        var (drawn, other, top) = (Some.Drawn(random, teacher, 12, 2), Some.Drawn(random, teacher, 12, 1), Some.FromPosition(random, teacher, 4, 4));

        Assert.Contains("heads of two kinds", Assert.Single(Kl().Check(TraceContents.Of([drawn, top]))).What, StringComparison.Ordinal);
        Assert.Contains("heads of two kinds", Assert.Single(Kl().Check(TraceContents.Of([drawn, other]))).What, StringComparison.Ordinal);
        Assert.Contains("heads are the most likely ids", Assert.Single(Kl(MissingMass.RandomDraws).Check(TraceContents.Of([top]))).What, StringComparison.Ordinal);
    }

    static void AssertUnbiased(float temperature, Func<Random, TeacherPosition, TokenTrace> draw)
    {
        using var scope = NewDisposeScope();
        var random = new Random(12);
        var teacher = TeacherPosition.Random(random, V);
        var logits = Logits(random);
        var q = (logits / temperature).log_softmax(-1).exp().data<double>().ToArray();
        // d/dz of T² KL(p ‖ softmax(z/T)) is T (q − p).
        double[] whole = [.. teacher.Tempered(temperature).Select((p, id) => temperature * (q[id] - p))];

        var gradients = Enumerable.Range(0, Redraws).Select(_ => Gradient(logits, Targets(draw(random, teacher)), temperature)).ToArray();

        for (var id = 0; id < V; id++)
        {
            double[] entry = [.. gradients.Select(gradient => gradient[id])];
            Assert.InRange(entry.Average() - whole[id], (-5 * Error(entry)) - 1e-6, (5 * Error(entry)) + 1e-6);
        }
    }

    static double[] Gradient(Tensor logits, TokenTargets targets, float temperature)
    {
        using var scope = NewDisposeScope();
        var leaf = logits.detach().clone().requires_grad_();
        Kl(temperature: temperature).Measure(leaf, targets).backward();
        return leaf.grad!.data<double>().ToArray();
    }

    static double Error(double[] values)
    {
        var mean = values.Average();
        return Math.Sqrt(values.Sum(x => (x - mean) * (x - mean)) / values.Length / values.Length);
    }

    static ForwardKl Kl(MissingMass kind = MissingMass.AsCaptured, float temperature = 1) => new(new ForwardKl.Options(kind, temperature));

    static Tensor Logits(Random random) => tensor(Enumerable.Range(0, V).Select(_ => random.NextDouble() * 4 - 2).ToArray(), [1, V]);

    static TokenTargets Targets(params TokenTrace[] traces)
        => BatchTensors.Of(Batch.Of([.. traces.Select(trace => new Row(trace, 9))], TraceContents.Of(traces)), CPU).Targets;
}
