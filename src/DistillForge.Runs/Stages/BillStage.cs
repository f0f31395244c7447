using System.Text;
using DistillForge.Data;
using DistillForge.Models;
using DistillForge.Packaging;
using DistillForge.Runs.Lineage;
using DistillForge.Runs.Reports;

namespace DistillForge.Runs.Stages;

/// <summary>Writes down what the student was made of and what is handed out with it, each with its hash.</summary>
sealed class BillStage(RunContext run) : Stage(run)
{
    public override string Name => "bill";

    public override string Command => "evaluate";

    protected override IReadOnlyList<string> RecipeKeys => ["name", "teacher", "teachers", "dataset", "prompts", "student"];

    // What these stages made; each manifest holds the hashes of it.
    protected override IReadOnlyDictionary<string, string> Inputs => RunBill.HandedOut.Append(RunBill.Described).ToDictionary(stage => $"manifests/{stage}.json", stage => Manifest.PathOf(Run.Folder.Path, stage)).Append(new("recipe", Run.Recipe.Path)).ToDictionary();

    protected override IReadOnlyList<string> Outputs => [BillOfMaterials.FileName];

    protected override Task<IReadOnlyDictionary<string, double>> ExecuteAsync(CancellationToken cancellationToken)
    {
        var made = RunLedger.Entries(Run.Folder.Path).Last(entry => entry.Stage == RunBill.HandedOut[^1]).Time;
        var bill = new RunBill(Run).Of(made);
        DurableFile.Write(Run.Folder.In(BillOfMaterials.FileName), stream => stream.Write(Encoding.UTF8.GetBytes(bill.ToCycloneDx())));
        return Task.FromResult<IReadOnlyDictionary<string, double>>(new Dictionary<string, double> { ["parts"] = bill.Parts.Count, ["files"] = bill.Model.Parts.Count });
    }
}
