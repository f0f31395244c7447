using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace DistillForge.Runs.Benches;

/// <summary>Which way is good.</summary>
public enum Better
{
    Higher,
    Lower,
}

/// <summary>One figure and what it is compared with.</summary>
/// <param name="Reference">What it is compared with, with its value; null where there is nothing to compare with.</param>
/// <param name="Ratio">Ours over the reference.</param>
public sealed record Measurement(string Name, double Value, string Unit, Better Better, string? Reference = null, double? Ratio = null)
{
    static readonly JsonSerializerOptions Json = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        WriteIndented = true,
        NumberHandling = JsonNumberHandling.AllowNamedFloatingPointLiterals,
        Converters = { new JsonStringEnumConverter(JsonNamingPolicy.SnakeCaseLower) },
    };

    /// <summary>The figures behind it, of the same form.</summary>
    public IReadOnlyList<Measurement> Details { get; init; } = [];

    /// <summary>Beside a reference that was measured in turns with it.</summary>
    public static Measurement Beside(string name, double value, string unit, Better better, string reference, double referenceValue)
        => new(name, value, unit, better, $"{reference}: {referenceValue.ToString("G4", CultureInfo.InvariantCulture)} {unit}", value / referenceValue);

    /// <summary>One JSON object; keys are added over time, never renamed.</summary>
    public string ToJson(BenchMachine machine)
        => JsonSerializer.Serialize(new { Name, Value, Unit, Reference, Ratio, Better, Machine = machine, Details = Details.Select(ToNode) }, Json);

    /// <summary>For a person: the figure, then those behind it.</summary>
    public string Render(BenchMachine machine)
    {
        var text = new StringBuilder();
        foreach (var (figure, depth) in Details.SelectMany(detail => detail.Walk(1)).Prepend((this, 0)))
        {
            var compared = figure.Reference is null ? "" : string.Create(CultureInfo.InvariantCulture, $"   {figure.Ratio:0.000} × {figure.Reference}");
            text.AppendLine(CultureInfo.InvariantCulture, $"{new string(' ', 2 * depth)}{figure.Name}: {figure.Value:G4} {figure.Unit} ({figure.Better.ToString().ToLowerInvariant()} is better){compared}");
        }

        return text.Append(machine).ToString();
    }

    IEnumerable<(Measurement Figure, int Depth)> Walk(int depth) => Details.SelectMany(detail => detail.Walk(depth + 1)).Prepend((this, depth));

    static object ToNode(Measurement figure)
        => new { figure.Name, figure.Value, figure.Unit, figure.Reference, figure.Ratio, figure.Better, Details = figure.Details.Select(ToNode) };
}

/// <summary>Where it was measured.</summary>
public sealed record BenchMachine(string Processor, int Cores, double MemoryGigabytes, string Runtime)
{
    public static BenchMachine Here() => new(ProcessorName(), Environment.ProcessorCount, Math.Round(GC.GetGCMemoryInfo().TotalAvailableMemoryBytes / 1e9, 1), $".NET {Environment.Version}");

    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"on {Processor}, {Cores} cores, {MemoryGigabytes} GB, {Runtime}");

    static string ProcessorName()
    {
        const string Info = "/proc/cpuinfo";
        var line = File.Exists(Info) ? File.ReadLines(Info).FirstOrDefault(l => l.StartsWith("model name", StringComparison.Ordinal)) : null;
        return line is null ? "unknown processor" : line[(line.IndexOf(':') + 1)..].Trim();
    }
}
