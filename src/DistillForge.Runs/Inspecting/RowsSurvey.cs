using System.Text.Json;
using System.Text.Json.Serialization;

namespace DistillForge.Runs;

/// <summary>What the rows of a dataset look like.</summary>
/// <param name="Note">What the survey leaves out, and why; null where it is whole.</param>
/// <param name="Compared">Rows among which clusters were sought.</param>
public sealed record RowsSurvey(
    long Rows, IReadOnlyList<SurveyColumn> Columns, IReadOnlyList<SurveyLength> Lengths, IReadOnlyList<SurveyReason> Reasons, long Compared, IReadOnlyList<SurveyCluster> Clusters,
    IReadOnlyList<SurveySample> Samples, string? Note = null)
{
    internal static readonly JsonSerializerOptions Json = new() { PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower, WriteIndented = true, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull };

    public string ToJson() => JsonSerializer.Serialize(this, Json);
}

/// <param name="Type">As DuckDB calls it.</param>
public sealed record SurveyColumn(string Name, string Type);

/// <param name="Of">prompt or answer.</param>
/// <param name="Unit">characters (UTF-16 units), words or tokens.</param>
/// <param name="P95">As long as this, or shorter, are 95 of 100.</param>
public sealed record SurveyLength(string Of, string Unit, int Min, int Median, int P95, int Max);

/// <param name="Action">drop, warn or review.</param>
/// <param name="Rows">That a filter gave this reason; a row may have several.</param>
public sealed record SurveyReason(string Action, string Filter, string Code, long Rows);

/// <param name="Rows">In the cluster.</param>
/// <param name="First">What its first row says.</param>
public sealed record SurveyCluster(int Rows, SurveySample First);

/// <param name="Answer">Null where the row has none.</param>
public sealed record SurveySample(string Prompt, string? Answer);
