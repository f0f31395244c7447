using DistillForge.Data;
using DistillForge.Runs.Lineage;

namespace DistillForge.Runs.Stages;

/// <summary>Writes down what the curated dataset is, who said it under which terms, what was removed and why, and what nobody checked.</summary>
sealed class DatasetCardStage(RunContext run) : Stage(run)
{
    const string FolderName = "dataset";

    public override string Name => "dataset-card";

    public override string Command => "filter";

    protected override IReadOnlyList<string> RecipeKeys => ["name"];

    protected override IReadOnlyDictionary<string, string> Inputs => new Dictionary<string, string>
    {
        ["curated.parquet"] = Run.Folder.Curated,
        ["verdicts.parquet"] = Run.Folder.Verdicts,
        ["manifests/filter.json"] = Manifest.PathOf(Run.Folder.Path, "filter"),
    };

    protected override IReadOnlyList<string> Outputs => [$"{FolderName}/{DatasetFacts.CardName}", $"{FolderName}/{DatasetFacts.CroissantName}", $"{FolderName}/{DatasetFacts.SummaryName}"];

    protected override async Task<IReadOnlyDictionary<string, double>> ExecuteAsync(CancellationToken cancellationToken)
    {
        await DatasetFacts.WriteAsync(Run.Folder.Path, Run.Folder.In(FolderName), Run.Folder.Curated, DataColumn.OfExamples, null, cancellationToken);
        return new Dictionary<string, double>();
    }
}
