namespace DistillForge.Evaluation;

/// <summary>A measured value and how far chance alone could have moved it.</summary>
public sealed record Interval(double Value, double Low, double High)
{
    // Of the normal distribution, for 95 %.
    const double TwoSided95 = 1.959963984540054;

    /// <summary>95 % Wilson score interval of a share, which stays within 0 … 1 (Wilson 1927).</summary>
    public static Interval Wilson(int right, int total)
    {
        if (total == 0)
        {
            return new(0, 0, 1);
        }

        var (n, share, z2) = ((double)total, (double)right / total, TwoSided95 * TwoSided95);
        var centre = (share + (z2 / (2 * n))) / (1 + (z2 / n));
        var half = TwoSided95 / (1 + (z2 / n)) * Math.Sqrt((share * (1 - share) / n) + (z2 / (4 * n * n)));
        return new(share, right == 0 ? 0 : centre - half, right == total ? 1 : centre + half);
    }

    // Of Student's t distribution, for 95 %, by degrees of freedom from 1 on.
    static readonly double[] StudentTwoSided95 =
    [
        12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228, 2.201, 2.179, 2.160, 2.145, 2.131,
        2.120, 2.110, 2.101, 2.093, 2.086, 2.080, 2.074, 2.069, 2.064, 2.060, 2.056, 2.052, 2.048, 2.045, 2.042,
    ];

    /// <summary>95 % interval of the mean of a few independent values, e.g. one a seed (Student's t); without bounds where there is only one.</summary>
    public static Interval OfMean(IReadOnlyList<double> values)
    {
        var mean = values.Count == 0 ? double.NaN : values.Average();
        if (values.Count < 2)
        {
            return new(mean, double.NegativeInfinity, double.PositiveInfinity);
        }

        var variance = values.Sum(value => (value - mean) * (value - mean)) / (values.Count - 1);
        var t = values.Count - 1 <= StudentTwoSided95.Length ? StudentTwoSided95[values.Count - 2] : TwoSided95;
        var half = t * Math.Sqrt(variance / values.Count);
        return new(mean, mean - half, mean + half);
    }

    /// <param name="sorted">Ascending.</param>
    /// <returns>Interpolated between the two nearest.</returns>
    public static double Quantile(ReadOnlySpan<double> sorted, double share)
    {
        var place = share * (sorted.Length - 1);
        var below = (int)place;
        return below + 1 < sorted.Length ? sorted[below] + ((place - below) * (sorted[below + 1] - sorted[below])) : sorted[below];
    }

    /// <summary>Nothing within it contradicts a difference of zero.</summary>
    public bool HoldsZero => Low <= 0 && High >= 0;
}

/// <summary>Asks how a difference between two models on the same rows would vary with other rows: rows are redrawn, pairs stay together (Efron 1979).</summary>
public static class PairedBootstrap
{
    /// <summary>95 % percentile interval of mean(first) − mean(second).</summary>
    public static Interval Difference(ReadOnlySpan<double> first, ReadOnlySpan<double> second, long seed, int resamples = 10_000)
    {
        var ones = new double[first.Length];
        Array.Fill(ones, 1);
        return Difference(first, second, ones, seed, resamples);
    }

    /// <summary>95 % percentile interval of Σfirst/Σweights − Σsecond/Σweights, e.g. of nats a token, where rows have unequal lengths.</summary>
    /// <param name="weights">[rows], e.g. tokens; none is negative.</param>
    public static Interval Difference(ReadOnlySpan<double> first, ReadOnlySpan<double> second, ReadOnlySpan<double> weights, long seed, int resamples = 10_000)
        => Differences(first, second, weights, [0.95], seed, resamples)[0];

    /// <summary>The same from one drawing with intervals of several levels, e.g. 0.95.</summary>
    public static Interval[] Differences(ReadOnlySpan<double> first, ReadOnlySpan<double> second, ReadOnlySpan<double> weights, IReadOnlyList<double> levels, long seed, int resamples = 10_000)
    {
        if (first.Length != second.Length || first.Length != weights.Length || first.Length == 0)
        {
            throw new ArgumentException($"rows must be paired: {first.Length}, {second.Length} and {weights.Length} of them");
        }

        var differences = new double[first.Length];
        var (sum, weight) = (0.0, 0.0);
        for (var row = 0; row < differences.Length; row++)
        {
            differences[row] = first[row] - second[row];
            sum += differences[row];
            weight += weights[row];
        }

        var chance = Seeds.Source(seed, "paired-bootstrap");
        var means = new double[resamples];
        for (var i = 0; i < resamples; i++)
        {
            means[i] = Redraw(differences, weights, chance);
        }

        Array.Sort(means);
        return [.. levels.Select(level => new Interval(weight > 0 ? sum / weight : 0, Interval.Quantile(means, (1 - level) / 2), Interval.Quantile(means, (1 + level) / 2)))];
    }

    static double Redraw(double[] differences, ReadOnlySpan<double> weights, Random chance)
    {
        var (sum, weight) = (0.0, 0.0);
        for (var i = 0; i < differences.Length; i++)
        {
            var row = chance.Next(differences.Length);
            sum += differences[row];
            weight += weights[row];
        }

        return weight > 0 ? sum / weight : 0;
    }
}
