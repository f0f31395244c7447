using DistillForge.Core;
using DistillForge.Data;
using DistillForge.Models;
using DistillForge.Text;

namespace DistillForge.Runs.Lineage;

/// <summary>Writes the rows that a run curated for other trainers, and writes down in the run's ledger who took which.</summary>
public static class CuratedExport
{
    public static IReadOnlyList<string> Formats { get; } = [.. ExportShape.All.Keys.Order(StringComparer.Ordinal)];

    /// <summary>As machines read it, in the student's own chat template.</summary>
    /// <exception cref="ForgeException">An unknown format, a row that the format cannot hold, or the run has no curated rows.</exception>
    public static Task<(ExportRecord Export, bool HasCard, long Formulas)> WriteAsync(string runFolder, string format, string target, string by, TimeProvider clock, CancellationToken cancellationToken)
        => WriteAsync(runFolder, format, target, by, CsvCells.AsTheyAre, null, clock, cancellationToken);

    /// <param name="target">Its ending says whether as JSON lines, CSV or Parquet.</param>
    /// <param name="by">Who takes the rows.</param>
    /// <param name="template">A GGUF whose chat template texts with marks are written in; null takes the run's vocabulary.</param>
    /// <returns>What the ledger keeps, how many cells of CSV begin as a formula does, and whether a dataset card was written beside the file: not over a README of somebody else.</returns>
    /// <exception cref="ForgeException">An unknown format, a row that the format cannot hold, or the run has no curated rows.</exception>
    public static async Task<(ExportRecord Export, bool HasCard, long Formulas)> WriteAsync(string runFolder, string format, string target, string by, CsvCells cells, string? template, TimeProvider clock, CancellationToken cancellationToken)
    {
        if (!ExportShape.All.TryGetValue(format, out var shape))
        {
            throw new ForgeException(new Problem("--format", $"'{TerminalText.OnOneLine(format)}' is not known.", NearName.Suggest(format, Formats) ?? $"Known: {string.Join(", ", Formats)}."));
        }

        var curated = Path.Combine(runFolder, "curated.parquet");
        if (!File.Exists(curated))
        {
            throw new ForgeException(new Problem(curated, "is missing.", "Run the recipe's filter stage first: distillforge filter RECIPE."));
        }

        ExportFile.Check(target, shape, cells);
        shape = shape.NeedsTemplate ? shape.In(Template(template ?? Path.Combine(runFolder, "vocabulary.gguf"))) : shape;
        using var folder = RunFolder.Open(runFolder);
        Takedown.RefuseHalf(folder.Path);
        var (ids, full) = (new List<string>(), Path.GetFullPath(target));
        // It gets its name when the ledger knows of it: no export goes out that nobody can find again.
        var unrecorded = Path.Combine(Path.GetDirectoryName(full)!, $".{Path.GetFileNameWithoutExtension(full)}.unrecorded{Path.GetExtension(full)}");
        try
        {
            var (rows, formulas) = await ExportFile.WriteAsync(unrecorded, shape, cells, ExamplesFile.ReadAsync([curated], cancellationToken).Select(row => Noted(row, ids)), cancellationToken);
            var export = new ExportRecord(clock.GetUtcNow(), by, full, format, rows, Sha256.OfFile(unrecorded));
            ExportLog.Append(folder.Path, export, ids);
            DurableFile.Rename(unrecorded, full);
            var isTold = await DatasetFacts.WriteAsync(folder.Path, Path.GetDirectoryName(full)!, full, DataColumn.Of(shape, full), export, cancellationToken);
            return (export, isTold, cells == CsvCells.AsTheyAre ? formulas : 0);
        }
        finally
        {
            File.Delete(unrecorded);
        }
    }

    static Dialogue Template(string gguf) => File.Exists(gguf)
        ? Dialogue.OfText(Vocabulary.Read(gguf))
        : throw new ForgeException(new Problem(gguf, "is not there, and this format needs a chat template.", "Name a GGUF that has it, '--template model.gguf', or run the recipe up to its training."));

    static Example Noted(Example row, List<string> ids)
    {
        ids.Add(row.Id);
        return row;
    }
}
