using DistillForge.Evaluation;

namespace DistillForge.Tests;

public class IntervalTests
{
    // From Wilson's formula, to four places, as published calculators give it.
    [Theory]
    [InlineData(0, 10, 0.0, 0.2775)]
    [InlineData(10, 10, 0.7225, 1.0)]
    [InlineData(5, 10, 0.2366, 0.7634)]
    [InlineData(291, 300, 0.9440, 0.9841)]
    public void Wilson_gives_the_known_limits(int right, int total, double low, double high)
    {
        var interval = Interval.Wilson(right, total);

        Assert.Equal((low, high), (Math.Round(interval.Low, 4), Math.Round(interval.High, 4)));
    }

    [Theory]
    [InlineData(0.0, 1)]
    [InlineData(1.0, 4)]
    [InlineData(0.5, 2.5)]
    [InlineData(0.25, 1.75)]
    public void Quantiles_lie_between_their_neighbours(double share, double expected)
        => Assert.Equal(expected, Interval.Quantile([1, 2, 3, 4], share), 12);

    [Fact]
    public void Equal_models_differ_by_nothing()
        => Assert.Equal(new Interval(0, 0, 0), PairedBootstrap.Difference([1, 0, 1, 1], [1, 0, 1, 1], seed: 1));

    [Fact]
    public void A_constant_difference_has_no_spread()
    {
        var interval = PairedBootstrap.Difference([3, 5, 9], [2, 4, 8], seed: 1);

        Assert.Equal(new Interval(1, 1, 1), interval);
        Assert.False(interval.HoldsZero);
    }

    [Fact]
    public void The_interval_is_as_wide_as_the_normal_one_for_many_rows()
    {
        // Differences of −1, 0 and 1: mean 0.1, standard deviation 0.7: half width 1.96 · 0.7 / √1000 = 0.0434.
        var first = Enumerable.Range(0, 1000).Select(i => i % 10 < 3 ? 1.0 : 0.0).ToArray();
        var second = Enumerable.Range(0, 1000).Select(i => i % 10 is 5 or 6 ? 1.0 : 0.0).ToArray();

        var interval = PairedBootstrap.Difference(first, second, seed: 7);

        Assert.Equal(0.1, interval.Value, 12);
        Assert.InRange(interval.Low, 0.1 - 0.0434 - 0.004, 0.1 - 0.0434 + 0.004);
        Assert.InRange(interval.High, 0.1 + 0.0434 - 0.004, 0.1 + 0.0434 + 0.004);
    }

    [Fact]
    public void Pairing_sees_what_two_separate_intervals_would_not()
    {
        var chance = new Random(1);
        var hard = Enumerable.Range(0, 200).Select(_ => chance.NextDouble() * 10).ToArray();

        Assert.False(PairedBootstrap.Difference([.. hard.Select((x, i) => x + 0.1 + (0.01 * (i % 3)))], hard, seed: 1).HoldsZero);
    }

    [Fact]
    public void Rows_weigh_as_many_tokens_as_they_have()
        => Assert.Equal((10 + 1.0) / (10 + 1) - ((20 + 1.0) / (10 + 1)), PairedBootstrap.Difference([10, 1], [20, 1], [10, 1], seed: 1).Value, 12);

    [Fact]
    public void The_same_seed_gives_the_same_interval()
    {
        double[] a = [1, 0, 1, 1, 0, 0, 1], b = [0, 0, 1, 0, 0, 1, 1];

        Assert.Equal(PairedBootstrap.Difference(a, b, seed: 5), PairedBootstrap.Difference(a, b, seed: 5));
    }

    [Fact]
    public void Unpaired_rows_are_refused()
        => Assert.Throws<ArgumentException>(() => PairedBootstrap.Difference([1, 2], [1], seed: 1));

    [Fact]
    public void A_few_values_have_the_interval_of_Students_t()
    {
        // scipy.stats.t.interval(0.95, 4, loc=3, scale=sem([1, 2, 3, 4, 5]))
        var interval = Interval.OfMean([1, 2, 3, 4, 5]);

        Assert.Equal(3, interval.Value, 12);
        Assert.Equal(1.0368, interval.Low, 3);
        Assert.Equal(4.9632, interval.High, 3);
    }

    [Fact]
    public void One_value_says_nothing_of_how_far_another_might_be()
        => Assert.Equal(new Interval(7, double.NegativeInfinity, double.PositiveInfinity), Interval.OfMean([7]));
}
