using DistillForge.Core;

namespace DistillForge.Training;

/// <summary>How several teachers' opinions of one token are weighed.</summary>
public enum TeacherMix
{
    /// <summary>By the teachers' weights, at every token.</summary>
    Fixed,

    /// <summary>By weight · e^(−entropy): who is sure of a token counts more there.</summary>
    Confidence,
}

/// <summary>
/// Several teachers who judged the same answers. The student minimises the weighted sum of its losses to each, at every token; for the
/// forward KL that has the gradient of the teachers' mixture.
/// </summary>
/// <param name="Scorers">As <see cref="TokenTrace.Scorer"/> names them.</param>
/// <param name="Weights">One a scorer, above 0.</param>
public sealed record TeacherEnsemble(IReadOnlyList<string> Scorers, IReadOnlyList<double> Weights, TeacherMix Mix)
{
    /// <summary>Each row's traces in the scorers' order.</summary>
    /// <exception cref="ForgeException">A row lacks a scorer, or its scorers read other tokens.</exception>
    public IEnumerable<TokenTrace[]> Group(IEnumerable<TokenTrace> traces)
    {
        foreach (var row in traces.GroupBy(trace => trace.Id))
        {
            TokenTrace?[] found = [.. Scorers.Select(scorer => row.FirstOrDefault(trace => trace.Scorer == scorer))];
            if (Array.IndexOf(found, null) is >= 0 and var missing)
            {
                throw new ForgeException(new Problem($"row {row.Key}", $"was not scored by {Scorers[missing]}.", "Let every teacher score every row, or leave that teacher out."));
            }

            if (Array.Exists(found, trace => !trace!.TokenIds.SequenceEqual(found[0]!.TokenIds) || trace.PromptLength != found[0]!.PromptLength))
            {
                throw new ForgeException(new Problem($"row {row.Key}", "was read as other tokens by one teacher than by another.", "Teachers of one ensemble need one vocabulary and one chat template."));
            }

            yield return [.. found.Select(trace => trace! with { LossMask = found[0]!.LossMask })];
        }
    }

    /// <param name="negativeEntropies">[N] of each scorer, in order.</param>
    /// <returns>[N, scorers] How much each counts; every row adds up to 1.</returns>
    public float[] Shares(IReadOnlyList<float[]> negativeEntropies)
    {
        var (rows, teachers) = (negativeEntropies[0].Length, Scorers.Count);
        var shares = new float[rows * teachers];
        for (var n = 0; n < rows; n++)
        {
            double Share(int k) => Weights[k] * (Mix == TeacherMix.Confidence ? Math.Exp(negativeEntropies[k][n]) : 1);
            var sum = Enumerable.Range(0, teachers).Sum(Share);
            for (var k = 0; k < teachers; k++)
            {
                shares[n * teachers + k] = (float)(Share(k) / sum);
            }
        }

        return shares;
    }
}
