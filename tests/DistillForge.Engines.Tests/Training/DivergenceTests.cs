using DistillForge.Training;
using DistillForge.Training.Losses;

namespace DistillForge.Engines.Tests.Training;

/// <summary>What every divergence on head and bucket must hold, each against its definition written out in doubles.</summary>
public sealed class DivergenceTests
{
    const int V = 5;

    static readonly Dictionary<string, Func<double[], double[], double>> Definitions = new()
    {
        ["reverse-kl"] = (p, q) => Kl(q, p),
        ["jsd"] = (p, q) => 0.3 * Kl(p, Mix(p, q, 0.3)) + 0.7 * Kl(q, Mix(p, q, 0.3)),
        ["skew-kl"] = (p, q) => Kl(p, Mix(p, q, 0.2)),
        ["tvd"] = (p, q) => 0.5 * p.Zip(q, (a, b) => Math.Abs(a - b)).Sum(),
    };

    public static TheoryData<string, float, int> Settings()
    {
        var data = new TheoryData<string, float, int>();
        foreach (var name in Definitions.Keys)
        {
            foreach (var head in new[] { 1, 2, V })
            {
                data.Add(name, 1, head);
                data.Add(name, 2, head);
            }
        }

        return data;
    }

    [Theory]
    [MemberData(nameof(Settings))]
    public void It_equals_its_definition_on_the_head_and_the_rest(string name, float temperature, int head)
    {
        using var scope = NewDisposeScope();
        var (teacher, logits, targets) = Draw(3, head);

        var value = Loss(name, temperature).Measure(logits, targets).item<double>();

        var (p, q) = (Bucketed(teacher, Tempered(teacher, temperature), head), Bucketed(teacher, Softmax(logits, temperature), head));
        Assert.Equal(temperature * temperature * Definitions[name](p, q), value, 1e-5);
    }

    [Theory]
    [MemberData(nameof(Settings))]
    public void It_is_0_when_teacher_and_student_agree(string name, float temperature, int head)
    {
        using var scope = NewDisposeScope();
        var (teacher, _, targets) = Draw(4, head);

        var value = Loss(name, temperature).Measure(tensor(teacher.Select(x => Math.Log(x)).ToArray(), [1, V]), targets).item<double>();

        Assert.Equal(0, value, 5);
    }

    [Theory]
    [MemberData(nameof(Settings))]
    public void It_is_never_above_its_value_over_the_whole_vocabulary(string name, float temperature, int head)
    {
        for (var seed = 0; seed < 20; seed++)
        {
            using var scope = NewDisposeScope();
            var (teacher, logits, targets) = Draw(seed, head);

            var value = Loss(name, temperature).Measure(logits, targets).item<double>();

            var whole = temperature * temperature * Definitions[name](Tempered(teacher, temperature), Softmax(logits, temperature));
            Assert.InRange(value, -1e-5, whole + 1e-5);
        }
    }

    [Theory]
    [MemberData(nameof(Settings))]
    public void Its_gradient_is_that_of_finite_differences(string name, float temperature, int head)
    {
        using var scope = NewDisposeScope();
        var (_, logits, targets) = Draw(9, head);
        var loss = Loss(name, temperature);
        logits = logits.requires_grad_();

        loss.Measure(logits, targets).backward();

        var gradient = logits.grad!.data<double>().ToArray();
        for (var i = 0; i < V; i++)
        {
            Assert.Equal(Difference(x => loss.Measure(x, targets).item<double>(), logits, i), gradient[i], 5);
        }
    }

    [Theory]
    [InlineData("reverse-kl")]
    [InlineData("jsd")]
    [InlineData("skew-kl")]
    [InlineData("tvd")]
    public void Rows_without_a_teacher_and_temperatures_not_captured_are_refused_before_any_work(string name)
    {
        var unscored = new TraceContents(false, [], new Dictionary<float, int>());
        var atOne = new TraceContents(true, [1f], new Dictionary<float, int>());

        Assert.Contains("needs a teacher's log-probabilities", Assert.Single(Loss(name, 1).Check(unscored)).What, StringComparison.Ordinal);
        Assert.Contains("2 was not captured", Assert.Single(Loss(name, 2).Check(atOne)).What, StringComparison.Ordinal);
        Assert.Empty(Loss(name, 1).Check(atOne));
    }

    [Fact]
    public void Shares_outside_0_and_1_are_refused()
    {
        var contents = new TraceContents(true, [1f], new Dictionary<float, int>());

        Assert.Equal("beta", Assert.Single(new Jsd(new(Beta: 1)).Check(contents)).Where);
        Assert.Equal("alpha", Assert.Single(new SkewKl(new(Alpha: 0)).Check(contents)).Where);
        Assert.Equal("label_smoothing", Assert.Single(new CrossEntropy(new(1)).Check(contents)).Where);
    }

    [Fact]
    public void Label_smoothing_spreads_a_share_over_the_vocabulary()
    {
        using var scope = NewDisposeScope();
        var logits = tensor(new double[] { 1, 2, 3, 4, 5 }, [1, V]);
        var targets = Draw(1, 2).Targets;
        var log = Softmax(logits, 1).Select(x => Math.Log(x)).ToArray();

        var value = new CrossEntropy(new(0.1f)).Measure(logits, targets).item<double>();

        Assert.Equal(-(0.9 * log[0]) - 0.1 * log.Average(), value, 5);
        Assert.Null(new CrossEntropy(new(0.1f)).Sparse(targets));
    }

    static ITokenLoss Loss(string name, float temperature) => name switch
    {
        "reverse-kl" => new ReverseKl(new(temperature)),
        "jsd" => new Jsd(new(0.3f, temperature)),
        "skew-kl" => new SkewKl(new(0.2f, temperature)),
        _ => new TotalVariation(new(temperature)),
    };

    static (double[] Teacher, Tensor Logits, TokenTargets Targets) Draw(int seed, int head)
    {
        var random = new Random(seed);
        var teacher = TeacherPosition.Random(random, V);
        var trace = Some.FromPosition(random, teacher, head, samples: 0, token: 0, 2f);
        var targets = BatchTensors.Of(Batch.Of([new Row(trace, 9)], TraceContents.Of([trace])), CPU).Targets;
        return (teacher.Probabilities, tensor(Enumerable.Range(0, V).Select(_ => random.NextDouble() * 4 - 2).ToArray(), [1, V]), targets);
    }

    // The head's ids by themselves, the rest added up.
    static double[] Bucketed(double[] teacher, double[] distribution, int size)
    {
        var head = new TeacherPosition(teacher).Head(size);
        return [.. head.Select(id => distribution[id]), Enumerable.Range(0, V).Except(head).Sum(id => distribution[id])];
    }

    static double[] Softmax(Tensor logits, float temperature)
    {
        var powers = logits.data<double>().ToArray().Select(x => Math.Exp(x / temperature)).ToArray();
        return [.. powers.Select(x => x / powers.Sum())];
    }

    static double[] Tempered(double[] p, float temperature) => new TeacherPosition(p).Tempered(temperature);

    static double Kl(double[] p, double[] q) => p.Zip(q, (a, b) => a > 0 ? a * Math.Log(a / b) : 0).Sum();

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
