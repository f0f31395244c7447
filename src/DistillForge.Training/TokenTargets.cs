using DistillForge.Core;

namespace DistillForge.Training;

/// <summary>What n trained positions must predict, and what the teacher thought of each. All rows align; no loss slices time.</summary>
/// <param name="TokenIds">[n] int64, the realised tokens.</param>
/// <param name="NegativeEntropy">[n] Σ p log p over the teacher's whole vocabulary at temperature 1.</param>
/// <param name="HeadIds">[n, K] int64, each id once; the rest is padding.</param>
/// <param name="HeadLogprobs">[n, K] Log-probabilities at temperature 1; −∞ marks padding.</param>
/// <param name="Draws">Set where the heads are what random draws hit.</param>
/// <param name="Full">Set where a teacher is at hand: its whole distribution, instead of head and tails.</param>
/// <param name="Others">Set where several teachers judged the same tokens.</param>
public sealed record TokenTargets(
    Tensor TokenIds,
    Tensor NegativeEntropy,
    Tensor HeadIds,
    Tensor HeadLogprobs,
    IReadOnlyList<TailTargets> Tails,
    DrawTargets? Draws = null,
    FullTargets? Full = null,
    OtherTeachers? Others = null)
{
    /// <summary>The tokens are the student's own samples: what learns from labels rests.</summary>
    public bool AreOwnSamples { get; init; }

    /// <summary>The teacher's tail at a training temperature.</summary>
    /// <exception cref="ForgeException">It was not captured: no other temperature's tail says what this one is.</exception>
    public TailTargets Tail(float temperature)
        => Tails.FirstOrDefault(tail => tail.Temperature == temperature) ?? throw new ForgeException(NotCaptured(temperature, Tails.Select(tail => tail.Temperature)));

    public static Problem NotCaptured(float temperature, IEnumerable<float> captured)
    {
        var have = string.Join(", ", captured);
        return new Problem("temperature", $"{temperature} was not captured with the traces.", $"Captured: {(have.Length > 0 ? have : "none")}. Name it in generate.temperatures and generate again, or use one of these.");
    }

    /// <summary>Positions start … start + count − 1.</summary>
    public TokenTargets Narrow(long start, long count) => new(
        TokenIds.narrow(0, start, count),
        NegativeEntropy.narrow(0, start, count),
        HeadIds.narrow(0, start, count),
        HeadLogprobs.narrow(0, start, count),
        [.. Tails.Select(tail => tail with { LogSum = tail.LogSum.narrow(0, start, count), SampleIds = tail.SampleIds.narrow(0, start, count) })],
        Draws is null ? null : Draws with { Shares = Draws.Shares.narrow(0, start, count) },
        Full?.Narrow(start, count),
        Others?.Narrow(start, count));
}

/// <summary>How often each id of a head was drawn from r ∝ p^(1/s).</summary>
/// <param name="Temperature">s.</param>
/// <param name="Shares">[n, K] n/N; 0 where a head is smaller than K.</param>
public sealed record DrawTargets(float Temperature, Tensor Shares);

/// <summary>The teacher's tail (what is not in its head) at one temperature T.</summary>
/// <param name="LogSum">[n] log Σ over the tail of p^(1/T); −∞ where the tail is empty.</param>
/// <param name="SampleIds">[n, M] int64, drawn with replacement from the tail ∝ p^(1/T); M may be 0.</param>
public sealed record TailTargets(float Temperature, Tensor LogSum, Tensor SampleIds);

/// <summary>What further teachers thought of the same tokens.</summary>
/// <param name="Targets">One a further teacher, each aligned with the first one's.</param>
/// <param name="Shares">[n, 1 + teachers] How much each counts at each position, the first teacher first; every row adds up to 1.</param>
public sealed record OtherTeachers(IReadOnlyList<TokenTargets> Targets, Tensor Shares)
{
    public OtherTeachers Narrow(long start, long count) => new([.. Targets.Select(targets => targets.Narrow(start, count))], Shares.narrow(0, start, count));
}
