using DistillForge.Core;
using DistillForge.Llama.Protocol;

namespace DistillForge.Llama.Numerics;

/// <summary>What each position of a trace holds, in the form in which it travels from the worker.</summary>
/// <remarks>
/// A position is: token, log-probability, rank, entropy; then, if full, V log-probabilities, else the head's size, its ids, its
/// log-probabilities (and their counts, where the head is drawn), and for each temperature the tail's log-sum and
/// <see cref="TailSamples"/> ids.
/// </remarks>
sealed record TracePlan(bool IsFull, int[] Ids, int TopLogprobs, float Mass, int TailSamples, float[] Temperatures, int RandomDraws = 0, float DrawTemperature = 1, bool IsSystematic = false)
{
    /// <summary>Whose chance decides where a draw falls: the first one's places them all where they are systematic.</summary>
    public int ChanceOf(int draw) => IsSystematic ? 0 : draw;

    /// <summary>Where the draw falls, [0, 1).</summary>
    /// <param name="uniform">Of <see cref="ChanceOf"/>.</param>
    public double Place(int draw, int draws, double uniform) => IsSystematic ? (draw + uniform) / draws : uniform;

    public static TracePlan Of(Want want) => want switch
    {
        Want.Head { RandomDraws: > 0 } drawn => new(IsFull: false, [], TopLogprobs: 0, Mass: 1, TailSamples: 0, [.. drawn.AllTemperatures], drawn.RandomDraws, drawn.DrawTemperature, drawn.Drawing == Drawing.Systematic),
        Want.Head head => new(IsFull: false, [], Math.Max(0, head.TopLogprobs), head.Mass, Math.Max(0, head.TailSamples), [.. head.AllTemperatures], IsSystematic: head.Drawing == Drawing.Systematic),
        Want.At at => new(IsFull: false, [.. at.Ids.Distinct().Order()], TopLogprobs: 0, Mass: 1, TailSamples: 0, [1]),
        Want.Full => new(IsFull: true, [], TopLogprobs: 0, Mass: 1, TailSamples: 0, [1]),
        _ => throw new NotSupportedException(want.GetType().Name),
    };

    public void Write(FrameWriter to)
    {
        to.Write(IsFull);
        to.WriteArray(Ids);
        to.Write(TopLogprobs);
        to.Write(Mass);
        to.Write(TailSamples);
        to.WriteArray(Temperatures);
        to.Write(RandomDraws);
        to.Write(DrawTemperature);
        to.Write(IsSystematic);
    }

    public static TracePlan Read(ref FrameReader from)
        => new(from.ReadBool(), from.ReadInts(), from.ReadInt(), from.ReadFloat(), from.ReadInt(), from.ReadFloats(), from.ReadInt(), from.ReadFloat(), from.ReadBool());
}
