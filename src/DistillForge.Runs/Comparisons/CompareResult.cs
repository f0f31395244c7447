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
    /// <summary>Each test by itself, the second model beside the first; empty where nobody knows the right answers.</summary>
    public IReadOnlyList<TaskResult> Tasks { get; init; } = [];

    /// <summary>Where the second model lost most against the first; null where that cannot be said.</summary>
    public KnownLosses? Losses { get; init; }

    /// <summary>The same questions written otherwise; null where that was not asked for.</summary>
    public IReadOnlyList<RobustnessResult>? Robustness { get; init; }

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
        var (first, second) = (Models[0].Name, Models.Count > 1 ? Models[1].Name : "");
        List<ReportSection?> sections =
        [
            new("Side by side", [.. Notes, Words.Pointer]) { Tables = [ScoreSections.Table(Named)], Plots = [Size(), Speed()] },
            ScoreSections.Tasks(Tasks, first, second),
            Fidelity.Count > 0 ? ScoreSections.Fidelity(Fidelity, first) : null,
            ScoreSections.Retention(Slices, Losses, first, second),
            RobustnessSection.Of(Robustness, new Dictionary<string, (string, string)>(), first, second),
            Words.Section,
        ];
        return new(string.Join(" and ", Models.Select(model => model.Name)), $"Models beside {Models[0].Name}, on the same questions and the same tokens.", [], [.. sections.OfType<ReportSection>()]);
    }

    IReadOnlyList<(string, ModelScores)> Named => [.. Models.Select(model => (model.Name, model.Scores))];

    ScatterPlot Size() => new("size", "Size and closeness", $"Bottom left is best: a small file that thinks what {Models[0].Name} thinks. The line joins those that no other beats in both.", "file, MB", Closeness, LogY: true, [.. Close.Select(model => new ScatterPoint(model.Name, model.Scores.Bytes / 1e6, model.Scores.KlToTeacher!.Value))]);

    ScatterPlot Speed() => new("speed", "Speed and closeness", $"Bottom right is best: many tokens a second, thinking what {Models[0].Name} thinks.", "tokens/s on this machine, one sequence", Closeness, LogY: true,
        [.. Close.Where(model => model.Scores.TokensPerSecond is not null).Select(model => new ScatterPoint(model.Name, model.Scores.TokensPerSecond!.Value, model.Scores.KlToTeacher!.Value))], MoreIsBetter: true);

    IEnumerable<NamedScores> Close => Models.Where(model => model.Scores.KlToTeacher is > 0);

    string Closeness => $"KL to {Models[0].Name}, nats/token";
}

/// <param name="Scores">Whatever is said of a teacher is said of the first model.</param>
public sealed record NamedScores(string Name, string Path, ModelScores Scores);
