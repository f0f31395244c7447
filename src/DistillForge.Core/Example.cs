namespace DistillForge.Core;

/// <summary>One answered prompt: what was asked, what was answered, by whom, and under which terms.</summary>
public sealed record Example
{
    /// <summary>See <see cref="RowId"/>.</summary>
    public required string Id { get; init; }

    public required IReadOnlyList<Message> Prompt { get; init; }

    /// <summary>Usually one assistant message.</summary>
    public required IReadOnlyList<Message> Completion { get; init; }

    /// <summary>What the model thought before its answer, where the recipe splits it off.</summary>
    public string? Reasoning { get; init; }

    /// <summary>Who answered: a model's name, a person, a grammar.</summary>
    public required string Author { get; init; }

    /// <summary>SHA-256 of the author's weights, where there are some.</summary>
    public string? AuthorSha256 { get; init; }

    public string? License { get; init; }

    public string? Terms { get; init; }

    /// <summary><c>stop</c>, <c>length</c> or <c>content_filter</c>.</summary>
    public string FinishReason { get; init; } = "stop";

    /// <summary>See <see cref="Sampling.Describe"/>; empty where nothing was sampled.</summary>
    public string Sampling { get; init; } = "";

    public long Seed { get; init; }

    public int PromptTokens { get; init; }

    public int CompletionTokens { get; init; }

    public double CostUsd { get; init; }

    /// <summary>From asking to the last token.</summary>
    public double Seconds { get; init; }

    /// <summary>Where the prompt came from.</summary>
    public string Source { get; init; } = "";

    /// <summary>Fingerprint of the chat template that made the token ids.</summary>
    public string Template { get; init; } = "";

    /// <summary>The known right answer, where there is one.</summary>
    public string? Expected { get; init; }

    /// <summary>An answer to the same prompt that is worse than <see cref="Completion"/>, where rows are pairs of a chosen and a rejected one.</summary>
    public string? Rejected { get; init; }

    /// <summary>A slice to report by, where there is one.</summary>
    public string? Category { get; init; }

    /// <summary>What the scorer thought; travels in its own file.</summary>
    public TokenTrace? Trace { get; init; }

    /// <summary>Text of the last completion message.</summary>
    public string Text => Completion.Count == 0 ? "" : Completion[^1].Content;
}

/// <summary>A prompt that got no answer, and why.</summary>
/// <param name="Code">Counted, kebab-case, e.g. <c>prompt-too-long</c>.</param>
/// <param name="Detail">Read by a person.</param>
public sealed record Failure(string Id, string Code, string Detail);

/// <summary>What became of one prompt: exactly one of an example and a failure.</summary>
public sealed record Answer
{
    Answer(Example? example, Failure? failure) => (Example, Failure) = (example, failure);

    public Example? Example { get; }

    public Failure? Failure { get; }

    public string Id => Example?.Id ?? Failure!.Id;

    public static Answer Of(Example example) => new(example, null);

    public static Answer Of(Failure failure) => new(null, failure);
}

/// <summary>A piece of an answer that is still growing.</summary>
/// <param name="Text">Whole characters; empty where a token ended within one.</param>
/// <param name="Tokens">How many tokens became complete with it.</param>
/// <param name="Trace">What the model thought of those tokens, without a prompt; null where nothing is captured.</param>
public sealed record CompletionPart(string Text, int Tokens, TokenTrace? Trace);

/// <summary>What a model said.</summary>
/// <param name="FinishReason"><c>stop</c>, <c>length</c> or <c>content_filter</c>.</param>
/// <param name="CachedTokens">Of the prompt's tokens, those that were not read again, since an earlier prompt began with them too.</param>
public sealed record Completion(string Text, string FinishReason, int PromptTokens, int CompletionTokens, TimeSpan Elapsed, TokenTrace? Trace, int CachedTokens = 0);
