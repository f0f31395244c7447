using DistillForge.Runs.Benches;

namespace DistillForge.EndToEnd.Tests.Benches;

public class EncodeGradientsTests
{
    const int V = 40;
    const int Redraws = 400;

    static readonly EncodeCoding[] Codings =
    [
        new("renormalised", new Want.Head(5, TailSamples: 0), EncodeTarget.Renormalised),
        new("bucket", new Want.Head(5, TailSamples: 0), EncodeTarget.Bucket),
        new("adaptive", new Want.Head(30, 0.9f, TailSamples: 0), EncodeTarget.Bucket),
        new("everything", new Want.Head(V, TailSamples: 0), EncodeTarget.Bucket),
        new("head and tail", new Want.Head(5, TailSamples: 3), EncodeTarget.TailSamples),
        new("draws", new Want.Head(RandomDraws: 6), EncodeTarget.RandomDraws),
    ];

    readonly double[][] teacher = [.. Enumerable.Range(0, 9).Select(seed => Distribution(seed, 4))];
    readonly double[][] student = [.. Enumerable.Range(100, 9).Select(seed => Distribution(seed, 1))];
    readonly EncodeGradients gradients = new(V, Codings, students: 1, Redraws, new Random(3));

    public EncodeGradientsTests()
    {
        for (var position = 0; position < teacher.Length; position++)
        {
            gradients.Add(Logits(teacher[position]), [Logits(student[position])]);
        }
    }

    double Norm => Length([.. Enumerable.Range(0, V).Select(id => teacher.Zip(student, (p, q) => q[id] - p[id]).Sum())]);

    [Theory]
    [InlineData(4)]
    [InlineData(5)]
    public void Codings_that_draw_have_no_bias_beyond_chance(int coding)
    {
        var error = gradients.Error(coding, 0);

        Assert.True(error.IsChance);
        Assert.True(error.Bias > 0.5 * error.BiasByChance);
        Assert.True(error.BiasByChance < 0.1 * error.Deviation);
    }

    [Fact]
    public void The_variance_of_draws_is_the_closed_form()
    {
        // A draw from r: Σ r (1 − r), with the square of the mass that it stands for, over the number of draws.
        var tails = teacher.Select(p => p.OrderDescending().Skip(5).ToArray()).Sum(tail => ((tail.Sum() * tail.Sum()) - tail.Sum(p => p * p)) / 3);
        var draws = teacher.Sum(p => (1 - p.Sum(x => x * x)) / 6);

        Assert.Equal(Math.Sqrt(tails) / Norm, gradients.Error(4, 0).Deviation, 0.05 * Math.Sqrt(tails) / Norm);
        Assert.Equal(Math.Sqrt(draws) / Norm, gradients.Error(5, 0).Deviation, 0.05 * Math.Sqrt(draws) / Norm);
    }

    [Fact]
    public void The_bias_of_a_renormalised_head_and_of_a_bucket_is_the_definition()
    {
        var renormalised = new double[V];
        var bucket = new double[V];
        foreach (var (p, q) in teacher.Zip(student))
        {
            var head = Enumerable.Range(0, V).OrderByDescending(id => p[id]).Take(5).ToHashSet();
            var (mass, said) = (head.Sum(id => p[id]), head.Sum(id => q[id]));
            for (var id = 0; id < V; id++)
            {
                renormalised[id] += p[id] - (head.Contains(id) ? p[id] / mass : 0);
                bucket[id] += head.Contains(id) ? 0 : p[id] - (q[id] * (1 - mass) / (1 - said));
            }
        }

        Assert.Equal(Length(renormalised) / Norm, gradients.Error(0, 0).Bias, 1e-5);
        Assert.Equal(Length(bucket) / Norm, gradients.Error(1, 0).Bias, 1e-5);
        Assert.Equal(0, gradients.Error(1, 0).Deviation);
        Assert.False(gradients.Error(1, 0).IsChance);
    }

    [Fact]
    public void A_head_of_everything_has_no_error_and_a_larger_head_less_than_a_small_one()
    {
        Assert.InRange(gradients.Error(3, 0).Bias, 0, 1e-9);
        Assert.InRange(gradients.Error(2, 0).Bias, 1e-6, 0.9 * gradients.Error(1, 0).Bias);
    }

    [Fact]
    public void The_divergence_is_the_mean_over_positions()
        => Assert.Equal(teacher.Zip(student, (p, q) => p.Zip(q, (a, b) => a * Math.Log(a / b)).Sum()).Average(), gradients.Divergence(0), 1e-5);

    static float[] Logits(double[] p) => [.. p.Select(x => (float)Math.Log(x))];

    static double Length(double[] x) => Math.Sqrt(x.Sum(v => v * v));

    static double[] Distribution(int seed, double sharpness)
    {
        var random = new Random(seed);
        var weights = Enumerable.Range(0, V).Select(_ => Math.Exp(sharpness * random.NextDouble())).ToArray();
        return [.. weights.Select(w => w / weights.Sum())];
    }
}
