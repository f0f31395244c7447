using DistillForge.Core;

namespace DistillForge.Data;

/// <summary>How the teacher answers, and what is captured of its thoughts.</summary>
public sealed record GenerateSettings
{
    /// <summary>Answers a prompt.</summary>
    public int Samples { get; init; } = 1;

    /// <summary>0 is greedy.</summary>
    public float Temperature { get; init; } = 0.7f;

    /// <summary>1 keeps every token.</summary>
    public float TopP { get; init; } = 1f;

    /// <summary>0 keeps every token.</summary>
    public int TopK { get; init; }

    /// <summary>0 keeps every token.</summary>
    public float MinP { get; init; }

    /// <summary>The end-of-sequence token counts too.</summary>
    public int MaxTokens { get; init; } = 256;

    /// <summary>Texts that end an answer.</summary>
    public IReadOnlyList<string> Stop { get; init; } = [];

    /// <summary>Most likely tokens captured at each position, at most; 0 captures no trace.</summary>
    public int TopLogprobs { get; init; } = 16;

    /// <summary>As many tokens as reach this share of the probability; 1 always takes top_logprobs.</summary>
    public float HeadMass { get; init; } = 1f;

    /// <summary>Tokens drawn from the tail at each position, for each temperature.</summary>
    public int TailSamples { get; init; } = 8;

    /// <summary>Training temperatures to capture the tail for; 1 is always captured.</summary>
    public IReadOnlyList<float> Temperatures { get; init; } = [1f];

    /// <summary>
    /// Above 0, so many draws with replacement from the whole distribution are captured at each position (RS-KD) instead of the most
    /// likely tokens and tail samples.
    /// </summary>
    [AddedLater]
    public int RandomDraws { get; init; }

    /// <summary>s: those draws follow p^(1/s).</summary>
    [AddedLater]
    public float DrawTemperature { get; init; } = 1f;

    /// <summary>How the draws of one position are related: each for itself, or evenly spaced, which is as unbiased and varies less.</summary>
    [AddedLater]
    public Drawing Drawing { get; init; }

    /// <summary>1 changes nothing; above it, tokens that were there already become less likely.</summary>
    [AddedLater]
    public float RepetitionPenalty { get; init; } = 1f;

    /// <summary>Token ids that end an answer.</summary>
    [AddedLater]
    public IReadOnlyList<int> StopTokens { get; init; } = [];

    /// <summary>A file with a GBNF grammar that every answer follows.</summary>
    public RecipeFile? Grammar { get; init; }

    /// <summary>A file with a JSON Schema that every answer follows.</summary>
    public RecipeFile? JsonSchema { get; init; }

    /// <summary>What becomes of <c>&lt;think&gt;…&lt;/think&gt;</c>: stays in the answer, gets a column of its own, or goes.</summary>
    [AddedLater]
    public ReasoningTreatment Reasoning { get; init; }

    /// <summary>What becomes of a prompt over the context.</summary>
    [AddedLater]
    public Overflow Overflow { get; init; }

    /// <summary>One conversation at a time, with an F32 KV cache: slower, and the same rows whatever the batching.</summary>
    [AddedLater]
    public bool Exact { get; init; }

    /// <summary>What is captured of each position; null for no trace.</summary>
    public Want.Head? ToCapture() => TopLogprobs > 0 || RandomDraws > 0 ? new Want.Head(TopLogprobs, HeadMass, TailSamples, Temperatures, RandomDraws, DrawTemperature, Drawing) : null;

    /// <summary>What a model is asked for one answer.</summary>
    public Sampling ToSampling() => new(
        Temperature,
        TopK,
        TopP,
        MinP,
        MaxTokens,
        Stop,
        ToCapture(),
        RepetitionPenalty,
        StopTokens.Count > 0 ? StopTokens : null,
        Grammar is { } grammar ? File.ReadAllText(grammar.Path) : null,
        JsonSchema is { } schema ? File.ReadAllText(schema.Path) : null);
}

/// <summary>What becomes of a model's reasoning before its answer.</summary>
public enum ReasoningTreatment
{
    /// <summary>It stays in the answer as the model wrote it.</summary>
    Keep,

    /// <summary>It goes into the column <c>reasoning</c>; the trace stays whole and is trained on.</summary>
    Split,

    /// <summary>Its text goes; its tokens stay in the trace, where nothing is trained on them.</summary>
    Drop,
}

/// <summary>What becomes of a prompt that does not fit into the context.</summary>
public enum Overflow
{
    /// <summary>It is a recorded failure.</summary>
    Fail,

    /// <summary>Its oldest turns go until max_tokens (or a quarter of the context, if that is less) fit behind it; system messages and the last turn stay.</summary>
    Truncate,
}
