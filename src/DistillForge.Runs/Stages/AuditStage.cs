using DistillForge.Data;
using DistillForge.Llama;
using DistillForge.Runs.Audits;

namespace DistillForge.Runs.Stages;

/// <summary>
/// Asks the first teacher for the whole distribution of at most 512 positions of the run, after all answers are there, and writes down how
/// far from it the traces are. <c>inspect</c> shows the figures.
/// </summary>
sealed class AuditStage(RunContext run) : Stage(run)
{
    const string File = "audit.parquet";

    public override string Name => "audit";

    public override string Command => "generate";

    protected override IReadOnlyList<string> RecipeKeys => ["teacher", "teachers"];

    protected override IReadOnlyDictionary<string, string> Inputs => TeacherFiles.Of(Run).Append(new("traces", Run.TracesOf(""))).ToDictionary(input => input.Key, input => input.Value);

    protected override IReadOnlyList<string> Outputs => [File];

    protected override async Task<IReadOnlyDictionary<string, double>> ExecuteAsync(CancellationToken cancellationToken)
    {
        await using var model = await OpenAsync(cancellationToken);
        var traces = TracesFile.ReadAsync(WantedRows.Shards(Run.TracesOf("")), cancellationToken);
        var choices = await AuditChoice.ChooseAsync(traces, model.Sha256, Run.Recipe.Seed, CodingAudit.MostPositions, cancellationToken);
        var report = new AuditReport();
        var positions = new CodingAudit(model, model.Sha256).CaptureAsync(choices, report, cancellationToken);
        await AuditFile.WriteAsync(Run.Folder.In(File), Told(positions, choices.Count), cancellationToken);
        return report.Figures;
    }

    // As the traces were captured: the figures then show the coding and not the engine's other settings.
    Task<LlamaModel> OpenAsync(CancellationToken cancellationToken)
        => Run.Scores ? Run.OpenScorerAsync(Run.Teacher, cancellationToken) : Run.OpenTeacherAsync(Run.Teacher, cancellationToken);

    async IAsyncEnumerable<AuditPosition> Told(IAsyncEnumerable<AuditPosition> positions, int total)
    {
        var done = 0;
        await foreach (var position in positions)
        {
            Run.Progress.Report(Name, ++done, total, "positions");
            yield return position;
        }
    }
}
