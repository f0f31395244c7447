using DistillForge.Core;
using DistillForge.Data;
using DistillForge.Text;
using DistillForge.Training;

namespace DistillForge.Runs.Stages;

/// <summary>Whether a recipe's student learns from pairs of answers, and whether it can.</summary>
static class Pairs
{
    /// <summary>The loss that asks for them; null: none does.</summary>
    public static string? WantedBy(Recipe recipe) => recipe.Train.Losses.FirstOrDefault(loss => TrainingCatalog.Preferences.Contains(loss.Name))?.Name;

    /// <exception cref="ForgeException">There can be no pairs, or nothing that the student could be compared with; before anything is asked.</exception>
    public static void Check(Recipe recipe)
    {
        if (WantedBy(recipe) is not { } loss)
        {
            return;
        }

        Problem[] problems =
        [
            .. recipe.Dataset is null or { Template: not null } ? [new Problem(loss, "learns from pairs of answers, and prompts have none.", "Give a dataset whose rows have 'prompt', 'chosen' and 'rejected': 'dataset: { jsonl: pairs.jsonl }'.")] : Array.Empty<Problem>(),
            .. !recipe.Student.IsPretrained ? [new Problem(loss, "compares the student with what it started from, and this one starts from chance.", "Start from a model that can answer already, e.g. 'student: { gguf: path }'.")] : Array.Empty<Problem>(),
            .. recipe.Train.Targets is TrainTargets.Aligned or TrainTargets.Ranked ? [new Problem("train.targets", $"brings a teacher's thoughts to another vocabulary, which '{loss}' does not know.", "Remove it.")] : Array.Empty<Problem>(),
            .. recipe.Train.OnPolicy is not null ? [new Problem("train.on_policy", $"gives answers that nobody preferred, and '{loss}' learns from pairs.", "Remove one of them.")] : Array.Empty<Problem>(),
        ];
        if (problems.Length > 0)
        {
            throw new ForgeException(recipe.Path, problems);
        }
    }
}

/// <summary>Gives the rejected answers their token ids, as the chosen ones have theirs.</summary>
sealed class PairsStage(RunContext run) : Stage(run)
{
    public const string FileName = "rejected.parquet";

    public override string Name => "pairs";

    public override string Command => "train";

    protected override IReadOnlyList<string> RecipeKeys => [];

    protected override IReadOnlyDictionary<string, string> Inputs => new Dictionary<string, string>
    {
        ["curated.parquet"] = Run.Folder.Curated,
        ["vocabulary.gguf"] = Run.Folder.In("vocabulary.gguf"),
    };

    protected override IReadOnlyList<string> Outputs => [FileName];

    protected override async Task<IReadOnlyDictionary<string, double>> ExecuteAsync(CancellationToken cancellationToken)
    {
        var rows = await ExamplesFile.ReadAsync([Run.Folder.Curated], cancellationToken).ToListAsync(cancellationToken);
        if (rows.Find(row => row.Rejected is null) is { } alone)
        {
            throw new ForgeException(new Problem($"row {alone.Id[..12]}", $"has no rejected answer ({rows.Count(row => row.Rejected is null):N0} of {rows.Count:N0} have none).", "Give each row of the dataset a 'rejected', or remove the loss on pairs."));
        }

        var vocabulary = Vocabulary.Read(Run.Folder.In("vocabulary.gguf"));
        await using var tokenizer = await StudentTokenizer.OpenAsync(Run, vocabulary, cancellationToken);
        var dialogue = new Dialogue(vocabulary, tokenizer.Value);
        var written = await TracesFile.WriteAsync(Run.Folder.In(FileName), rows.Select(row => TokenizeStage.Trace(dialogue, row, row.Rejected!)).ToAsyncEnumerable(), cancellationToken);
        Run.Progress.Say($"  {written:N0} pairs");
        return new Dictionary<string, double> { ["rows"] = written };
    }
}
