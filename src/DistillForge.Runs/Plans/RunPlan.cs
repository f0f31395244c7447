using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace DistillForge.Runs;

/// <summary>What a run would do and what that would take, before anything is spent.</summary>
/// <param name="Asking">One entry a teacher; empty where nobody is asked.</param>
/// <param name="HeldOut">Of the asked rows, those for the comparison.</param>
/// <param name="DiskBytes">Of the new answers and traces.</param>
/// <param name="Budget">Which limits of the recipe would stop the run before its end; empty: none.</param>
public sealed record RunPlan(string Name, IReadOnlyList<PlannedStage> Stages, IReadOnlyList<PlannedTeacher> Asking, long HeldOut, double DiskBytes, IReadOnlyList<string> Budget)
{
    static readonly JsonSerializerOptions Json = new() { PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower, WriteIndented = true, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull };

    /// <summary>Keys and prices that asking would need and that are not there; the run would not start.</summary>
    public IReadOnlyList<string> Missing { get; init; } = [];

    public double Seconds => Asking.Sum(teacher => teacher.Seconds ?? 0);

    public double? CostUsd => Asking.Any(teacher => teacher.CostUsd is null) ? null : Asking.Sum(teacher => teacher.CostUsd);

    public string ToJson() => JsonSerializer.Serialize(this, Json);

    public IEnumerable<string> Lines()
    {
        foreach (var stage in Stages)
        {
            yield return stage.Why is { } why ? $"{stage.Name,-14} do    {why}" : $"{stage.Name,-14} skip  done already";
        }

        foreach (var teacher in Asking)
        {
            yield return "";
            yield return teacher.Rows == teacher.Open
                ? $"{teacher.Name}: {teacher.Rows:N0} rows"
                : $"{teacher.Name}: {teacher.Open:N0} of {teacher.Rows:N0} rows; the others are done already";
            foreach (var line in teacher.Open > 0 ? teacher.Lines() : [])
            {
                yield return "  " + line;
            }
        }

        if (Asking.Any(teacher => teacher.Open > 0) && DiskBytes > 0)
        {
            yield return "";
            yield return $"disk    about {Size(DiskBytes)} for answers and traces{(HeldOut > 0 ? $"; {HeldOut:N0} of the rows are held out for the comparison" : "")}";
        }

        foreach (var limit in Budget)
        {
            yield return $"budget  {limit}";
        }

        foreach (var key in Missing)
        {
            yield return $"missing {key}";
        }
    }

    internal static string Size(double bytes) => bytes < 1e6 ? $"{bytes / 1e3:0.0} kB" : bytes < 1e9 ? $"{bytes / 1e6:0.0} MB" : $"{bytes / 1e9:0.00} GB";

    internal static string Time(double seconds) => seconds < 90 ? string.Create(CultureInfo.InvariantCulture, $"{seconds:0} s")
        : seconds < 5400 ? string.Create(CultureInfo.InvariantCulture, $"{seconds / 60:0} min")
        : string.Create(CultureInfo.InvariantCulture, $"{seconds / 3600:0.0} h");
}

/// <param name="Why">Null when it is done already.</param>
public sealed record PlannedStage(string Name, string? Why);

/// <summary>What one teacher would have to do.</summary>
/// <param name="Rows">Rows of the recipe that it answers or scores, <paramref name="Open"/> of them still to be done.</param>
/// <param name="PromptTokens">Of the open rows.</param>
/// <param name="CompletionTokens">Of the open rows.</param>
/// <param name="Seconds">Null where nobody knows: an API without a rate limit.</param>
/// <param name="CostUsd">Null where the model's price is not known.</param>
/// <param name="Basis">What the figures stand on.</param>
public sealed record PlannedTeacher(string Name, long Rows, long Open, double PromptTokens, double CompletionTokens, double? Seconds, double? CostUsd, string Basis)
{
    internal IEnumerable<string> Lines()
    {
        yield return $"tokens  about {PromptTokens:N0} of prompts and {CompletionTokens:N0} of answers";
        yield return $"time    {(Seconds is { } seconds ? "about " + RunPlan.Time(seconds) : "not known: nothing was tried, and no rate limit is set")}";
        yield return $"money   {(CostUsd is { } cost ? string.Create(CultureInfo.InvariantCulture, $"about {cost:0.00} USD") : "not known: no price in appsettings.json")}";
        yield return $"basis   {Basis}";
    }
}
