using DistillForge.Training;
using DistillForge.Training.Losses;

namespace DistillForge.Engines.Tests.Training;

public sealed class LossTests
{
    const int V = 5;

    public static TheoryData<string, float, int> Settings()
    {
        var data = new TheoryData<string, float, int>();
        // Random draws are another kind of trace: RandomDrawTests.
        foreach (var kind in Enum.GetNames<MissingMass>().Except([nameof(MissingMass.RandomDraws)]))
        {
            foreach (var head in new[] { 2, V })
            {
                data.Add(kind, 1, head);
                data.Add(kind, 2, head);
            }
        }

        return data;
    }

    [Fact]
    public void The_catalog_offers_the_losses_by_name()
        => Assert.Equal(["cross-entropy", "forward-kl", "jsd", "reverse-kl", "skew-kl", "tvd", "uld"], TrainingCatalog.Losses.Names);

    [Fact]
    public void Cross_entropy_is_minus_the_log_probability_of_the_token()
    {
        using var scope = NewDisposeScope();
        var logits = tensor(new double[] { 1, 2, 3, 0, 0, 0 }, [2, 3]);
        var targets = Targets([[0.2, 0.3, 0.5], [0.2, 0.3, 0.5]], head: 3, draws: 0, tokens: [2, 0]);

        var expected = -(3 - Math.Log(Math.E + Math.Exp(2) + Math.Exp(3))) + Math.Log(3);

        Assert.Equal(expected, new CrossEntropy().Measure(logits, targets).item<double>(), 6);
    }

    [Theory]
    [MemberData(nameof(Settings))]
    public void Forward_kl_is_0_when_teacher_and_student_agree(string kind, float temperature, int head)
    {
        using var scope = NewDisposeScope();
        // One token in the tail: then a draw is that token, and nothing is left to chance.
        var teacher = new[] { 0.1, 0.2, 0.05, 0.25, 0.4 };
        var targets = Targets([teacher], head == V ? V : V - 1, draws: 3, tokens: [0]);
        var student = tensor(teacher.Select(p => Math.Log(p)).ToArray(), [1, V]);

        var loss = Kl(kind, temperature).Measure(student, targets).item<double>();

        // Renormalised, the head is another distribution than the student's: 0 there would be wrong.
        Assert.Equal(kind == nameof(MissingMass.Renormalise) && head != V ? -temperature * temperature * Math.Log(1 - Tempered(teacher, temperature)[2]) : 0, loss, 5);
    }

    [Theory]
    [MemberData(nameof(Settings))]
    public void Forward_kl_equals_the_definition(string kind, float temperature, int head)
    {
        using var scope = NewDisposeScope();
        var random = new Random(5);
        var teacher = TeacherPosition.Random(random, V).Probabilities;
        var logits = RandomLogits(random, 1);
        var targets = Targets([teacher], head, draws: 0, tokens: [0], samples: kind is nameof(MissingMass.TailSamples) ? 4 : 0);

        var loss = Kl(kind, temperature).Measure(logits, targets).item<double>();

        Assert.Equal(BruteForce(kind, temperature, head, teacher, logits.data<double>().ToArray(), targets), loss, 5);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void The_bucket_is_never_above_the_divergence_over_the_whole_vocabulary(float temperature)
    {
        using var scope = NewDisposeScope();
        var random = new Random(11);
        for (var i = 0; i < 50; i++)
        {
            var teacher = TeacherPosition.Random(random, V).Probabilities;
            var logits = RandomLogits(random, 1);
            var bucket = Kl(nameof(MissingMass.OneBucket), temperature).Measure(logits, Targets([teacher], 2, 0, [0])).item<double>();
            var whole = temperature * temperature * Divergence(Tempered(teacher, temperature), Tempered(Softmax(logits.data<double>().ToArray()), temperature));

            Assert.InRange(bucket, -1e-6, whole + 1e-6);
        }
    }

    [Fact]
    public void Tail_samples_estimate_the_divergence_over_the_whole_vocabulary_without_bias()
    {
        using var scope = NewDisposeScope();
        var random = new Random(2);
        var teacher = TeacherPosition.Random(random, 40);
        var logits = tensor(Enumerable.Range(0, 40).Select(_ => random.NextDouble() * 4).ToArray(), [1, 40]);
        var trace = Some.FromPosition(random, teacher, head: 3, samples: 200_000);
        var targets = BatchTensors.Of(Batch.Of([new Row(trace, 9)], TraceContents.Of([trace])), CPU).Targets;

        var estimate = Kl(nameof(MissingMass.TailSamples), 1).Measure(logits, targets).item<double>();
        var whole = Divergence(teacher.Probabilities, Softmax(logits.data<double>().ToArray()));

        Assert.Equal(whole, estimate, 2);
        Assert.NotEqual(whole, Kl(nameof(MissingMass.OneBucket), 1).Measure(logits, targets).item<double>(), 2);
    }

    [Theory]
    [MemberData(nameof(Settings))]
    public void The_gradient_is_that_of_finite_differences(string kind, float temperature, int head)
    {
        using var scope = NewDisposeScope();
        var random = new Random(8);
        TeacherPosition[] teachers = [TeacherPosition.Random(random, V), TeacherPosition.Random(random, V)];
        var targets = Targets([.. teachers.Select(t => t.Probabilities)], head, 0, [1, 2], samples: 4);
        var loss = Kl(kind, temperature);
        var logits = RandomLogits(random, 2).requires_grad_();

        loss.Measure(logits, targets).backward();
        var gradient = logits.grad!.data<double>().ToArray();

        // At T ≠ 1 the draws decide the gradient and the bucket the value: their own cross-entropy is what must be differenced.
        Func<Tensor, double> value = kind is nameof(MissingMass.TailSamples) or nameof(MissingMass.AsCaptured) && temperature != 1
            ? x => SampledCrossEntropy(x, targets, temperature)
            : kind == nameof(MissingMass.StudentShaped) ? x => Kl(nameof(MissingMass.OneBucket), temperature).Measure(x, targets).item<double>()
            : x => loss.Measure(x, targets).item<double>();
        for (var i = 0; i < gradient.Length; i++)
        {
            Assert.Equal(Difference(value, logits, i), gradient[i], 6);
        }
    }

    [Fact]
    public void The_gradient_of_cross_entropy_is_that_of_finite_differences()
    {
        using var scope = NewDisposeScope();
        var targets = Targets([[0.2, 0.2, 0.2, 0.2, 0.2]], V, 0, [3]);
        var logits = RandomLogits(new Random(1), 1).requires_grad_();

        new CrossEntropy().Measure(logits, targets).backward();

        for (var i = 0; i < V; i++)
        {
            Assert.Equal(Difference(x => new CrossEntropy().Measure(x, targets).item<double>(), logits, i), logits.grad!.data<double>()[i], 6);
        }
    }

    [Fact]
    public void A_temperature_that_was_not_captured_is_refused()
    {
        using var scope = NewDisposeScope();
        var targets = Targets([[0.2, 0.2, 0.2, 0.2, 0.2]], 2, 0, [3]);

        var error = Assert.Throws<ForgeException>(() => Kl(nameof(MissingMass.OneBucket), 3).Measure(RandomLogits(new Random(1), 1), targets));

        Assert.Contains("3 was not captured", error.Message, StringComparison.Ordinal);
        Assert.Contains("Captured: 1, 2", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Student_shaped_is_the_bucket_written_out()
    {
        using var scope = NewDisposeScope();
        var random = new Random(21);
        var targets = Targets([TeacherPosition.Random(random, V).Probabilities], 2, 0, [3]);
        var (a, b) = (RandomLogits(random, 1).requires_grad_(), RandomLogits(random, 1).requires_grad_());
        b.detach().copy_(a.detach());

        var bucket = Kl(nameof(MissingMass.OneBucket), 2).Measure(a, targets);
        var spread = Kl(nameof(MissingMass.StudentShaped), 2).Measure(b, targets);
        bucket.backward();
        spread.backward();

        Assert.Equal(bucket.item<double>(), spread.item<double>(), 6);
        Assert.True(a.grad!.allclose(b.grad!, 1e-6, 1e-7));
    }

    static ForwardKl Kl(string kind, float temperature) => new(new ForwardKl.Options(Enum.Parse<MissingMass>(kind), temperature));

    static Tensor RandomLogits(Random random, int rows) => tensor(Enumerable.Range(0, rows * V).Select(_ => random.NextDouble() * 4 - 2).ToArray(), [rows, V]);

    static TokenTargets Targets(double[][] teachers, int head, int draws, int[] tokens, int samples = -1)
    {
        var random = new Random(17);
        var traces = teachers.Select((p, i) => Some.FromPosition(random, new TeacherPosition(p), head, samples < 0 ? draws : samples, tokens[i], 2f)).ToArray();
        return BatchTensors.Of(Batch.Of([.. traces.Select(trace => new Row(trace, 9))], TraceContents.Of(traces)), CPU).Targets;
    }

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

    static double[] Softmax(double[] logits) => [.. logits.Select(x => Math.Exp(x) / logits.Sum(Math.Exp))];

    static double[] Tempered(double[] p, float temperature) => new TeacherPosition(p).Tempered(temperature);

    static double Divergence(double[] p, double[] q) => p.Zip(q, (a, b) => a > 0 ? a * Math.Log(a / b) : 0).Sum();

    static double BruteForce(string kind, float temperature, int headSize, double[] teacher, double[] logits, TokenTargets targets)
    {
        var p = Tempered(teacher, temperature);
        var q = Softmax([.. logits.Select(x => x / temperature)]);
        var head = new TeacherPosition(teacher).Head(headSize);
        var tail = Enumerable.Range(0, V).Except(head).ToArray();
        var (pTail, qTail) = (tail.Sum(i => p[i]), tail.Sum(i => q[i]));
        var named = head.Sum(i => p[i] * Math.Log(p[i] / q[i]));
        var square = temperature * temperature;
        // Without draws there is nothing in it, and TorchSharp refuses to read a matrix without elements.
        var ids = targets.Tail(temperature).SampleIds;
        var drawn = ids.numel() == 0 ? [] : ids.data<long>().ToArray();
        return square * (kind switch
        {
            nameof(MissingMass.Renormalise) => head.Sum(i => p[i] / (1 - pTail) * Math.Log(p[i] / (1 - pTail) / q[i])),
            nameof(MissingMass.TailSamples) when temperature == 1 => p.Sum(x => x * Math.Log(x)) - head.Sum(i => p[i] * Math.Log(q[i])) - drawn.Sum(i => pTail / drawn.Length * Math.Log(q[i])),
            _ => named + (tail.Length > 0 ? pTail * Math.Log(pTail / qTail) : 0),
        });
    }

    static double SampledCrossEntropy(Tensor logits, TokenTargets targets, float temperature)
    {
        var teacher = new TeacherDistribution(targets, temperature);
        var student = (logits / temperature).log_softmax(-1);
        var drawn = teacher.TailLog.exp().unsqueeze(1) * student.gather(1, teacher.SampleIds) / teacher.SampleIds.shape[1];
        return -temperature * temperature * ((teacher.HeadLog.exp() * student.gather(1, teacher.HeadIds)).sum() + drawn.sum()).item<double>();
    }
}
