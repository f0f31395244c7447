using DistillForge.Core;
using DistillForge.Training;
using DistillForge.Training.Losses;

namespace DistillForge.Runs.Benches;

/// <summary>A way to tell a student what its teacher thinks.</summary>
/// <param name="Want">What is captured for it.</param>
/// <param name="Loss">What the trainer makes of that.</param>
/// <param name="IsOnline">The teacher reads every batch beside the student and gives its whole distribution.</param>
sealed record SparseMethod(string Name, Want.Head Want, LossTerm Loss, bool IsOnline = false)
{
    const float Most = 0.99f;

    static readonly LossTerm Captured = new("forward-kl");
    static readonly LossTerm Bucket = new("forward-kl", Options: new Given(new ForwardKl.Options(MissingMass.OneBucket)));
    static readonly LossTerm Renormalised = new("forward-kl", Options: new Given(new ForwardKl.Options(MissingMass.Renormalise)));

    // As little as can be captured: only the tokens count.
    static readonly Want.Head Tokens = new(1, TailSamples: 0);

    /// <summary>The text that the teacher drew, and nothing of what it thought: the lower end of the scale.</summary>
    public static SparseMethod Hard { get; } = new("hard labels", Tokens, new LossTerm("cross-entropy"));

    /// <summary>Everything that it thought: the upper end.</summary>
    public static SparseMethod Full { get; } = new("full distribution", Tokens, Captured, IsOnline: true);

    /// <summary>As a recipe captures that says nothing of it.</summary>
    public static string Default => "top 16 + 8 tail samples";

    /// <summary>What is measured between the two ends.</summary>
    public static IReadOnlyList<SparseMethod> Codings { get; } =
    [
        new(Default, new Want.Head(16, TailSamples: 8), Captured),
        new("top 8 + 4 tail samples", new Want.Head(8, TailSamples: 4), Captured),
        new("top 8 + 8 tail samples", new Want.Head(8, TailSamples: 8), Captured),
        new("top 16 + 8 systematic tail samples", new Want.Head(16, TailSamples: 8, Drawing: Drawing.Systematic), Captured),
        new("top 8 + 16 systematic tail samples", new Want.Head(8, TailSamples: 16, Drawing: Drawing.Systematic), Captured),
        new("systematic RS-KD 50", new Want.Head(RandomDraws: 50, Drawing: Drawing.Systematic), Captured),
        new("systematic RS-KD 100", new Want.Head(RandomDraws: 100, Drawing: Drawing.Systematic), Captured),
        new("RS-KD 12", new Want.Head(RandomDraws: 12), Captured),
        new("RS-KD 50", new Want.Head(RandomDraws: 50), Captured),
        new("top 16 + bucket", new Want.Head(16, TailSamples: 0), Bucket),
        new("99 %, at most 32 + bucket", new Want.Head(32, Most, TailSamples: 0), Bucket),
        new("99 %, at most 64 + bucket", new Want.Head(64, Most, TailSamples: 0), Bucket),
        new("top 64 + bucket", new Want.Head(64, TailSamples: 0), Bucket),
        new("top 64, renormalised", new Want.Head(64, TailSamples: 0), Renormalised),
    ];

    /// <summary>Names its file of traces.</summary>
    public string FileName => FormattableString.Invariant($"top{Want.TopLogprobs}-mass{Want.Mass:G3}-tail{Want.TailSamples}-draws{Want.RandomDraws}-{Want.Drawing}");
}

/// <summary>Options that are at hand already.</summary>
sealed class Given(object options) : IOptionsSource
{
    public object Bind(Type type) => options;
}
