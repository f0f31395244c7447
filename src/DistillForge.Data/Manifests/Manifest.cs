#pragma warning disable MA0025
using DistillForge.Core;

namespace DistillForge.Data;

/// <summary>What a stage made, and from what; a stage whose manifest still matches is skipped.</summary>
public sealed record Manifest
{
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

    /// <summary>SHA-256 by path relative to the run folder.</summary>
    public IReadOnlyDictionary<string, string> Outputs { get; init; } = new Dictionary<string, string>();

    /// <summary>What the stage found, e.g. row counts; never compared.</summary>
    public IReadOnlyDictionary<string, double> Figures { get; init; } = new Dictionary<string, double>();

    public static string PathOf(string runFolder, string stage) => Path.Combine(runFolder, "manifests", stage + ".json");

    /// <summary>Null when there is none, or it cannot be read.</summary>
    public static Manifest? TryRead(string runFolder, string stage) => throw new NotImplementedException();

    public void Write(string runFolder) => throw new NotImplementedException();

    /// <summary>Null when the stage may be skipped, else what changed, for a person.</summary>
    public static string? WhyRedo(Manifest? old, Manifest wanted, string runFolder, FileHashes hashes) => throw new NotImplementedException();
}

/// <summary>SHA-256 of files, remembered by size and time of change, so that a second run need not read them again.</summary>
public sealed class FileHashes(string cachePath)
{
    public string CachePath { get; } = cachePath;

    public string Of(string path) => throw new NotImplementedException();

    /// <summary>Of the sorted names and contents below a folder.</summary>
    public string OfFolder(string folder) => throw new NotImplementedException();

    public void Save() => throw new NotImplementedException();
}

/// <summary>Proves that no row was lost or made up.</summary>
public static class Ledger
{
    /// <exception cref="ForgeException">The parts do not add up.</exception>
    public static void Balance(string stage, (string Name, long Rows) whole, params ReadOnlySpan<(string Name, long Rows)> parts) => throw new NotImplementedException();
}
