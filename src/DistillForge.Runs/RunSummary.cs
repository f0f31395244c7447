using DistillForge.Evaluation;

namespace DistillForge.Runs;

/// <summary>What came out of a run: the scores, and where everything is.</summary>
/// <param name="Scores">Null while the run has not reached its evaluation.</param>
/// <param name="Rows">The table, a row a figure, a cell a model.</param>
/// <param name="Lines">Said below the table.</param>
public sealed record RunSummary(Scores? Scores, IReadOnlyList<string> Columns, IReadOnlyList<(string Name, IReadOnlyList<string> Cells)> Rows, IReadOnlyList<string> Lines)
{
    public string ToJson() => Scores is null ? "{}" : Scores.ToJson();
}
