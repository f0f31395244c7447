using DistillForge.Core;

namespace DistillForge.Llama.Numerics;

/// <summary>
/// Draws the next token: temperature first, then top-k, top-p and min-p on the tempered distribution, the order that API servers
/// use. It reads the row and changes nothing in it.
/// </summary>
sealed class TextSampler(int vocabulary)
{
    const int FirstGuess = 64;

    readonly BlockWeights tempered = new(vocabulary);
    readonly TopTokens top = new();

    /// <param name="uniform">[0, 1).</param>
    public int Draw(Row row, Sampling sampling, double uniform)
    {
        if (sampling.Temperature <= 0 || sampling.TopK == 1)
        {
            return row.Greedy;
        }

        var weights = tempered;
        weights.Fill(row.Logits, row.Max, 1 / sampling.Temperature);
        if (sampling.TopK > 0 || sampling.TopP < 1)
        {
            return DrawFromTop(row, sampling, uniform);
        }

        if (sampling.MinP > 0)
        {
            // The highest weight is 1.
            weights.RemoveBelow(sampling.MinP);
        }

        return weights.Draw(uniform);
    }

    int DrawFromTop(Row row, Sampling sampling, double uniform)
    {
        var (count, mass) = Nucleus(row, sampling);
        var kept = 0;
        var total = 0.0;
        while (kept < count && total < mass && tempered[top.Id(kept)] >= sampling.MinP)
        {
            total += tempered[top.Id(kept++)];
        }

        var rest = uniform * total;
        for (var place = 0; place < kept; place++)
        {
            rest -= tempered[top.Id(place)];
            if (rest < 0)
            {
                return top.Id(place);
            }
        }

        return top.Id(Math.Max(0, kept - 1));
    }

    // How many of the top tokens may be drawn, and the sum of weights at which top-p stops.
    (int Count, double Mass) Nucleus(Row row, Sampling sampling)
    {
        var limited = sampling.TopK > 0 && sampling.TopK < vocabulary;
        var count = limited ? sampling.TopK : FirstGuess;
        while (true)
        {
            top.Select(row.Logits, count);
            var sum = 0.0;
            for (var place = 0; place < top.Count; place++)
            {
                sum += tempered[top.Id(place)];
            }

            // Top-p is a share of what top-k left.
            var mass = sampling.TopP >= 1 ? double.PositiveInfinity : sampling.TopP * (limited ? sum : tempered.Total);
            if (limited || count >= vocabulary || sum >= mass)
            {
                return (top.Count, mass);
            }

            count = Math.Min(vocabulary, count * 4);
        }
    }
}
