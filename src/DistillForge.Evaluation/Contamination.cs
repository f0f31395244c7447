namespace DistillForge.Evaluation;

/// <summary>How many questions of a set stand, wholly or nearly, among the prompts that were trained on: what is known of them may be remembered, not understood.</summary>
/// <param name="Set">A benchmark's name, or <c>held-out</c>.</param>
/// <param name="Same">Word for word; capitals, spaces and punctuation aside.</param>
/// <param name="Near">Not the same, but sharing most of their runs of five words.</param>
public sealed record Contamination(string Set, int Questions, int Same, int Near)
{
    /// <summary>A sentence for people.</summary>
    public override string ToString() => Same + Near == 0
        ? $"None of {Questions:N0} {Set} questions has a near-duplicate among the prompts trained on."
        : $"Contamination: {Same + Near:N0} of {Questions:N0} {Set} questions {(Same + Near == 1 ? "has" : "have")} a near-duplicate among the prompts trained on, {Same:N0} of them word for word.";
}
