using DistillForge.Core;
using DistillForge.Data;

namespace DistillForge.Runs;

/// <summary>Where the rows of what somebody names lie: a run, a folder of examples, or a file.</summary>
/// <param name="Stages">What a run did; null where it is no run.</param>
/// <param name="Files">Of the rows; none where a run has none yet.</param>
/// <param name="Verdicts">What filters said of them; null where they were not asked.</param>
sealed record Place(IReadOnlyList<Manifest>? Stages, IReadOnlyList<string> Files, string? Verdicts)
{
    /// <exception cref="ForgeException">Nothing of the kind is there.</exception>
    public static Place Of(string path)
    {
        if (File.Exists(path))
        {
            return new Place(null, [path], null);
        }

        if (!Directory.Exists(path))
        {
            throw new ForgeException(new Problem(path, "does not exist.", "Give a run folder, a folder of examples, a file of rows (.parquet, .jsonl, .csv) or a GGUF."));
        }

        if (Directory.Exists(Path.Combine(path, "manifests")))
        {
            return new Place(StagesOf(path), RowsOf(path), Verdict(path));
        }

        return ParquetOf(path) is { Count: > 0 } files
            ? new Place(null, files, Path.GetDirectoryName(Path.GetFullPath(path)) is { } above && Directory.Exists(Path.Combine(above, "manifests")) ? Verdict(above) : null)
            : throw new ForgeException(new Problem(path, "is neither a run folder, which has manifests, nor a folder of Parquet files.", "Give a folder below runs/."));
    }

    static List<Manifest> StagesOf(string run) => [.. Directory.GetFiles(Path.Combine(run, "manifests"), "*.json").Select(file => Path.GetFileNameWithoutExtension(file))
        .Where(name => name != "hashes").Order(StringComparer.Ordinal).Select(name => Manifest.TryRead(run, name)).OfType<Manifest>()];

    // What was answered; of a run that only asked, its prompts.
    static IReadOnlyList<string> RowsOf(string run) => ParquetOf(Path.Combine(run, "examples")) is { Count: > 0 } examples ? examples
        : new[] { "curated.parquet", "prompts.parquet" }.Select(name => Path.Combine(run, name)).FirstOrDefault(File.Exists) is { } one ? [one]
        : [];

    static IReadOnlyList<string> ParquetOf(string folder) => Directory.Exists(folder) ? [.. Directory.GetFiles(folder, "*.parquet").Order(StringComparer.Ordinal)] : [];

    static string? Verdict(string run) => Path.Combine(run, "verdicts.parquet") is var file && File.Exists(file) ? file : null;
}
