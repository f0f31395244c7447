using DistillForge.Training;

namespace DistillForge.Engines.Tests.Training;

/// <summary>What every loss of the catalog must hold where the teacher is at hand and gives its whole distribution, in doubles.</summary>
public sealed class FullTargetTests
{
    const int V = 5;

    const int N = 3;

    static readonly Dictionary<string, Func<double[], double[], double>> Definitions = new()
    {
        ["forward-kl"] = Kl,
        ["reverse-kl"] = (p, q) => Kl(q, p),
        ["jsd"] = (p, q) => 0.5 * Kl(p, Mix(p, q, 0.5)) + 0.5 * Kl(q, Mix(p, q, 0.5)),
        ["skew-kl"] = (p, q) => Kl(p, Mix(p, q, 0.1)),
        ["uld"] = (p, q) => p.OrderDescending().Zip(q.OrderDescending(), (a, b) => Math.Abs(a - b)).Sum(),
        ["tvd"] = (p, q) => 0.5 * p.Zip(q, (a, b) => Math.Abs(a - b)).Sum(),
    };

    public static TheoryData<string, float> Divergences()
    {
        var data = new TheoryData<string, float>();
        foreach (var name in Divergent())
        {
            data.Add(name, 1);
            data.Add(name, 2);
        }

        return data;
    }

    public static TheoryData<string> Names() => new(TrainingCatalog.Losses.Names);

    [Fact]
    public void Every_divergence_of_the_catalog_has_a_definition_here()
        => Assert.Equal(Definitions.Keys.Order(), Divergent());

    [Theory]
    [MemberData(nameof(Divergences))]
    public void Each_position_has_its_divergence_over_the_whole_vocabulary(string name, float temperature)
    {
        using var scope = NewDisposeScope();
        var (teacher, student) = (Logits(1), Logits(2));

        var each = Loss(name, temperature).PerToken(student, Targets(teacher)).data<double>().ToArray();

        Assert.Equal(N, each.Length);
        for (var n = 0; n < N; n++)
        {
            Assert.Equal(temperature * temperature * Definitions[name](Softmax(teacher, n, temperature), Softmax(student, n, temperature)), each[n], 1e-6);
        }
    }

    [Theory]
    [MemberData(nameof(Divergences))]
    public void It_is_0_where_teacher_and_student_agree(string name, float temperature)
    {
        using var scope = NewDisposeScope();
        var same = Logits(3);

        // A shift of all logits changes no probability.
        Assert.All(Loss(name, temperature).PerToken(same + 7, Targets(same)).data<double>().ToArray(), value => Assert.Equal(0, value, 1e-9));
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void The_gradient_of_every_loss_is_that_of_finite_differences(string name)
    {
        foreach (var temperature in TrainingCatalog.Losses.OptionsOf(name)!.GetProperty("Temperature") is null ? new[] { 1f } : [1f, 2f])
        {
            using var scope = NewDisposeScope();
            var targets = Targets(Logits(4));
            var student = Logits(5).requires_grad_();
            var loss = Loss(name, temperature);

            loss.Measure(student, targets).backward();

            var gradient = student.grad!.data<double>().ToArray();
            for (var i = 0; i < gradient.Length; i++)
            {
                var expected = Difference(x => loss.Measure(x, targets).item<double>(), student, i);
                Assert.InRange(gradient[i] - expected, -1e-3 * Math.Abs(expected) - 1e-8, 1e-3 * Math.Abs(expected) + 1e-8);
            }
        }
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void A_position_takes_nothing_from_another(string name)
    {
        using var scope = NewDisposeScope();
        var (teacher, student) = (Logits(6), Logits(7));
        var loss = Loss(name, 1);

        var together = loss.PerToken(student, Targets(teacher)).data<double>().ToArray();
        var alone = Enumerable.Range(0, N).Select(n => loss.PerToken(student.narrow(0, n, 1), Targets(teacher).Narrow(n, 1)).item<double>());

        Assert.Equal(alone, together);
    }

    [Fact]
    public void Any_temperature_is_at_hand_and_no_mass_is_missing()
    {
        var contents = new TraceContents(false, [], new Dictionary<float, int>()) { Full = true };

        Assert.All(Divergent(), name => Assert.Empty(Loss(name, 3.5f).Check(contents)));
        Assert.Equal("missing_mass", Assert.Single(new DistillForge.Training.Losses.ForwardKl(new(DistillForge.Training.Losses.MissingMass.OneBucket)).Check(contents)).Where);
    }

    [Fact]
    public void What_an_api_capped_is_refused_at_another_temperature_than_1()
    {
        var traces = new[] { Some.FromPosition(new Random(1), TeacherPosition.Random(new Random(1), V), 2, 0, 0, 2f) with { Capped = true } };
        var contents = TraceContents.Of(traces);

        Assert.All(Divergent(), name =>
        {
            Assert.Contains("an API gave only its most likely tokens", Assert.Single(Loss(name, 2).Check(contents)).What, StringComparison.Ordinal);
            Assert.Empty(Loss(name, 1).Check(contents));
        });
    }

    static IEnumerable<string> Divergent() => TrainingCatalog.Losses.Names.Except(["cross-entropy"]).Order();

    static ITokenLoss Loss(string name, float temperature) => TrainingCatalog.Losses.Create(name, new WithTemperature(temperature));

    static TokenTargets Targets(Tensor teacher)
        => new(tensor(new long[] { 1, 4, 0 }), zeros([N]), zeros([N, 0], ScalarType.Int64), zeros([N, 0]), [], Full: FullTargets.Of(teacher));

    static Tensor Logits(int seed)
    {
        var random = new Random(seed);
        return tensor(Enumerable.Range(0, N * V).Select(_ => random.NextDouble() * 4 - 2).ToArray(), [N, V]);
    }

    static double[] Softmax(Tensor logits, int n, float temperature) => (logits / temperature).softmax(-1).select(0, n).data<double>().ToArray();

    static double Kl(double[] p, double[] q) => p.Zip(q, (a, b) => a * Math.Log(a / b)).Sum();

    static double[] Mix(double[] p, double[] q, double share) => [.. p.Zip(q, (a, b) => share * a + (1 - share) * b)];

    static double Difference(Func<Tensor, double> value, Tensor at, int i)
    {
        const double Step = 1e-5;
        using var scope = NewDisposeScope();
        double Shifted(double by)
        {
            var x = at.data<double>().ToArray();
            x[i] += by;
            return value(tensor(x, at.shape));
        }

        return (Shifted(Step) - Shifted(-Step)) / (2 * Step);
    }
}

/// <summary>A loss's options with every value at its default, but the temperature.</summary>
sealed class WithTemperature(float temperature) : IOptionsSource
{
    public object Bind(Type options)
    {
        var bound = DefaultOptions.Create(options);
        options.GetProperty("Temperature")?.SetValue(bound, temperature);
        return bound;
    }
}
