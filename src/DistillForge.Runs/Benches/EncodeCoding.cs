using DistillForge.Core;

namespace DistillForge.Runs.Benches;

/// <summary>What the trainer makes of a trace.</summary>
public enum EncodeTarget
{
    /// <summary>The head is taken for everything.</summary>
    Renormalised,

    /// <summary>The tail is one outcome.</summary>
    Bucket,

    /// <summary>The head exactly, the tail by draws from it.</summary>
    TailSamples,

    /// <summary>Everything by draws (RS-KD).</summary>
    RandomDraws,
}

/// <summary>A way to write down what a teacher thinks of a position.</summary>
public sealed record EncodeCoding(string Name, Want.Head Want, EncodeTarget Target)
{
    const float Most = 0.99f;

    public static IReadOnlyList<EncodeCoding> All { get; } =
    [
        new("top 16, renormalised", new Want.Head(16, TailSamples: 0), EncodeTarget.Renormalised),
        new("top 64, renormalised", new Want.Head(64, TailSamples: 0), EncodeTarget.Renormalised),
        new("top 16 + bucket", new Want.Head(16, TailSamples: 0), EncodeTarget.Bucket),
        new("top 64 + bucket", new Want.Head(64, TailSamples: 0), EncodeTarget.Bucket),
        new("99 %, at most 16 + bucket", new Want.Head(16, Most, TailSamples: 0), EncodeTarget.Bucket),
        new("99 %, at most 32 + bucket", new Want.Head(32, Most, TailSamples: 0), EncodeTarget.Bucket),
        new("99 %, at most 64 + bucket", new Want.Head(64, Most, TailSamples: 0), EncodeTarget.Bucket),
        new("RS-KD 12", new Want.Head(RandomDraws: 12), EncodeTarget.RandomDraws),
        new("RS-KD 50", new Want.Head(RandomDraws: 50), EncodeTarget.RandomDraws),
        new("top 8 + 4 tail samples", new Want.Head(8, TailSamples: 4), EncodeTarget.TailSamples),
        new("top 8 + 8 tail samples", new Want.Head(8, TailSamples: 8), EncodeTarget.TailSamples),
        new("top 16 + 8 tail samples", new Want.Head(16, TailSamples: 8), EncodeTarget.TailSamples),
    ];

    /// <summary>How many of the most likely ids are the head.</summary>
    /// <param name="descending">Probabilities of the most likely ids, highest first.</param>
    public int HeadSize(ReadOnlySpan<double> descending)
    {
        var size = 0;
        var mass = 0.0;
        while (size < Math.Min(Want.TopLogprobs, descending.Length) && (Want.Mass >= 1 || mass < Want.Mass))
        {
            mass += descending[size++];
        }

        return size;
    }
}
