using System.Globalization;
using DistillForge.Core;
using DistillForge.Data;

namespace DistillForge.Runs.Lineage;

/// <summary>What was found when a run folder was compared with its ledger.</summary>
/// <param name="Entries">Entries of the ledger.</param>
/// <param name="Files">Files whose hash was computed.</param>
/// <param name="Head">SHA-256 of the last entry: written down elsewhere, it shows later whether the whole ledger was made anew.</param>
/// <param name="Changes">What is no longer as it was written; empty where everything is.</param>
public sealed record Verification(long Entries, long Files, string Head, IReadOnlyList<Problem> Changes)
{
    /// <summary>A takedown that broke off: what it rewrote so far is no change. Null where there is none.</summary>
    public HalfTakedown? Half { get; init; }

    /// <summary>What an import or export that broke off left behind: nothing reads it, and the next one replaces it.</summary>
    public IReadOnlyList<string> Left { get; init; } = [];

    /// <summary>Reads the ledger and hashes every file that a stage made; slow for large runs.</summary>
    /// <param name="head">The head as it was noted at some time; null compares with the folder's own.</param>
    /// <exception cref="ForgeException">No run folder.</exception>
    public static Verification Of(string runFolder, string? head, CancellationToken cancellationToken)
    {
        var manifests = Path.Combine(runFolder, "manifests");
        if (!Directory.Exists(manifests))
        {
            throw new ForgeException(new Problem(runFolder, "is no run folder: it has no manifests.", "Give a folder below runs/."));
        }

        var changes = new List<Problem>();
        var (entries, hashes) = Chain(runFolder, changes);
        CheckHead(runFolder, head, hashes, changes);
        // What a takedown that broke off explains is told with it.
        var half = BrokenOff(runFolder, changes);
        var differing = half is null ? changes : [];
        var files = 0L;
        var asMade = new HashSet<string>(StringComparer.Ordinal);
        var tombstones = Tombstones(runFolder, changes);
        var latest = entries.Where(entry => entry.Kind == "stage").GroupBy(entry => entry.Stage).ToDictionary(group => group.Key, group => group.Last());
        foreach (var path in Directory.GetFiles(manifests, "*.json").Where(path => Path.GetFileName(path) != "hashes.json").Order(StringComparer.Ordinal))
        {
            cancellationToken.ThrowIfCancellationRequested();
            var stage = Path.GetFileNameWithoutExtension(path);
            if (!latest.Remove(stage, out var entry))
            {
                changes.Add(new Problem($"manifests/{stage}.json", "is not in the ledger."));
            }
            else if (entry.Manifest != Sha256.OfFile(path))
            {
                changes.Add(new Problem($"manifests/{stage}.json", $"is not as it was written on {entry.Time:u} (entry {entry.Number})."));
            }

            files += CheckOutputs(runFolder, stage, tombstones, entry?.Number ?? 0, differing, asMade, cancellationToken);
        }

        files += CheckFiles(runFolder, entries, tombstones, differing);
        // Each change is told once: what a manifest knows is in the list already. A file that its stage made since the bill was written is none: the bill waits for the rest of the run.
        differing.AddRange((BillCheck.TryOf(runFolder, cancellationToken)?.Changes ?? []).ExceptBy(differing.Select(change => change.Where).Concat(asMade), change => change.Where));
        changes.AddRange(latest.Values.Select(gone => new Problem($"manifests/{gone.Stage}.json", $"is gone; it was written on {gone.Time:u} (entry {gone.Number}).", gone.Number == entries.Count ? "Where the run broke off just there, the same command does this stage again." : "")));
        if (half is not null)
        {
            changes.AddRange(differing.Where(change => !TakedownRemoval.Rewrites(change.Where)));
            half = half with { Files = [.. differing.Select(change => change.Where).Where(TakedownRemoval.Rewrites).Distinct()] };
        }

        return new Verification(entries.Count, files, hashes.Count == 0 ? RunLedger.None : hashes[^1], changes)
        {
            Half = half,
            Left = [.. LeftBy(entries).Where(name => File.Exists(Path.Combine(runFolder, name)))],
        };
    }

    static (List<LedgerEntry> Entries, List<string> Hashes) Chain(string runFolder, List<Problem> changes)
    {
        var path = Path.Combine(runFolder, RunLedger.FileName);
        var (entries, hashes) = (new List<LedgerEntry>(), new List<string>());
        if (!File.Exists(path))
        {
            changes.Add(new Problem(RunLedger.FileName, "is missing."));
            return (entries, hashes);
        }

        var number = 0;
        foreach (var line in RunLedger.Lines(path))
        {
            number++;
            var previous = hashes.Count == 0 ? RunLedger.None : hashes[^1];
            hashes.Add(Sha256.OfText(line));
            if (RunLedger.Parse(line) is not { } entry)
            {
                changes.Add(new Problem(RunLedger.FileName, "is no entry.", Line: number));
                continue;
            }

            if (entry.Number != number || entry.Previous != previous)
            {
                changes.Add(new Problem(RunLedger.FileName, entry.Number != number ? $"has entry {entry.Number} in the place of {number}: entries were removed, added or moved." : "does not follow the line before it: one of the two was changed.", Line: number));
            }

            entries.Add(entry);
        }

        return (entries, hashes);
    }

    // Between an entry and its head a run may be killed, again and again: a head that is an earlier entry is no change.
    static void CheckHead(string runFolder, string? noted, List<string> hashes, List<Problem> changes)
    {
        if (noted is not null)
        {
            if (!hashes.Contains(noted, StringComparer.OrdinalIgnoreCase))
            {
                changes.Add(new Problem(RunLedger.FileName, $"has no entry with the noted head {noted}: it is not the ledger of that time, continued."));
            }

            return;
        }

        var path = Path.Combine(runFolder, RunLedger.HeadName);
        var parts = File.Exists(path) ? File.ReadAllText(path).Trim().Split(' ') : [];
        var known = parts.Length == 2 && int.TryParse(parts[0], NumberStyles.None, CultureInfo.InvariantCulture, out var count) ? count : -1;
        if (known < 0)
        {
            changes.Add(new Problem(RunLedger.HeadName, hashes.Count == 0 ? "is missing." : "is missing or unreadable."));
        }
        else if (known > hashes.Count || known == 0 || hashes[known - 1] != parts[1])
        {
            changes.Add(new Problem(RunLedger.FileName, $"ends otherwise than it did: entry {known} was the last one, with another hash or at another place."));
        }
    }

    // What people brought in and took out: each file as its entry says, and none beside.
    static long CheckFiles(string runFolder, List<LedgerEntry> entries, Tombstones? tombstones, List<Problem> changes)
    {
        var known = DecisionLog.Files(entries).Concat(ExportLog.Files(entries)).ToDictionary();
        foreach (var (name, brought) in known)
        {
            var hash = tombstones?.HashOf(name, 0) ?? brought;
            var path = Path.Combine(runFolder, name);
            if (!File.Exists(path) || Sha256.OfFile(path) != hash)
            {
                changes.Add(new Problem(name, File.Exists(path) ? "is not as it was brought in." : "is gone; the ledger knows it."));
            }
        }

        var left = LeftBy(entries);
        foreach (var folder in new[] { DecisionLog.FolderName, ExportLog.FolderName }.Where(folder => Directory.Exists(Path.Combine(runFolder, folder))))
        {
            var strangers = Directory.GetFiles(Path.Combine(runFolder, folder)).Select(file => $"{folder}/{Path.GetFileName(file)}").Where(name => !known.ContainsKey(name) && !left.Contains(name));
            changes.AddRange(strangers.Select(name => new Problem(name, "is not in the ledger.", "Nothing reads it; find out who put it there.")));
        }

        return known.Count;
    }

    /// <summary>The names of what an import or export may leave behind that breaks off before the ledger knows of it.</summary>
    internal static IReadOnlyList<string> LeftBy(IReadOnlyList<LedgerEntry> entries) => [.. new[] { DecisionLog.Next(entries), ExportLog.Next(entries) }.SelectMany(name => new[] { name, name + ".partial" })];

    static long CheckOutputs(string runFolder, string stage, Tombstones? tombstones, long written, List<Problem> changes, HashSet<string> asMade, CancellationToken cancellationToken)
    {
        var files = 0L;
        foreach (var (name, hash) in Manifest.TryRead(runFolder, stage)?.Outputs ?? new Dictionary<string, string>())
        {
            cancellationToken.ThrowIfCancellationRequested();
            var path = Path.GetFullPath(Path.Combine(runFolder, name));
            // Rows may have been taken down since.
            var wanted = tombstones?.HashOf(name, written) ?? hash;
            if (!path.StartsWith(Path.GetFullPath(runFolder) + Path.DirectorySeparatorChar, StringComparison.Ordinal))
            {
                changes.Add(new Problem(name, $"lies outside the run folder, says {stage}'s manifest."));
            }
            else if (wanted.Length == 0)
            {
                Add(File.Exists(path), new Problem(name, "is there, and a takedown removed it."));
            }
            else if (!File.Exists(path))
            {
                changes.Add(new Problem(name, $"is gone; stage {stage} made it."));
            }
            else if (Sha256.OfFile(path) != wanted)
            {
                changes.Add(new Problem(name, $"is not what stage {stage} made."));
            }
            else
            {
                asMade.Add(name);
            }

            files++;
        }

        return files;

        void Add(bool isWrong, Problem problem)
        {
            if (isWrong)
            {
                changes.Add(problem);
            }
        }
    }

    static HalfTakedown? BrokenOff(string runFolder, List<Problem> changes)
    {
        try
        {
            return HalfTakedown.Of(runFolder) is { } problem ? new HalfTakedown(problem, []) : null;
        }
        catch (ForgeException error)
        {
            changes.AddRange(error.Problems);
            return null;
        }
    }

    static Tombstones? Tombstones(string runFolder, List<Problem> changes)
    {
        try
        {
            return Lineage.Tombstones.Of(runFolder);
        }
        catch (ForgeException error)
        {
            changes.AddRange(error.Problems);
            return null;
        }
    }
}
