using DistillForge.Core;

namespace DistillForge.Data;

/// <summary>Whether the numbers of a foreign trace can be what they say they are; their lengths fit each other already.</summary>
static class TraceValues
{
    // Softmaxes of others round up a little.
    const float Rounding = 1e-3f;

    /// <returns>Null, or what is wrong with the first that is wrong.</returns>
    public static string? Check(TokenTrace trace)
    {
        if (Below(trace.TokenIds, 0) || Below(trace.HeadIds, 0))
        {
            return "a token id is negative";
        }

        if (Below(trace.TokenRanks, 0))
        {
            return "token_ranks has a negative entry";
        }

        if (Any(trace.TokenLogprobs, IsNoLogprob) || Any(trace.HeadLogprobs, IsNoLogprob))
        {
            return "token_logprobs or head_logprobs has an entry that is no log-probability";
        }

        if (Any(trace.Entropies, value => !(value >= -Rounding && float.IsFinite(value))))
        {
            return "entropies has an entry that is no entropy";
        }

        return Heads(trace) ?? Tails(trace);
    }

    static string? Heads(TokenTrace trace)
    {
        var start = 0;
        for (var position = 0; position < trace.HeadSizes.Length; position++)
        {
            for (var i = start + 1; i < start + trace.HeadSizes[position]; i++)
            {
                if (trace.HeadIds[i] <= trace.HeadIds[i - 1])
                {
                    return $"head_ids are not ascending at position {position}";
                }
            }

            start += trace.HeadSizes[position];
        }

        return null;
    }

    static string? Tails(TokenTrace trace)
    {
        float[] temperatures = [.. trace.TailLogSums.Select(tail => tail.Temperature)];
        float[] drawn = [.. trace.TailSamples.Select(tail => tail.Temperature)];
        if (Any([.. temperatures, .. drawn, trace.HeadDraws?.Temperature ?? 1], value => !(value > 0 && float.IsFinite(value))))
        {
            return "a temperature is not a number above 0";
        }

        if (temperatures.Distinct().Count() < temperatures.Length || drawn.Distinct().Count() < drawn.Length)
        {
            return "tail_logsums or tail_samples has a temperature twice";
        }

        return trace.TailLogSums.Any(tail => Any(tail.Values, value => float.IsNaN(value) || float.IsPositiveInfinity(value))) ? "tail_logsums has an entry that is no logarithm"
            : trace.TailLogSums.Any(tail => tail.Temperature == 1 && Any(tail.Values, value => value > Rounding)) ? "tail_logsums at temperature 1 has a mass above 1"
            : trace.TailSamples.Any(tail => Below(tail.Ids, -1)) ? "tail_samples has an id below -1"
            : null;
    }

    static bool IsNoLogprob(float value) => !(value <= Rounding);

    static bool Below(int[] values, int least) => values.AsSpan().ContainsAnyInRange(int.MinValue, least - 1);

    static bool Any(float[] values, Predicate<float> wrong) => Array.Exists(values, wrong);
}
