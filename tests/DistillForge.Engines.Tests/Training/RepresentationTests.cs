using DistillForge.Models;
using DistillForge.Training;
using DistillForge.Training.Losses;

namespace DistillForge.Engines.Tests.Training;

/// <summary>What every loss on the inside of student and teacher must hold, in doubles, on three sequences.</summary>
public sealed class RepresentationTests
{
    static readonly ModelShape Student = Small.Shape with { Width = 6, Heads = 2, KeyValueHeads = 2, HeadSize = 3 };

    static readonly ModelShape Teacher = Small.Shape with { Layers = 3, Width = 8, Heads = 4, KeyValueHeads = 2, HeadSize = 2 };

    const int T = 4;

    // Four sequences; the first token of each is prompt.
    static readonly long[] Positions = [1, 2, 3, 5, 6, 9, 10, 11, 13];

    public static TheoryData<string> Names() => new(TrainingCatalog.Representations.Names);

    [Fact]
    public void The_catalog_offers_the_losses_by_name()
        => Assert.Equal(["attention-relations", "contrastive", "early-exit", "hidden-states", "rkd-angle", "rkd-distance"], TrainingCatalog.Representations.Names);

    [Theory]
    [MemberData(nameof(Names))]
    public void Its_gradient_is_that_of_finite_differences(string name)
    {
        using var scope = NewDisposeScope();
        var measure = TrainingCatalog.Representations.Create(name, options: null).Build(Student, Teacher, seed: 1, CPU);
        var random = new Random(3);
        var (states, q, k, v) = (Random(random, Positions.Length, Student.Width), Random(random, 4, 2, T, 3), Random(random, 4, 2, T, 3), Random(random, 4, 2, T, 3));
        Tensor[] leaves = [states, q, k, v];
        double Value(Tensor[] at) => measure.Measure(Batch(at[0], at[1..], 5)).item<double>();
        Tensor[] tracked = [.. leaves.Select(leaf => leaf.clone().requires_grad_())];

        measure.Measure(Batch(tracked[0], tracked[1..], 5)).backward();

        var seen = 0;
        for (var which = 0; which < leaves.Length; which++)
        {
            if (tracked[which].grad is not { } gradient)
            {
                continue;
            }

            var numbers = gradient.data<double>().ToArray();
            for (var i = 0; i < numbers.Length; i++, seen++)
            {
                var expected = Difference(leaves, which, i, Value);
                Assert.InRange(numbers[i] - expected, -1e-3 * Math.Abs(expected) - 1e-7, 1e-3 * Math.Abs(expected) + 1e-7);
            }
        }

        Assert.True(seen >= 6 * Positions.Length, "nothing was differentiated");
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void Projections_learn_too(string name)
    {
        using var scope = NewDisposeScope();
        var measure = TrainingCatalog.Representations.Create(name, options: null).Build(Student, Teacher, seed: 1, CPU);
        var random = new Random(3);

        measure.Measure(Batch(Random(random, Positions.Length, Student.Width).requires_grad_(), [.. Enumerable.Range(0, 3).Select(_ => Random(random, 4, 2, T, 3).requires_grad_())], 5)).backward();

        Assert.Equal(name switch { "hidden-states" => 1, "contrastive" => 2, _ => 0 }, measure.Projections.Count);
        Assert.All(measure.Projections, projection => Assert.True(projection.Value.grad!.abs().sum().item<float>() > 0));
    }

    [Theory]
    [InlineData("hidden-states")]
    [InlineData("attention-relations")]
    [InlineData("rkd-distance")]
    [InlineData("rkd-angle")]
    public void It_is_0_where_student_and_teacher_are_the_same(string name)
    {
        using var scope = NewDisposeScope();
        var measure = TrainingCatalog.Representations.Create(name, options: null).Build(Student, Student, seed: 1, CPU);
        var random = new Random(8);
        var states = Random(random, Positions.Length, Student.Width);
        var inner = new AttentionInside(Random(random, 4, 2, T, 3), Random(random, 4, 2, T, 3), Random(random, 4, 2, T, 3));
        using (no_grad())
        {
            measure.Projections.ToList().ForEach(projection => projection.Value.copy_(eye(Student.Width)));
        }

        var (student, teacher) = (See(Student, states, inner), See(Student, states, inner));

        Assert.Equal(0, measure.Measure(new RepresentationBatch(student, teacher, tensor(Positions), T, Targets(), Head(), Precision.Float32)).item<double>(), 9);
    }

    [Fact]
    public void Relations_do_not_see_a_turned_shifted_or_stretched_space()
    {
        using var scope = NewDisposeScope();
        var states = Random(new Random(8), Positions.Length, 2);
        // By 30 degrees, three times as large, and moved.
        var turned = states.matmul(tensor(new[] { Math.Cos(0.52), Math.Sin(0.52), -Math.Sin(0.52), Math.Cos(0.52) }, [2, 2])) * 3 + 5;
        foreach (var loss in new IRepresentationLoss[] { new RkdDistance(new()), new RkdAngle(new()) })
        {
            double Value(Tensor other) => loss.Build(Student, Student, 1, CPU).Measure(new RepresentationBatch(See(Student, states, null), See(Student, other, null), tensor(Positions), T, Targets(), Head(), Precision.Float32)).item<double>();

            Assert.Equal(0, Value(turned), 6);
            Assert.True(Value(states.square()) > 1e-3);
        }
    }

    [Fact]
    public void Hidden_states_are_the_mean_square_or_the_cosine_by_hand()
    {
        using var scope = NewDisposeScope();
        var (a, b) = (Random(new Random(1), Positions.Length, 6), Random(new Random(2), Positions.Length, 6));
        double Value(StateDistance distance)
        {
            var measure = new HiddenStates(new(Distance: distance)).Build(Student, Student, 1, CPU);
            using var quiet = no_grad();
            measure.Projections[0].Value.copy_(eye(6) * 2);
            return measure.Measure(new RepresentationBatch(See(Student, a, null), See(Student, b, null), tensor(Positions), T, Targets(), Head(), Precision.Float32)).item<double>();
        }

        double[][] Rows(Tensor x) => [.. x.data<double>().ToArray().Chunk(6)];
        Assert.Equal(Rows(a).Zip(Rows(b), (x, y) => x.Zip(y, (p, q) => (2 * p - q) * (2 * p - q)).Average()).Sum(), Value(StateDistance.Mse), 9);
        Assert.Equal(Rows(a).Zip(Rows(b), (x, y) => 1 - x.Zip(y, (p, q) => p * q).Sum() / Math.Sqrt(x.Sum(p => p * p) * y.Sum(q => q * q))).Sum(), Value(StateDistance.Cosine), 9);
    }

    [Fact]
    public void Attention_relations_are_a_causal_kl_by_hand()
    {
        using var scope = NewDisposeScope();
        var (s, t) = (Random(new Random(1), 4, 2, T, 3), Random(new Random(2), 4, 4, T, 2));
        var measure = new AttentionRelations(new(Relations: Relations.Keys, RelationHeads: 1)).Build(Student, Teacher, 1, CPU);

        var value = measure.Measure(new RepresentationBatch(See(Student, null, new(s, s, s)), See(Teacher, null, new(t, t, t)), tensor(Positions), T, Targets(), Head(), Precision.Float32)).item<double>();

        double[][] Vectors(Tensor x, int width) => [.. x.transpose(1, 2).contiguous().data<double>().ToArray().Chunk(width)];   // [B·T][H·h]
        double[] Relation(double[][] x, int row, int token)
        {
            var scores = Enumerable.Range(0, token + 1).Select(other => Math.Exp(x[row * T + token].Zip(x[row * T + other], (p, q) => p * q).Sum() / Math.Sqrt(x[0].Length))).ToArray();
            return [.. scores.Select(score => score / scores.Sum())];
        }

        var expected = Positions.Sum(position => Relation(Vectors(t, 8), (int)position / T, (int)position % T).Zip(Relation(Vectors(s, 6), (int)position / T, (int)position % T), (p, q) => p * Math.Log(p / q)).Sum());
        Assert.Equal(expected, value, 6);
    }

    [Fact]
    public void Contrastive_is_log_S_where_nothing_is_known_and_less_where_own_and_own_meet()
    {
        using var scope = NewDisposeScope();
        var measure = new Contrastive(new(Dimensions: 6)).Build(Student, Student, 1, CPU);
        var states = Random(new Random(1), Positions.Length, 6);
        using (no_grad())
        {
            measure.Projections.ToList().ForEach(projection => projection.Value.copy_(eye(6)));
        }

        double Value(Tensor of) => measure.Measure(new RepresentationBatch(See(Student, of, null), See(Student, states, null), tensor(Positions), T, Targets(), Head(), Precision.Float32)).item<double>() / Positions.Length;

        Assert.Equal(Math.Log(4), Value(zeros_like(states)), 6);
        Assert.InRange(Value(states), 0, 0.9 * Math.Log(4));
    }

    [Fact]
    public void An_early_exit_has_the_token_losss_value()
    {
        using var scope = NewDisposeScope();
        var states = Random(new Random(1), Positions.Length, 6);
        var measure = new EarlyExit(new(Target: ExitTarget.Labels)).Build(Student, null, 1, CPU);

        var value = measure.Measure(new RepresentationBatch(See(Student, states, null), null, tensor(Positions), T, Targets(), Head(), Precision.Float32)).item<double>();

        Assert.Equal(new CrossEntropy().Measure(states.matmul(Head().t()), Targets()).item<double>(), value, 9);
    }

    [Fact]
    public void A_network_shows_what_it_computes_with_and_computes_the_same_when_watched()
    {
        using var scope = NewDisposeScope();
        foreach (var architecture in TrainingCatalog.Architectures.Names)
        {
            using var network = Small.Network(shape: Small.Shape with { Architecture = architecture, KeyValueHeads = architecture == "gpt2" ? 4 : 2 });
            var (tokens, positions) = (arange(12, dtype: ScalarType.Int64).view(2, 6), tensor(new long[] { 2, 5, 9 }));
            var alone = network.Hidden(tokens, positions);

            using var inside = new Inside(InsideWanted.Of([1], normed: [1, 2], attention: [2]));
            network.Inside = inside;
            var watched = network.Hidden(tokens, positions);

            Assert.True(alone.allclose(watched, 0, 0));
            Assert.True(inside.Normed(2).allclose(watched, 1e-6, 1e-6), architecture);
            Assert.Equal([3, 32], inside.State(1).shape);
            Assert.False(inside.Normed(1).allclose(watched, 1e-2, 1e-2));
            Assert.Equal([2, 4, 6, 8], inside.Attention(2).Queries.shape);
            Assert.Equal([2, architecture == "gpt2" ? 4 : 2, 6, 8], inside.Attention(2).Values.shape);
        }
    }

    static RepresentationBatch Batch(Tensor states, Tensor[] attention, int seed)
    {
        var random = new Random(seed);
        var teacher = See(Teacher, Random(random, Positions.Length, Teacher.Width), new(Random(random, 4, 4, T, 2), Random(random, 4, 2, T, 2), Random(random, 4, 2, T, 2)));
        return new RepresentationBatch(See(Student, states, new(attention[0], attention[1], attention[2])), teacher, tensor(Positions), T, Targets(), Head(), Precision.Float32);
    }

    // The same everywhere: behind the first layer for an early exit, behind the last for the rest.
    static Inside See(ModelShape shape, Tensor? states, AttentionInside? attention)
    {
        var inside = new Inside(InsideWanted.Nothing);
        foreach (var layer in Enumerable.Range(1, shape.Layers))
        {
            if (states is not null)
            {
                inside.Set(layer, states.alias(), states.alias());
            }
        }

        if (attention is not null)
        {
            inside.Set(shape.Layers, new AttentionInside(attention.Queries.alias(), attention.Keys.alias(), attention.Values.alias()));
        }

        return inside;
    }

    static Tensor Head() => Random(new Random(9), 5, Student.Width);

    static TokenTargets Targets()
        => new(tensor(Positions.Select(position => position % 5).ToArray()), zeros([Positions.Length]), zeros([Positions.Length, 0], ScalarType.Int64), zeros([Positions.Length, 0]), [], Full: FullTargets.Of(Random(new Random(6), Positions.Length, 5)));

    static Tensor Random(Random random, params long[] shape)
        => tensor(Enumerable.Range(0, (int)shape.Aggregate((a, b) => a * b)).Select(_ => random.NextDouble() * 2 - 1).ToArray(), shape);

    static double Difference(Tensor[] leaves, int which, int i, Func<Tensor[], double> value)
    {
        const double Step = 1e-6;
        using var scope = NewDisposeScope();
        double Shifted(double by)
        {
            var x = leaves[which].data<double>().ToArray();
            x[i] += by;
            return value([.. leaves.Select((leaf, j) => j == which ? tensor(x, leaf.shape) : leaf)]);
        }

        return (Shifted(Step) - Shifted(-Step)) / (2 * Step);
    }
}
