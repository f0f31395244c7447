using System.Text.Encodings.Web;
using System.Text.Json;
using DistillForge.Core;
using DistillForge.Models;

namespace DistillForge.Runs.Lineage;

/// <summary>What is left of a row that was taken down: nothing that was said.</summary>
/// <param name="Id">The row's.</param>
/// <param name="Question">Hash of what the user said, so that the row does not come back when a recipe changes and its source still holds it.</param>
public sealed record Tombstone(string Id, string Question)
{
    /// <summary>Of the user's turns alone: answers in between, and what a system message says, do not make it another question.</summary>
    public static string QuestionOf(IEnumerable<Message> prompt) => Sha256.OfText(string.Join('\u001e', prompt.Where(message => message.Role == "user").Select(message => message.Content)));
}

/// <summary>One takedown as the run keeps it: <c>takedowns/NNNN.json</c>, vouched for by an entry of the ledger.</summary>
/// <param name="By">The person who answers for it.</param>
/// <param name="How">By which sign the rows were found: id, person, source, sql. What was searched for is not kept.</param>
/// <param name="Files">Hashes of the files that it rewrote, by name in the run folder; empty for one that it removed.</param>
sealed record TakedownRecord(string By, string Reason, DateTimeOffset Time, string How, IReadOnlyList<Tombstone> Rows, IReadOnlyDictionary<string, string> Files);

/// <summary>Everything that was taken down in a run.</summary>
sealed class Tombstones
{
    public const string FolderName = "takedowns";
    public const string Kind = "takedown";
    public const string Code = "taken-down";
    public const string Mark = "[taken down]";

    static readonly JsonSerializerOptions Json = new() { WriteIndented = true, PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    readonly HashSet<string> ids;
    readonly HashSet<string> questions;

    Tombstones(IReadOnlyList<(long Number, string File, TakedownRecord Record)> records)
    {
        Records = records;
        ids = [.. records.SelectMany(one => one.Record.Rows).Select(row => row.Id)];
        questions = [.. records.SelectMany(one => one.Record.Rows).Select(row => row.Question)];
    }

    /// <summary>With the number of the ledger's entry and the name of the file.</summary>
    public IReadOnlyList<(long Number, string File, TakedownRecord Record)> Records { get; }

    public int Count => ids.Count;

    /// <exception cref="ForgeException">A record is not as its entry says.</exception>
    public static Tombstones Of(string runFolder) => new([.. RunLedger.Entries(runFolder).Where(entry => entry.Kind == Kind).Select(entry => (entry.Number, entry.Facts!["file"], Read(runFolder, entry)))]);

    public bool Holds(string id, IEnumerable<Message> prompt) => ids.Count > 0 && (ids.Contains(id) || questions.Contains(Tombstone.QuestionOf(prompt)));

    /// <summary>The takedown of a row, by its id or the beginning of it.</summary>
    public (string Id, TakedownRecord Record)? Find(string beginning) => Records
        .SelectMany(one => one.Record.Rows.Where(row => row.Id.StartsWith(beginning, StringComparison.Ordinal)).Select(row => ((string, TakedownRecord)?)(row.Id, one.Record))).FirstOrDefault();

    /// <summary>A prompt as it stays in the run.</summary>
    public static Prompt Masked(Prompt prompt) => prompt with { Messages = [Message.User(Mark)], Expected = null, Category = null };

    /// <summary>The hash that a file must have since a takedown rewrote it; null where none did after the given entry of the ledger.</summary>
    public string? HashOf(string file, long after) => Records.LastOrDefault(one => one.Number > after && one.Record.Files.ContainsKey(file)).Record?.Files[file];

    /// <summary>The next record's place.</summary>
    public string NextFile() => $"{FolderName}/{Records.Count + 1:D4}.json";

    public static void Write(string path, TakedownRecord record) => DurableFile.Write(path, stream => JsonSerializer.Serialize(stream, record, Json));

    public static TakedownRecord Parse(string path)
    {
        try
        {
            return JsonSerializer.Deserialize<TakedownRecord>(File.ReadAllBytes(path), Json)!;
        }
        catch (Exception exception) when (exception is JsonException or IOException)
        {
            throw new ForgeException(new Problem(path, $"cannot be read as a takedown: {exception.Message.ReplaceLineEndings(" ")}", "'distillforge verify RUN' says what was changed."), inner: exception);
        }
    }

    static TakedownRecord Read(string runFolder, LedgerEntry entry)
    {
        var name = entry.Facts!["file"];
        var path = Path.Combine(runFolder, FolderName, Path.GetFileName(name));
        return File.Exists(path) && Sha256.OfFile(path) == entry.Facts.GetValueOrDefault("sha256")
            ? Parse(path)
            : throw new ForgeException(new Problem(path, "is not as the ledger says.", "Put the file back: without it nobody knows what was taken down."));
    }
}
