namespace DistillForge.Data;

/// <summary>One recipe: everything that a run is made from. Every value that is not required has a newcomer's default.</summary>
public sealed record Recipe
{
    /// <summary>Names the run folder: letters, digits, '-', '_' and '.'.</summary>
    public required string Name { get; init; }

    /// <summary>All chance in the run derives from it.</summary>
    public long Seed { get; init; } = 7;

    /// <summary>Who answers the prompts, or scores the dataset.</summary>
    public TeacherSource? Teacher { get; init; }

    /// <summary>Several who answer, instead of one; the first is the one that the student is compared with.</summary>
    public IReadOnlyList<TeacherSource>? Teachers { get; init; }

    /// <summary>Which of the teachers a prompt goes to: <c>one</c> of those whose <c>when</c> fits, drawn by weight and seed, or <c>every</c> one of them.</summary>
    [AddedLater]
    public Routing Routing { get; init; }

    /// <summary>What the teacher is asked.</summary>
    public PromptSource? Prompts { get; init; }

    /// <summary>Answers that already exist, instead of prompts. With a teacher, it reads them and the student learns what it thinks of them.</summary>
    public DatasetSource? Dataset { get; init; }

    /// <summary>Where generation stops, whatever is left to ask; raise it, and the same command goes on.</summary>
    [Incidental]
    public BudgetSettings Budget { get; init; } = new();

    /// <summary>How the teacher answers and what is captured of its thoughts.</summary>
    public GenerateSettings Generate { get; init; } = new();

    /// <summary>A policy file: which filters judge the rows, in which order.</summary>
    public RecipeFile? Filters { get; init; }

    /// <summary>A person who answers for training on rows whose terms forbid it.</summary>
    [AddedLater]
    public OverrideSettings? Override { get; init; }

    /// <summary>The model to be trained.</summary>
    public StudentSettings Student { get; init; } = new();

    /// <summary>How the student is trained.</summary>
    public TrainSettings Train { get; init; } = new();

    /// <summary>Several students instead of one, of which the best is kept.</summary>
    [AddedLater]
    public SweepSettings? Sweep { get; init; }

    /// <summary>What leaves as GGUF.</summary>
    public PackageSettings Package { get; init; } = new();

    /// <summary>How the student is compared with its teacher.</summary>
    public EvaluateSettings Evaluate { get; init; } = new();

    /// <summary>Everybody who answers, whether written as <c>teacher</c> or <c>teachers</c>; the first is whom the student is compared with.</summary>
    [NotInRecipe]
    public IReadOnlyList<TeacherSource> AllTeachers => Teachers ?? (Teacher is { } only ? [only] : []);

    /// <summary>The file says how many rows are held out, or how they are chosen. A dataset's file that no teacher reads is trained on whole unless it does.</summary>
    [NotInRecipe]
    public bool SaysHeldOut { get; init; }

    /// <summary>The students of <see cref="Sweep"/>, in their order; empty where there is none.</summary>
    [NotInRecipe]
    public IReadOnlyList<SweepTrial> Trials { get; init; } = [];

    /// <summary>Where the recipe was read from.</summary>
    [NotInRecipe]
    public string Path { get; init; } = "";

    /// <summary>What <see cref="Filters"/> says; null when the recipe names no policy.</summary>
    [NotInRecipe]
    public FilterPolicy? Policy { get; init; }
}

/// <summary>A property of a recipe record that is not a key of the file.</summary>
[AttributeUsage(AttributeTargets.Property)]
public sealed class NotInRecipeAttribute : Attribute;

/// <summary>Says how fast something is done, never what comes out; changing it redoes nothing.</summary>
[AttributeUsage(AttributeTargets.Property)]
public sealed class IncidentalAttribute : Attribute;

/// <summary>A key that earlier versions did not know: at its default it is left out of the canonical text, so that older runs stay what they are.</summary>
[AttributeUsage(AttributeTargets.Property)]
public sealed class AddedLaterAttribute : Attribute;

/// <summary>A file that a recipe names.</summary>
/// <param name="Written">As it stands in the recipe; goes into manifests, so that a moved folder redoes nothing.</param>
/// <param name="Path">Full path: beside the recipe, in the working folder, or in DistillForge's own folder, the first that exists.</param>
public sealed record RecipeFile(string Written, string Path)
{
    public override string ToString() => Path;
}

/// <summary>A folder that a recipe names; found as files are.</summary>
public sealed record RecipeFolder(string Written, string Path)
{
    public override string ToString() => Path;
}

/// <summary>What the teacher is asked: exactly one of a template, JSON lines, CSV, Parquet and a file of turns.</summary>
public sealed record PromptSource
{
    /// <summary>A prompt template.</summary>
    public RecipeFile? Template { get; init; }

    /// <summary>JSON lines with <c>prompt</c>, <c>messages</c>, <c>question</c>, <c>text</c>, or <c>turns</c>: user turns to be asked one after the other.</summary>
    public RecipeFile? Jsonl { get; init; }

    /// <summary>CSV with a heading line.</summary>
    public RecipeFile? Csv { get; init; }

    /// <summary>Parquet with the columns that JSON lines have as keys.</summary>
    public RecipeFile? Parquet { get; init; }

    /// <summary>Text with <c>User:</c> and <c>Bot:</c> turns; the first user turn of each dialogue is a prompt.</summary>
    public RecipeFile? Turns { get; init; }

    /// <summary>User turns of a conversation that are asked, at most, each after the answer to the one before. Empty: all, but of a file of turns the first.</summary>
    public int? MaxTurns { get; init; }

    /// <summary>How many prompts; 0 takes all there are (a template needs a number).</summary>
    public int Count { get; init; }

    /// <summary>The CSV column with the prompt.</summary>
    public string Column { get; init; } = "text";

    /// <summary>A system message put before every prompt that has none.</summary>
    public string? System { get; init; }

    /// <summary>The form of the rows of a JSONL, CSV or Parquet file: messages, prompt-completion, sharegpt, alpaca, preference, openai-preference, question-answer, text or turns. Empty finds out, row by row.</summary>
    [AddedLater]
    public string? Shape { get; init; }
}

/// <summary>Answers that already exist: exactly one of a template (its expected answers), JSON lines, CSV and Parquet.</summary>
public sealed record DatasetSource
{
    /// <summary>A prompt template whose expected answers are the completions.</summary>
    public RecipeFile? Template { get; init; }

    /// <summary>JSON lines with <c>prompt</c> and <c>completion</c>, <c>messages</c>, or <c>question</c> and <c>answer</c>.</summary>
    public RecipeFile? Jsonl { get; init; }

    /// <summary>CSV with a heading line.</summary>
    public RecipeFile? Csv { get; init; }

    /// <summary>Parquet with the columns that JSON lines have as keys; rows of ours keep their ids and authors.</summary>
    public RecipeFile? Parquet { get; init; }

    /// <summary>How many rows; 0 takes all there are (a template needs a number).</summary>
    public int Count { get; init; }

    /// <summary>The CSV column with the prompt.</summary>
    public string Column { get; init; } = "text";

    /// <summary>The CSV column with the answer.</summary>
    public string AnswerColumn { get; init; } = "answer";

    /// <summary>A system message put before every prompt that has none.</summary>
    public string? System { get; init; }

    /// <summary>The form of the rows of a JSONL, CSV or Parquet file: messages, prompt-completion, sharegpt, alpaca, preference, openai-preference, question-answer, text or turns. Empty finds out, row by row.</summary>
    [AddedLater]
    public string? Shape { get; init; }

    /// <summary>Who gave the answers.</summary>
    public string? Author { get; init; }

    /// <summary>SPDX name of the answers' license.</summary>
    public string? License { get; init; }
}
