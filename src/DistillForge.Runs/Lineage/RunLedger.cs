using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;
using DistillForge.Core;
using DistillForge.Models;

namespace DistillForge.Runs.Lineage;

/// <summary>One entry of a run's ledger.</summary>
/// <param name="Number">From 1, without gaps.</param>
/// <param name="Time">UTC.</param>
/// <param name="Kind"><c>stage</c>; <c>override</c>, <c>decisions</c>, <c>takedown</c> and <c>export</c> for what people did; <c>repair</c> where an interrupted line was cut off.</param>
/// <param name="Stage">Whose manifest it is about; empty for a repair.</param>
/// <param name="Manifest">SHA-256 of the manifest as it was written.</param>
/// <param name="Figures">What the stage found: its row counts above all.</param>
/// <param name="Previous">SHA-256 of the line before, without its end; zeros before the first.</param>
/// <param name="Facts">Who, why, which file: what is no number; absent where there is nothing to say.</param>
sealed record LedgerEntry(
    long Number, DateTimeOffset Time, string Kind, string Stage, string Manifest, IReadOnlyDictionary<string, double> Figures, string Previous,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] IReadOnlyDictionary<string, string>? Facts = null);

/// <summary>What was done in a run folder, one line a stage, each line holding the hash of the one before: a later change breaks the chain.</summary>
/// <remarks><c>ledger.jsonl</c> is only ever appended to, and on disk before a stage counts as done; <c>ledger.head</c> holds number and hash of its last line.</remarks>
static class RunLedger
{
    public const string FileName = "ledger.jsonl";
    public const string HeadName = "ledger.head";

    static readonly Lock Gate = new();

    static readonly JsonSerializerOptions Json = new() { PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    public static string None { get; } = new('0', 64);

    /// <summary>Writes down that a stage is done. The folder is locked by its run; stages of one run may come at the same time.</summary>
    public static void Append(string runFolder, DateTimeOffset time, string stage, string manifest, IReadOnlyDictionary<string, double> figures, IReadOnlyDictionary<string, string>? facts = null)
        => Append(runFolder, new LedgerEntry(0, time, "stage", stage, manifest, figures, "", facts));

    /// <summary>Writes down what a person did. The caller holds the folder's lock.</summary>
    public static void Append(string runFolder, DateTimeOffset time, string kind, IReadOnlyDictionary<string, double> figures, IReadOnlyDictionary<string, string> facts)
        => Append(runFolder, new LedgerEntry(0, time, kind, "", "", figures, "", facts));

    /// <summary>All entries that can be read, in order.</summary>
    public static IReadOnlyList<LedgerEntry> Entries(string runFolder)
    {
        var path = Path.Combine(runFolder, FileName);
        return File.Exists(path) ? [.. Lines(path).Select(Parse).OfType<LedgerEntry>()] : [];
    }

    /// <summary>The day on which a run began: its first entry's, or today where there is none. UTC, midnight.</summary>
    public static DateTimeOffset FirstDay(string runFolder, TimeProvider clock)
    {
        var path = Path.Combine(runFolder, FileName);
        var first = File.Exists(path) ? File.ReadLines(path).Take(1).Select(Parse).OfType<LedgerEntry>().FirstOrDefault() : null;
        return new DateTimeOffset((first?.Time ?? clock.GetUtcNow()).UtcDateTime.Date, TimeSpan.Zero);
    }

    static void Append(string runFolder, LedgerEntry entry)
    {
        lock (Gate)
        {
            var path = Path.Combine(runFolder, FileName);
            using var file = new FileStream(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.Read);
            var (number, previous, whole) = Last(file);
            var torn = file.Length - whole;
            file.SetLength(whole);
            file.Seek(0, SeekOrigin.End);
            if (torn > 0)
            {
                (number, previous) = Write(file, new LedgerEntry(number + 1, entry.Time, "repair", "", "", new Dictionary<string, double> { ["bytes_cut_off"] = torn }, previous));
            }

            (number, previous) = Write(file, entry with { Number = number + 1, Previous = previous });
            file.Flush(flushToDisk: true);
            DurableFile.Write(Path.Combine(runFolder, HeadName), stream => stream.Write(Encoding.ASCII.GetBytes($"{number} {previous}\n")));
        }
    }

    /// <summary>The whole lines; what follows the last end of a line is none.</summary>
    public static IEnumerable<string> Lines(string path)
    {
        var text = File.ReadAllText(path);
        return text[..(text.LastIndexOf('\n') + 1)].Split('\n', StringSplitOptions.None).SkipLast(1);
    }

    public static LedgerEntry? Parse(string line)
    {
        try
        {
            return JsonSerializer.Deserialize<LedgerEntry>(line, Json);
        }
        catch (JsonException)
        {
            return null;
        }
    }

    // An unreadable last line is still hashed: what was done to it shows, and the next entry is chained to it as it is.
    static (long Number, string Hash, long Whole) Last(FileStream file)
    {
        var bytes = new byte[file.Length];
        file.ReadExactly(bytes);
        var whole = Array.LastIndexOf(bytes, (byte)'\n') + 1;
        if (whole == 0)
        {
            return (0, None, 0);
        }

        var start = Array.LastIndexOf(bytes, (byte)'\n', whole - 2) + 1;
        var line = Encoding.UTF8.GetString(bytes, start, whole - 1 - start);
        return (Parse(line)?.Number ?? bytes.AsSpan(0, whole).Count((byte)'\n'), Sha256.OfText(line), whole);
    }

    static (long Number, string Hash) Write(FileStream file, LedgerEntry entry)
    {
        var line = JsonSerializer.Serialize(entry, Json);
        file.Write(Encoding.UTF8.GetBytes(line + "\n"));
        return (entry.Number, Sha256.OfText(line));
    }
}
