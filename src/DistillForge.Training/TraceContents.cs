using DistillForge.Core;

namespace DistillForge.Training;

/// <summary>What every row of a data set offers to a loss.</summary>
/// <param name="Scored">Each row has a teacher's log-probabilities.</param>
/// <param name="Temperatures">Training temperatures whose tail sums each row has.</param>
/// <param name="TailSamples">Draws a position that each row has, by temperature.</param>
public sealed record TraceContents(bool Scored, IReadOnlyList<float> Temperatures, IReadOnlyDictionary<float, int> TailSamples)
{
    public static TraceContents Of(IEnumerable<TokenTrace> traces)
    {
        HashSet<float>? temperatures = null;
        Dictionary<float, int>? samples = null;
        var scored = true;
        foreach (var trace in traces.Where(trace => trace.CompletionLength > 0))
        {
            scored &= trace.IsScored;
            temperatures ??= [.. trace.TailLogSums.Select(tail => tail.Temperature)];
            temperatures.IntersectWith(trace.TailLogSums.Select(tail => tail.Temperature));
            samples = Common(samples, trace);
        }

        return new TraceContents(scored && temperatures is not null, [.. (temperatures ?? []).Order()], samples ?? []);
    }

    // A batch is a rectangle: two rows with another number of draws have none in common.
    static Dictionary<float, int> Common(Dictionary<float, int>? before, TokenTrace trace)
    {
        var here = trace.TailSamples.Where(tail => tail.Ids.Length > 0).ToDictionary(tail => tail.Temperature, tail => tail.Ids.Length / trace.CompletionLength);
        return before is null ? here : here.Where(pair => before.TryGetValue(pair.Key, out var count) && count == pair.Value).ToDictionary();
    }
}
