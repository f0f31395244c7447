using System.Text.Json;
using System.Text.Json.Serialization;
using DistillForge.Evaluation;
using DistillForge.Packaging.Reports;
using DistillForge.Runs.Reports;

namespace DistillForge.Runs.Comparisons;

/// <summary>What <c>compare</c> found; the first model is the one that the others are compared with.</summary>
/// <param name="Notes">What was compared on, and what could not be.</param>
public sealed record CompareResult(IReadOnlyList<NamedScores> Models, IReadOnlyList<FidelityReport> Fidelity, IReadOnlyList<TaskSlice> Slices, IReadOnlyList<string> Notes)
{
    static readonly JsonSerializerOptions Json = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        WriteIndented = true,
        NumberHandling = JsonNumberHandling.AllowNamedFloatingPointLiterals,
    };

    public string ToJson() => JsonSerializer.Serialize(this, Json);

    /// <summary>As a table for a person.</summary>
    public RunSummary ToSummary()
        => ScoreSections.Table(Named) is var table ? new(null, [.. table.Heads.Skip(1)], [.. table.Rows.Select(row => (row[0], (IReadOnlyList<string>)[.. row.Skip(1)]))], Notes) : throw new InvalidOperationException();

    /// <summary>The same tables and plots as a run's report.</summary>
    public ReportPage ToPage()
    {
        List<ReportSection> sections = [new("Side by side", Notes) { Tables = [ScoreSections.Table(Named)], Plots = [Cost()] }];
        if (Fidelity.Count > 0)
        {
            sections.Add(ScoreSections.Fidelity(Fidelity, Models[0].Name));
        }

        if (ScoreSections.Retention(Slices) is { } retention)
        {
            sections.Add(retention);
        }

        return new(string.Join(" and ", Models.Select(model => model.Name)), $"Models beside {Models[0].Name}, on the same questions and the same tokens.", [], sections);
    }

    IReadOnlyList<(string, ModelScores)> Named => [.. Models.Select(model => (model.Name, model.Scores))];

    ScatterPlot Cost() => new("cost", "Size and closeness", "Bottom left is best: a small file that thinks what the first model thinks.", "file, MB", $"KL to {Models[0].Name}, nats/token", LogY: true,
        [.. Models.Where(model => model.Scores.KlToTeacher is > 0).Select(model => new ScatterPoint(model.Name, model.Scores.Bytes / 1e6, model.Scores.KlToTeacher!.Value))]);
}

/// <param name="Scores">Whatever is said of a teacher is said of the first model.</param>
public sealed record NamedScores(string Name, string Path, ModelScores Scores);
