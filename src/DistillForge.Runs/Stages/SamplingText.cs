using DistillForge.Core;
using DistillForge.Data;

namespace DistillForge.Runs.Stages;

/// <summary>How an answer is drawn and what is captured of it, as the lines that row ids are made of.</summary>
static class SamplingText
{
    /// <summary>What decides the text of an answer; also in the row's column <c>sampling</c>.</summary>
    /// <remarks>What came later is said only where it is set, so that old ids stay.</remarks>
    public static string Of(GenerateSettings generate, bool isExact) => string.Concat(
        generate.ToSampling().Describe(),
        generate.Reasoning == ReasoningTreatment.Keep ? "" : $" reasoning={generate.Reasoning.ToString().ToLowerInvariant()}",
        generate.Overflow == Overflow.Fail ? "" : " overflow=truncate",
        isExact ? " exact" : "");

    public static string OfCapture(Want.Head? capture) => capture is null
        ? "no trace"
        : FormattableString.Invariant($"top_logprobs={capture.TopLogprobs} mass={capture.Mass:R} tail_samples={capture.TailSamples} temperatures={string.Join(',', capture.Temperatures ?? [])}{(capture.RandomDraws > 0 ? FormattableString.Invariant($" random_draws={capture.RandomDraws} draw_temperature={capture.DrawTemperature:R}") : "")}{(capture.Drawing == Drawing.Independent ? "" : " drawing=systematic")}");
}
