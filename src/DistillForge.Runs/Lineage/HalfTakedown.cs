using DistillForge.Core;

namespace DistillForge.Runs.Lineage;

/// <summary>A takedown that was begun and broke off: <c>takedowns/pending.json</c> says so until it is finished.</summary>
/// <param name="Problem">Which one it is, and the command that finishes it.</param>
/// <param name="Files">Files that are not as the ledger says, and that a takedown rewrites.</param>
public sealed record HalfTakedown(Problem Problem, IReadOnlyList<string> Files)
{
    const string Name = $"{Tombstones.FolderName}/pending.json";

    /// <summary>Where it stands while it is going on.</summary>
    internal static string PathIn(string runFolder) => Path.Combine(runFolder, Tombstones.FolderName, "pending.json");

    internal static bool IsIn(string runFolder) => File.Exists(PathIn(runFolder));

    /// <summary>Null where none broke off.</summary>
    internal static Problem? Of(string runFolder)
        => !IsIn(runFolder) ? null
            : Tombstones.Parse(PathIn(runFolder)) is { Rows: [{ Id: { } id }, ..] } record
                ? new Problem(Name, $"a takedown of {record.Rows.Count:N0} row{(record.Rows.Count == 1 ? "" : "s")}, begun on {record.Time:u} by {record.By} ({record.Reason}), broke off.", $"Finish it: {Command(runFolder, id, record)}")
                : new Problem(Name, "is no takedown of ours.", "Put the run folder back as it was.");

    // By the id of one of its rows: what was searched for is not kept, and might name the person.
    static string Command(string runFolder, string id, TakedownRecord record)
        => $"distillforge takedown {ForShell(runFolder)} --id {ForShell(id)} --remove --by {ForShell(record.By)} --reason {ForShell(record.Reason)}";

    static string ForShell(string text) => text.All(c => char.IsAsciiLetterOrDigit(c) || c is '/' or '.' or '_' or '-') && text.Length > 0 ? text : $"'{text.Replace("'", "'\\''", StringComparison.Ordinal)}'";
}
