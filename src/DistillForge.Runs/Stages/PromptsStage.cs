using DistillForge.Core;
using DistillForge.Data;
using DistillForge.Runs.Lineage;

namespace DistillForge.Runs.Stages;

/// <summary>Expands the recipe's prompts into rows with ids, and puts aside those that the student is compared on.</summary>
sealed class PromptsStage(RunContext run) : Stage(run)
{
    public override string Name => "prompts";

    public override string Command => "generate";

    // What is captured counts as well: a row's trace is part of what it was asked for.
    protected override IReadOnlyList<string> RecipeKeys => ["teacher", "teachers", "routing", "prompts", "generate", "evaluate"];

    protected override IReadOnlyDictionary<string, string> Inputs => SourceFiles.Of(Run.Recipe.Prompts!).Concat(TeacherFiles.Of(Run)).Concat(TeacherFiles.OfConstraints(Run.Recipe.Generate)).ToDictionary(input => input.Key, input => input.Value);

    protected override IReadOnlyList<string> Outputs => ["prompts.parquet", "held-out/prompts.parquet"];

    protected override async Task<IReadOnlyDictionary<string, double>> ExecuteAsync(CancellationToken cancellationToken)
    {
        var (asked, heldOut) = await new PromptExpansion(Run).ExpandAsync(cancellationToken);
        Directory.CreateDirectory(Run.Folder.In("held-out"));
        // What was taken down does not come back, though its source still holds it: the row stays, what it said does not.
        var tombstones = Tombstones.Of(Run.Folder.Path);
        (asked, heldOut) = (asked.ConvertAll(Mask), heldOut.ConvertAll(Mask));
        var written = await PromptsFile.WriteAsync(Run.Folder.Prompts, asked.ToAsyncEnumerable(), cancellationToken);
        var aside = await PromptsFile.WriteAsync(Run.Folder.In("held-out/prompts.parquet"), heldOut.ToAsyncEnumerable(), cancellationToken);
        Run.Progress.Say($"  {written:N0} prompts, {aside:N0} held out{(Run.Teachers.Count > 1 ? ": " + string.Join(", ", asked.CountBy(prompt => prompt.Teacher ?? "").OrderBy(teacher => teacher.Key, StringComparer.Ordinal).Select(teacher => $"{teacher.Value:N0} for {teacher.Key}")) : "")}");
        return new Dictionary<string, double> { ["prompts"] = written, ["held_out"] = aside };

        Prompt Mask(Prompt prompt) => tombstones.Holds(prompt.Id, prompt.Messages) ? Tombstones.Masked(prompt) : prompt;
    }
}
