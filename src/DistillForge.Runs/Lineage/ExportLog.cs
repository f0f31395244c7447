using System.Globalization;
using System.Text;
using DistillForge.Core;
using DistillForge.Models;

namespace DistillForge.Runs.Lineage;

/// <summary>A file that <c>export</c> wrote of a run's rows.</summary>
/// <param name="Path">Where it was written to; it may have gone elsewhere since.</param>
/// <param name="Shape">See <see cref="Data.ExportShape"/>.</param>
/// <param name="Sha256">Of the file.</param>
public sealed record ExportRecord(DateTimeOffset Time, string By, string Path, string Shape, long Rows, string Sha256)
{
    public override string ToString() => $"{TerminalText.OnOneLine(Path)} ({Shape}, {Rows.ToString("N0", CultureInfo.InvariantCulture)} rows, by {TerminalText.OnOneLine(By)} on {Time.UtcDateTime:yyyy-MM-dd}), sha256 {Sha256}";
}

/// <summary>Which rows went out: <c>exports/NNNN.ids</c>, an id a line in the order of the exported file, each vouched for by an entry of the ledger.</summary>
/// <remarks>Ids are all that is kept of a row here; after a takedown they still say which exports hold it.</remarks>
static class ExportLog
{
    public const string FolderName = "exports";
    public const string Kind = "export";

    /// <summary>The files that the ledger knows, by name within the run folder, with the hash that they must have.</summary>
    public static IReadOnlyDictionary<string, string> Files(IEnumerable<LedgerEntry> entries)
        => Entries(entries).ToDictionary(entry => entry.Facts!["ids"], entry => entry.Facts!.GetValueOrDefault("ids_sha256") ?? "");

    /// <summary>The name of the next file; one of this name that is there already was left by an export that broke off, and is replaced.</summary>
    public static string Next(IEnumerable<LedgerEntry> entries) => $"{FolderName}/{Files(entries).Count + 1:D4}.ids";

    /// <summary>The exports that hold one of these rows, oldest first; one whose list of rows is gone or changed counts, for nobody knows.</summary>
    public static IReadOnlyList<ExportRecord> Holding(string runFolder, IReadOnlySet<string> ids)
        => [.. RunLedger.Entries(runFolder).Where(entry => entry.Kind == Kind && entry.Facts is not null).Where(entry => Holds(runFolder, entry, ids)).Select(Record)];

    /// <summary>Writes down which rows went out. The caller holds the folder's lock.</summary>
    public static void Append(string runFolder, ExportRecord export, IReadOnlyList<string> ids)
    {
        var name = Next(RunLedger.Entries(runFolder));
        var path = Path.Combine(runFolder, name);
        DurableFile.Write(path, stream => stream.Write(Encoding.ASCII.GetBytes(string.Concat(ids.Select(id => id + "\n")))));
        RunLedger.Append(runFolder, export.Time, Kind, new Dictionary<string, double> { ["rows"] = export.Rows }, new Dictionary<string, string>
        {
            ["path"] = export.Path,
            ["sha256"] = export.Sha256,
            ["shape"] = export.Shape,
            ["by"] = export.By,
            ["ids"] = name,
            ["ids_sha256"] = Sha256.OfFile(path),
        });
    }

    static bool Holds(string runFolder, LedgerEntry entry, IReadOnlySet<string> ids)
    {
        var path = Path.Combine(runFolder, FolderName, Path.GetFileName(entry.Facts!.GetValueOrDefault("ids") ?? "none"));
        return !File.Exists(path) || Sha256.OfFile(path) != entry.Facts!.GetValueOrDefault("ids_sha256") || File.ReadLines(path).Any(ids.Contains);
    }

    static ExportRecord Record(LedgerEntry entry) => new(
        entry.Time, entry.Facts!.GetValueOrDefault("by") ?? "unknown", entry.Facts!.GetValueOrDefault("path") ?? "unknown", entry.Facts!.GetValueOrDefault("shape") ?? "unknown",
        (long)entry.Figures.GetValueOrDefault("rows"), entry.Facts!.GetValueOrDefault("sha256") ?? "unknown");

    // The name comes from a file that somebody may have written by hand.
    static IEnumerable<LedgerEntry> Entries(IEnumerable<LedgerEntry> entries)
        => entries.Where(entry => entry.Kind == Kind && entry.Facts?.GetValueOrDefault("ids") is { } name && name == $"{FolderName}/{Path.GetFileName(name)}" && name.EndsWith(".ids", StringComparison.Ordinal)).DistinctBy(entry => entry.Facts!["ids"]);
}
