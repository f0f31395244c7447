using DistillForge.Core;

namespace DistillForge.Training;

/// <summary>What the heads of a data set's traces are.</summary>
public enum HeadKind
{
    /// <summary>The most likely ids.</summary>
    MostLikely,

    /// <summary>What random draws hit, all at one temperature.</summary>
    Drawn,

    /// <summary>Probabilities by rank, of a teacher with another vocabulary: the ids say nothing else.</summary>
    Ranked,

    /// <summary>Not the same in every row; no loss can train on both.</summary>
    Mixed,
}

/// <summary>What every row of a data set offers to a loss.</summary>
/// <param name="Scored">Each row has a teacher's log-probabilities.</param>
/// <param name="Temperatures">Training temperatures whose tail sums each row has.</param>
/// <param name="TailSamples">Draws a position that each row has, by temperature.</param>
/// <param name="Heads">How the heads were chosen.</param>
/// <param name="DrawTemperature">s of <see cref="HeadKind.Drawn"/>.</param>
public sealed record TraceContents(bool Scored, IReadOnlyList<float> Temperatures, IReadOnlyDictionary<float, int> TailSamples, HeadKind Heads = HeadKind.MostLikely, float DrawTemperature = 1)
{
    /// <summary>A teacher is at hand that gives its whole distribution at any temperature; what traces hold is not needed.</summary>
    public bool Full { get; init; }

    /// <summary>Nothing but tokens is read of the traces.</summary>
    public static TraceContents AtHand { get; } = new(false, [], new Dictionary<float, int>()) { Full = true };

    /// <summary>Tokens, and nobody's thoughts.</summary>
    public static TraceContents Unscored { get; } = new(false, [], new Dictionary<float, int>());

    /// <summary>Some rows hold fewer candidates than were asked for, as an API gave them.</summary>
    public bool Capped { get; init; }

    /// <summary>Set where several teachers judged the rows.</summary>
    public TeacherEnsemble? Ensemble { get; init; }

    /// <summary>What each further teacher's traces of the same rows hold.</summary>
    public IReadOnlyList<TraceContents> Others { get; init; } = [];

    /// <summary>As <see cref="CheckTeacher"/>, for a loss that compares ids.</summary>
    public List<Problem> CheckIds(string loss, float temperature) => Heads == HeadKind.Ranked
        ? [new Problem(loss, "compares the probabilities of tokens, and these heads only say them by rank (targets: ranked).", "Take 'uld', or write 'targets: aligned'.")]
        : CheckTeacher(loss, temperature);

    /// <summary>What keeps a divergence from a teacher at this temperature from being computed.</summary>
    /// <param name="loss">Its name, for the message.</param>
    public List<Problem> CheckTeacher(string loss, float temperature)
    {
        if (temperature <= 0 || !float.IsFinite(temperature))
        {
            return [new Problem("temperature", $"is {temperature}; it is above 0.")];
        }

        return Full ? []
            : !Scored ? [new Problem(loss, "needs a teacher's log-probabilities, and some rows have none.", "Score the rows first, or train with cross-entropy alone.")]
            : Capped && temperature != 1 ? [new Problem("temperature", $"is {temperature}, but an API gave only its most likely tokens: the rest at another temperature than 1 is unknown.", "Write 'temperature: 1', or take a GGUF teacher.")]
            : !Temperatures.Contains(temperature) ? [TokenTargets.NotCaptured(temperature, Temperatures)]
            : [.. Others.SelectMany(other => other.CheckTeacher(loss, temperature))];
    }

    public static TraceContents Of(IEnumerable<TokenTrace> traces)
    {
        HashSet<float>? temperatures = null;
        Dictionary<float, int>? samples = null;
        var scored = true;
        var capped = false;
        var draws = new HashSet<float?>();
        foreach (var trace in traces.Where(trace => trace.CompletionLength > 0))
        {
            scored &= trace.IsScored;
            capped |= trace.Capped;
            temperatures ??= [.. trace.TailLogSums.Select(tail => tail.Temperature)];
            temperatures.IntersectWith(trace.TailLogSums.Select(tail => tail.Temperature));
            samples = Common(samples, trace);
            draws.Add(trace.HeadDraws?.Temperature);
        }

        var heads = draws.Count > 1 ? HeadKind.Mixed : draws.Any(s => s is not null) ? HeadKind.Drawn : HeadKind.MostLikely;
        return new TraceContents(scored && temperatures is not null, [.. (temperatures ?? []).Order()], samples ?? [], heads, draws.FirstOrDefault(s => s is not null) ?? 1) { Capped = capped };
    }

    // A batch is a rectangle: two rows with another number of draws have none in common.
    static Dictionary<float, int> Common(Dictionary<float, int>? before, TokenTrace trace)
    {
        var here = trace.TailSamples.Where(tail => tail.Ids.Length > 0).ToDictionary(tail => tail.Temperature, tail => tail.Ids.Length / trace.CompletionLength);
        return before is null ? here : here.Where(pair => before.TryGetValue(pair.Key, out var count) && count == pair.Value).ToDictionary();
    }
}
