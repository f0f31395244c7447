using DistillForge.Core;

namespace DistillForge.Llama.Numerics;

/// <summary>
/// Draws the next token: repetition penalty, then temperature, then top-k, top-p and min-p on the tempered distribution, the order
/// that API servers use. It reads the row and changes nothing in it.
/// </summary>
sealed class TextSampler(int vocabulary)
{
    const int FirstGuess = 64;

    readonly BlockWeights tempered = new(vocabulary);
    readonly TopTokens top = new();
    float[] kept = []; // weights of the top tokens

    /// <summary>It draws from the weights that a trace needs as well.</summary>
    public static bool NeedsWeights(Sampling sampling) => sampling is { Temperature: 1, TopK: <= 0, TopP: >= 1, MinP: <= 0 };

    /// <param name="uniform">[0, 1).</param>
    public int Draw(Row row, Sampling sampling, double uniform)
    {
        if (sampling.Temperature <= 0 || sampling.TopK == 1)
        {
            return row.Greedy;
        }

        if (sampling.TopK > 0 || sampling.TopP < 1)
        {
            return DrawFromTop(row, sampling, uniform);
        }

        if (NeedsWeights(sampling))
        {
            row.Normalise();
            return row.Weights.Draw(uniform);
        }

        tempered.Fill(row.Logits, row.Max, 1 / sampling.Temperature);
        if (sampling.MinP > 0)
        {
            // The highest weight is 1.
            tempered.RemoveBelow(sampling.MinP, row.BlockMaxima);
        }

        return tempered.Draw(uniform);
    }

    int DrawFromTop(Row row, Sampling sampling, double uniform)
    {
        var (count, mass) = Nucleus(row, sampling);
        var size = 0;
        var total = 0.0;
        while (size < count && total < mass && kept[size] >= sampling.MinP)
        {
            total += kept[size++];
        }

        var rest = uniform * total;
        for (var place = 0; place < size; place++)
        {
            rest -= kept[place];
            if (rest < 0)
            {
                return top.Id(place);
            }
        }

        return top.Id(Math.Max(0, size - 1));
    }

    // How many of the top tokens may be drawn, and the sum of weights at which top-p stops.
    (int Count, double Mass) Nucleus(Row row, Sampling sampling)
    {
        var limited = sampling.TopK > 0 && sampling.TopK < vocabulary;
        if (!limited)
        {
            tempered.Fill(row.Logits, row.Max, 1 / sampling.Temperature);
        }

        for (var count = limited ? sampling.TopK : FirstGuess; ; count = Math.Min(vocabulary, count * 4))
        {
            top.Select(row, count);
            var sum = SumOfTop(row, sampling.Temperature);
            // Top-p is a share of what top-k left.
            var mass = sampling.TopP >= 1 ? double.PositiveInfinity : sampling.TopP * (limited ? sum : tempered.Total);
            if (limited || count >= vocabulary || sum >= mass)
            {
                return (top.Count, mass);
            }
        }
    }

    double SumOfTop(Row row, float temperature)
    {
        if (kept.Length < top.Count)
        {
            kept = new float[top.Count];
        }

        var sum = 0.0;
        for (var place = 0; place < top.Count; place++)
        {
            kept[place] = MathF.Exp((row.Logits[top.Id(place)] - row.Max) / temperature);
            sum += kept[place];
        }

        return sum;
    }
}
