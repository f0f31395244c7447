using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using DistillForge.Core;
using DistillForge.Models;

namespace DistillForge.Data;

/// <summary>Judgements of one judge in a run, one JSON line each: what was asked once is never asked again, and what was said is on the disk before it counts.</summary>
public sealed class JudgementFile : IDisposable
{
    /// <summary>Relative to the run folder.</summary>
    public const string FolderName = "judgements";

    static readonly JsonSerializerOptions Json = new() { PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    readonly Dictionary<string, Judgement> known = new(StringComparer.Ordinal);
    readonly string path;
    readonly Lock gate = new();
    FileStream? stream;

    /// <param name="judge">Who judges: see <see cref="ITeacher.Identity"/>.</param>
    /// <exception cref="ForgeException">The file cannot be read.</exception>
    public JudgementFile(string runFolder, string judge)
    {
        path = PathOf(runFolder, judge);
        if (File.Exists(path))
        {
            Load();
        }
    }

    /// <summary>How much a judge said in a run.</summary>
    public static long Count(string runFolder, string judge) => File.Exists(PathOf(runFolder, judge)) ? File.ReadLines(PathOf(runFolder, judge)).LongCount() : 0;

    /// <summary>What judges said in a run about a row, or about the question of a benchmark.</summary>
    public static IReadOnlyList<Judgement> About(string runFolder, string id)
    {
        var folder = Path.Combine(runFolder, FolderName);
        return Directory.Exists(folder) ? [.. Directory.GetFiles(folder, "*.jsonl").Order(StringComparer.Ordinal).SelectMany(file => File.ReadLines(file)).Select(Parse).OfType<Judgement>().Where(judgement => judgement.Id == id)] : [];
    }

    public Judgement? Find(string key)
    {
        lock (gate)
        {
            return known.GetValueOrDefault(key);
        }
    }

    /// <summary>Ends when the judgement is safe on the disk.</summary>
    /// <exception cref="ForgeException">The folder cannot be written.</exception>
    public void Add(Judgement judgement)
    {
        var line = Encoding.UTF8.GetBytes(JsonSerializer.Serialize(judgement, Json) + "\n");
        lock (gate)
        {
            try
            {
                Directory.CreateDirectory(Path.GetDirectoryName(path)!);
                stream ??= new FileStream(path, FileMode.Append, FileAccess.Write, FileShare.Read, bufferSize: 0);
                stream.Write(line);
                stream.Flush(flushToDisk: true);
            }
            catch (Exception error) when (error is IOException or UnauthorizedAccessException)
            {
                throw new ForgeException(new Problem(path, $"cannot be written: {error.Message}", "Check the folder's permissions and the free space; what was judged so far is safe."), inner: error);
            }

            known[judgement.Key] = judgement;
        }
    }

    public void Dispose() => stream?.Dispose();

    static string PathOf(string runFolder, string judge) => Path.Combine(runFolder, FolderName, $"{Sha256.OfText(judge)[..16]}.jsonl");

    // A line that a kill tore is cut off, so that the next one begins a line.
    void Load()
    {
        var bytes = File.ReadAllBytes(path);
        var whole = bytes.AsSpan().LastIndexOf((byte)'\n') + 1;
        if (whole < bytes.Length)
        {
            DurableFile.Write(path, file => file.Write(bytes, 0, whole));
        }

        foreach (var line in Encoding.UTF8.GetString(bytes, 0, whole).Split('\n', StringSplitOptions.RemoveEmptyEntries))
        {
            if (Parse(line) is { } judgement)
            {
                known[judgement.Key] = judgement;
            }
        }
    }

    // A line that cannot be read is as good as absent: it is asked again.
    static Judgement? Parse(string line)
    {
        try
        {
            return JsonSerializer.Deserialize<Judgement>(line, Json) is { Key: not null } judgement ? judgement : null;
        }
        catch (JsonException)
        {
            return null;
        }
    }
}
