using DistillForge.Core;
using DistillForge.Data;

namespace DistillForge.Runs.Lineage;

/// <summary>Writes the rows that a run curated for other trainers.</summary>
public static class CuratedExport
{
    public static IReadOnlyList<string> Formats { get; } = [.. ChatShapes.All.Keys.Order(StringComparer.Ordinal)];

    /// <returns>Rows written.</returns>
    /// <exception cref="ForgeException">An unknown format, or the run has no curated rows.</exception>
    public static async Task<long> WriteAsync(string runFolder, string format, string target, CancellationToken cancellationToken)
    {
        if (!ChatShapes.All.TryGetValue(format, out var shape))
        {
            throw new ForgeException(new Problem("--format", $"'{format}' is not known.", $"Known: {string.Join(", ", Formats)}; curated.parquet itself is read by any Parquet reader."));
        }

        var curated = Path.Combine(runFolder, "curated.parquet");
        return File.Exists(curated)
            ? await JsonlExport.WriteAsync(target, ExamplesFile.ReadAsync([curated], cancellationToken), shape, cancellationToken)
            : throw new ForgeException(new Problem(curated, "is missing.", "Run the recipe's filter stage first: distillforge filter RECIPE."));
    }
}
