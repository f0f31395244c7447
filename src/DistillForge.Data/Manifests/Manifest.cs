using System.Text.Json;
using System.Text.Json.Serialization;
using DistillForge.Models;

namespace DistillForge.Data;

/// <summary>What a stage made, and from what; a stage whose manifest still matches is skipped.</summary>
public sealed record Manifest
{
    static readonly JsonSerializerOptions Json = new()
    {
        WriteIndented = true,
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    public required string Stage { get; init; }

    /// <summary>See <see cref="RecipePart.Text"/>.</summary>
    public required string Recipe { get; init; }

    public long Seed { get; init; }

    /// <summary>SHA-256 by name.</summary>
    public IReadOnlyDictionary<string, string> Inputs { get; init; } = new Dictionary<string, string>();

    /// <summary>Of this program and its engines, by name.</summary>
    public IReadOnlyDictionary<string, string> Versions { get; init; } = new Dictionary<string, string>();

    /// <summary>What was chosen at run time and decides the result, e.g. the KV cache's type.</summary>
    public IReadOnlyDictionary<string, string> Settings { get; init; } = new Dictionary<string, string>();

    /// <summary>What was chosen at run time, e.g. whether answers were decoded one at a time (<c>exact</c>); never compared.</summary>
    public IReadOnlyDictionary<string, string> Chosen { get; init; } = new Dictionary<string, string>();

    /// <summary>SHA-256 by path relative to the run folder.</summary>
    public IReadOnlyDictionary<string, string> Outputs { get; init; } = new Dictionary<string, string>();

    /// <summary>What the stage found, e.g. row counts; never compared.</summary>
    public IReadOnlyDictionary<string, double> Figures { get; init; } = new Dictionary<string, double>();

    public static string PathOf(string runFolder, string stage) => Path.Combine(runFolder, "manifests", stage + ".json");

    /// <summary>Null when there is none, or it cannot be read: then the stage is redone.</summary>
    public static Manifest? TryRead(string runFolder, string stage)
    {
        try
        {
            return JsonSerializer.Deserialize<Manifest>(File.ReadAllBytes(PathOf(runFolder, stage)), Json);
        }
        catch (Exception exception) when (exception is IOException or JsonException)
        {
            return null;
        }
    }

    /// <summary>Of the file that <see cref="Write"/> writes.</summary>
    [JsonIgnore]
    public string Sha256 => Core.Sha256.OfText(JsonSerializer.Serialize(this, Json));

    /// <summary>The last act of a stage: with it, the stage is done.</summary>
    public void Write(string runFolder)
        => DurableFile.Write(PathOf(runFolder, Stage), stream => JsonSerializer.Serialize(stream, this, Json));

    /// <summary>This manifest with the hashes of what the stage wrote.</summary>
    /// <param name="outputs">Files, or folders of which every file counts, relative to the run folder.</param>
    public Manifest WithOutputs(string runFolder, FileHashes hashes, params ReadOnlySpan<string> outputs)
    {
        var all = new SortedDictionary<string, string>(StringComparer.Ordinal);
        foreach (var output in outputs)
        {
            var full = Path.Combine(runFolder, output);
            foreach (var file in Directory.Exists(full) ? Directory.EnumerateFiles(full, "*", SearchOption.AllDirectories) : [full])
            {
                all[Path.GetRelativePath(runFolder, file)] = hashes.Of(file);
            }
        }

        return this with { Outputs = all };
    }

    /// <summary>Null when the stage may be skipped, else what changed, for a person.</summary>
    public static string? WhyRedo(Manifest? old, Manifest wanted, string runFolder, FileHashes hashes)
        => old is null ? "it was not done before"
            : old.Recipe != wanted.Recipe ? "the recipe changed"
            : old.Seed != wanted.Seed ? $"the seed is {wanted.Seed}, was {old.Seed}"
            : Difference("input", old.Inputs, wanted.Inputs)
            ?? Difference("version of", old.Versions, wanted.Versions)
            ?? Difference("setting", old.Settings, wanted.Settings)
            ?? old.Outputs.Select(output => OutputChange(Path.Combine(runFolder, output.Key), output, hashes)).FirstOrDefault(change => change is not null);

    static string? Difference(string what, IReadOnlyDictionary<string, string> old, IReadOnlyDictionary<string, string> wanted)
        => wanted.Keys.Union(old.Keys).Order(StringComparer.Ordinal).FirstOrDefault(key => old.GetValueOrDefault(key) != wanted.GetValueOrDefault(key)) is { } changed
            ? $"the {what} {changed} changed"
            : null;

    static string? OutputChange(string path, KeyValuePair<string, string> output, FileHashes hashes)
        => !File.Exists(path) ? $"{output.Key} is gone"
            : hashes.Of(path) != output.Value ? $"{output.Key} was changed by somebody else"
            : null;
}
