using DistillForge.Core;
using DistillForge.Data;

namespace DistillForge.Runs.Lineage;

/// <summary>What people decided on a run's rows: <c>decisions/NNNN.jsonl</c>, one file an import, each vouched for by an entry of the ledger and never written again.</summary>
static class DecisionLog
{
    public const string FolderName = "decisions";
    public const string Kind = "decisions";

    /// <summary>The files that the ledger knows, by name within the run folder, with the hash that they must have; a takedown may have replaced some.</summary>
    public static IReadOnlyDictionary<string, string> Files(IEnumerable<LedgerEntry> entries)
    {
        var files = new SortedDictionary<string, string>(StringComparer.Ordinal);
        foreach (var entry in entries.Where(entry => entry.Kind == Kind && entry.Facts is not null))
        {
            if (entry.Facts!.TryGetValue("file", out var file) && IsOurs(file))
            {
                files[file] = entry.Facts.GetValueOrDefault("sha256") ?? "";
            }
        }

        return files;
    }

    /// <summary>The name of the next file; one of this name that is there already was left by an import that broke off, and is replaced.</summary>
    public static string Next(IEnumerable<LedgerEntry> entries) => $"{FolderName}/{Files(entries).Count + 1:D4}.jsonl";

    // A takedown may have rewritten one.
    static Dictionary<string, string> InForce(string runFolder)
    {
        var files = Files(RunLedger.Entries(runFolder));
        var tombstones = files.Count > 0 ? Tombstones.Of(runFolder) : null;
        return files.ToDictionary(file => file.Key, file => tombstones?.HashOf(file.Key, 0) ?? file.Value);
    }

    /// <summary>Of all files together; null where nobody decided anything.</summary>
    public static string? Hash(string runFolder)
        => InForce(runFolder) is { Count: > 0 } files ? Sha256.OfText(string.Join('\n', files.Select(file => $"{file.Key} {file.Value}"))) : null;

    /// <summary>All decisions, in the order in which they were brought in.</summary>
    /// <exception cref="ForgeException">A file is not as its entry says.</exception>
    public static Decisions Read(string runFolder) => new(All(runFolder));

    public static IReadOnlyList<Decision> All(string runFolder)
        => [.. InForce(runFolder).SelectMany(file => DecisionsFile.Read(Checked(Path.Combine(runFolder, file.Key), file.Value)))];

    /// <summary>Writes decisions and the entry that vouches for them. The caller holds the folder's lock.</summary>
    /// <returns>The file, within the run folder.</returns>
    public static string Append(string runFolder, DateTimeOffset time, string source, IReadOnlyList<Decision> decisions)
    {
        var name = Next(RunLedger.Entries(runFolder));
        var path = Path.Combine(runFolder, name);
        DecisionsFile.Write(path, decisions);
        var figures = decisions.CountBy(decision => decision.Kind).ToDictionary(count => count.Key.ToString().ToLowerInvariant(), count => (double)count.Value);
        RunLedger.Append(runFolder, time, Kind, figures, new Dictionary<string, string>
        {
            ["file"] = name,
            ["sha256"] = Sha256.OfFile(path),
            ["source"] = source,
            ["reviewers"] = string.Join(", ", decisions.Select(decision => decision.Reviewer).Distinct().Order(StringComparer.Ordinal)),
        });
        return name;
    }

    // The name comes from a file that somebody may have written by hand.
    static bool IsOurs(string name) => name.Length == FolderName.Length + 11 && name.StartsWith(FolderName + "/", StringComparison.Ordinal) && name.EndsWith(".jsonl", StringComparison.Ordinal) && name[(FolderName.Length + 1)..^6].All(char.IsAsciiDigit);

    static string Checked(string path, string hash) => File.Exists(path) && Sha256.OfFile(path) == hash
        ? path
        : throw new ForgeException(new Problem(path, "is not as it was brought in.", "'distillforge verify RUN' says what was changed; put the file back."));
}
