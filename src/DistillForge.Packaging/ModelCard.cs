namespace DistillForge.Packaging;

/// <summary>Everything that a model card says; whatever is unknown is null and left out, never guessed.</summary>
public sealed record ModelCard
{
    public required string Name { get; init; }

    /// <summary>SPDX name.</summary>
    public string? License { get; init; }

    /// <summary>Who the student was distilled from; null for a model trained from scratch.</summary>
    public CardTeacher? Teacher { get; init; }

    /// <summary>One sentence: what the model is for.</summary>
    public required string Purpose { get; init; }

    /// <summary>The hub's name of the model whose weights the student started from; null where it started from chance or nobody knows the name.</summary>
    public string? BaseModel { get; init; }

    /// <summary>What it is made for.</summary>
    public IReadOnlyList<string> Intended { get; init; } = [];

    /// <summary>What it is not to be used for.</summary>
    public IReadOnlyList<string> OutOfScope { get; init; } = [];

    /// <summary>How it is run; null says nothing of it.</summary>
    public CardUse? Use { get; init; }

    /// <summary>Rows of the table of what it took to make it: what, value.</summary>
    public IReadOnlyList<(string What, string Value)> Compute { get; init; } = [];

    /// <summary>ISO 639 codes.</summary>
    public IReadOnlyList<string> Languages { get; init; } = ["en"];

    public IReadOnlyList<string> Tags { get; init; } = [];

    /// <summary>Rows of the table of the model's sizes: what, value.</summary>
    public required IReadOnlyList<(string What, string Value)> Sizes { get; init; }

    public required CardData Data { get; init; }

    /// <summary>Under which terms the answers may be used: who answered, what is known of it.</summary>
    public IReadOnlyList<(string Who, string Terms)> Terms { get; init; } = [];

    public IReadOnlyList<CardFilter> Filters { get; init; } = [];

    /// <summary>Rows of the table of how it was trained: what, value.</summary>
    public required IReadOnlyList<(string What, string Value)> Method { get; init; }

    public IReadOnlyList<CardScore> Scores { get; init; } = [];

    /// <summary>Under the table of scores, e.g. how an interval was made.</summary>
    public IReadOnlyList<string> ScoreNotes { get; init; } = [];

    /// <summary>More of the evaluation, each under a heading of its own, after the table of scores.</summary>
    public IReadOnlyList<CardSection> Findings { get; init; } = [];

    public required IReadOnlyList<PackagedFile> Files { get; init; }

    public required IReadOnlyList<string> Limits { get; init; }

    /// <summary>What was used, e.g. <c>llama.cpp v0.5.0</c>.</summary>
    public IReadOnlyList<string> Versions { get; init; } = [];

    /// <summary>Hugging Face's Markdown.</summary>
    public string ToMarkdown() => ModelCardMarkdown.Render(this);
}

/// <param name="File">The GGUF that the commands name.</param>
/// <param name="Example">A question of one line and the answer that this file gave; null where none can be shown.</param>
public sealed record CardUse(string File, (string Question, string Answer)? Example = null)
{
    const int Longest = 300;

    /// <summary>Whether a text can stand in a command and in a block of Markdown as it is.</summary>
    public static bool CanShow(string text) => text.Length is > 0 and <= Longest && !text.Any(c => char.IsControl(c) || c is '`' or '"' or '$' or '\\' or '!');

    /// <summary>The same for what only stands in a block.</summary>
    public static bool CanShowAnswer(string text) => text.Length is > 0 and <= Longest && !text.Any(c => char.IsControl(c) || c is '`');
}

/// <param name="BaseModel">As <c>base_model</c> takes it: a model on the hub, where the teacher is one.</param>
public sealed record CardTeacher(string Name, string? BaseModel, long? Parameters, string? License, string? Sha256);

/// <param name="Prompts">Rows asked; examples and failures add up to it.</param>
/// <param name="Kept">Rows trained on; with the dropped ones they add up to the examples.</param>
/// <param name="Awaiting">Rows that a person has yet to decide on; not trained on.</param>
public sealed record CardData(string Source, long Prompts, long Failed, long Dropped, long Kept, string? License, string? Sha256, long Awaiting = 0);

/// <param name="Reasons">Code and how often; the first drop of a row counts.</param>
public sealed record CardFilter(string Name, long Judged, long Dropped, IReadOnlyList<(string Code, long Rows)> Reasons);

/// <summary>A heading, paragraphs, and a table where there are rows.</summary>
public sealed record CardSection(string Title, IReadOnlyList<string> Text, IReadOnlyList<string> Heads, IReadOnlyList<IReadOnlyList<string>> Rows);

/// <summary>One model's row in the table of scores.</summary>
/// <param name="ExactMatch">0 … 1.</param>
/// <param name="ExactMatchRange">Its 95 % interval.</param>
/// <param name="KlToTeacher">Nats a token.</param>
/// <param name="Top1Agreement">0 … 1.</param>
public sealed record CardScore(string Model, long? Parameters, long? Bytes, double? ExactMatch, double? KlToTeacher, double? Top1Agreement, double? TokensPerSecond, (double Low, double High)? ExactMatchRange = null);
