using DistillForge.Core;

namespace DistillForge.Training.Inference;

/// <summary>Draws the next token: top-k, top-p, min-p, then temperature, as llama.cpp orders them.</summary>
public sealed class Sampler(Sampling sampling, Random random)
{
    public int Next(LogProbabilities position)
    {
        if (sampling.Temperature <= 0)
        {
            return position.MostLikely;
        }

        var ids = Candidates(position);
        var highest = position[ids[0]];
        var weights = Array.ConvertAll(ids, id => Math.Exp((position[id] - highest) / sampling.Temperature));
        var at = random.NextDouble() * weights.Sum();
        for (var i = 0; i < ids.Length; i++)
        {
            at -= weights[i];
            if (at < 0)
            {
                return ids[i];
            }
        }

        return ids[0];   // rounding left a little over
    }

    // The most likely first, never empty.
    int[] Candidates(LogProbabilities position)
    {
        var count = sampling.TopK > 0 ? Math.Min(sampling.TopK, position.Size) : position.Size;
        var ids = position.Order[..count];
        if (sampling.TopP < 1)
        {
            var whole = Mass(position, ids);
            var mass = 0.0;
            count = 0;
            while (count < ids.Length && mass < sampling.TopP * whole)
            {
                mass += Math.Exp(position[ids[count++]]);
            }

            ids = ids[..Math.Max(1, count)];
        }

        var least = position[ids[0]] + Math.Log(sampling.MinP);   // −∞ where min-p is 0
        count = ids.Length;
        while (count > 1 && position[ids[count - 1]] < least)
        {
            count--;
        }

        return ids[..count].ToArray();
    }

    static double Mass(LogProbabilities position, ReadOnlySpan<int> ids)
    {
        var mass = 0.0;
        foreach (var id in ids)
        {
            mass += Math.Exp(position[id]);
        }

        return mass;
    }
}
