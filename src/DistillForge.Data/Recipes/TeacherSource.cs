using System.Text.Json;

namespace DistillForge.Data;

/// <summary>Who answers: exactly one of a GGUF file and an API.</summary>
public sealed record TeacherSource
{
    /// <summary>A GGUF file, run by llama.cpp.</summary>
    public RecipeFile? Gguf { get; init; }

    /// <summary>Base address of an OpenAI-compatible API, e.g. <c>https://api.openai.com/v1</c>.</summary>
    public string? Api { get; init; }

    /// <summary>SPDX name of the teacher's license; travels with every row.</summary>
    public string? License { get; init; }

    /// <summary>Terms that bind the use of its answers.</summary>
    public string? Terms { get; init; }

    /// <summary>Tokens of context for one conversation; 0 takes what the model was trained with.</summary>
    public int Context { get; init; }

    /// <summary>CPU threads; 0 chooses.</summary>
    [Incidental]
    public int Threads { get; init; }

    /// <summary>Conversations answered side by side; 0 chooses.</summary>
    [Incidental]
    public int Parallel { get; init; }

    /// <summary>A LoRA adapter (GGUF) on top of the model.</summary>
    public RecipeFile? Lora { get; init; }

    /// <summary>One conversation at a time, with an F32 KV cache: slower, and the same rows whatever the batching.</summary>
    [AddedLater]
    public bool Exact { get; init; }

    /// <summary>What it is called in rows and reports. Empty: the file's or the model's name.</summary>
    public string? Name { get; init; }

    /// <summary>The API's name of the model.</summary>
    public string? Model { get; init; }

    /// <summary>The environment variable that holds the API key; the key itself never stands in a recipe.</summary>
    [Incidental]
    public string? KeyEnv { get; init; }

    /// <summary>More base addresses that serve the same model.</summary>
    [Incidental]
    public IReadOnlyList<string> Endpoints { get; init; } = [];

    /// <summary>Requests a minute that the API allows; empty: no limit of ours.</summary>
    [Incidental]
    public int? RequestsPerMinute { get; init; }

    /// <summary>Tokens a minute that the API allows; empty: no limit of ours.</summary>
    [Incidental]
    public int? TokensPerMinute { get; init; }

    /// <summary>Requests under way at the same time, at most; empty: found out.</summary>
    [Incidental]
    public int? MaxConcurrency { get; init; }

    /// <summary>Seconds for one answer, all attempts together; empty: a default that suits long answers.</summary>
    [Incidental]
    public double? TimeoutS { get; init; }

    /// <summary>A GGUF with the vocabulary of the API's model; log-probabilities need it.</summary>
    public RecipeFile? Tokenizer { get; init; }

    /// <summary>Among several teachers: its share of the prompts that are routed by weight.</summary>
    [AddedLater]
    public double Weight { get; init; } = 1;

    /// <summary>Among several teachers: which prompts it may get. Empty: all.</summary>
    public TeacherWhen? When { get; init; }

    /// <summary>How it is called in rows and reports.</summary>
    [NotInRecipe]
    public string DisplayName => Name ?? (Gguf is { } gguf ? System.IO.Path.GetFileNameWithoutExtension(gguf.Path) : Model ?? "teacher");

    /// <summary>Everything that does not fit, where it is named by something else than the recipe.</summary>
    public IEnumerable<Core.Problem> Check()
        => new TeacherRules().Validate(this).Errors.Select(failure => new Core.Problem(JsonNamingPolicy.SnakeCaseLower.ConvertName(failure.PropertyName), failure.ErrorMessage));
}

/// <summary>Which prompts a teacher may get; each list that is given must name the prompt's value.</summary>
public sealed record TeacherWhen
{
    /// <summary>Sources: the prompt file as the recipe writes it, or what a row says in <c>source</c>.</summary>
    public IReadOnlyList<string> Source { get; init; } = [];

    /// <summary>Categories, as rows or templates name them.</summary>
    public IReadOnlyList<string> Category { get; init; } = [];

    /// <summary>Whether a prompt with these values fits.</summary>
    public bool Fits(string source, string? category)
        => (Source.Count == 0 || Source.Contains(source)) && (Category.Count == 0 || (category is not null && Category.Contains(category)));
}

/// <summary>Which of several teachers a prompt goes to.</summary>
public enum Routing
{
    /// <summary>One of those that fit, drawn by weight.</summary>
    One,

    /// <summary>Every one that fits.</summary>
    Every,
}

/// <summary>Where generation stops, whatever is left to ask. Empty: no limit.</summary>
public sealed record BudgetSettings
{
    /// <summary>US dollars paid to APIs, over all runs of this recipe.</summary>
    public double? MaxCostUsd { get; init; }

    /// <summary>Tokens of prompts and answers together.</summary>
    public long? MaxTokens { get; init; }

    /// <summary>Hours of generating, over all runs of this recipe.</summary>
    public double? MaxHours { get; init; }
}
