using DistillForge.Core;

namespace DistillForge.Data;

/// <summary>Judgements of one judge in a run, see <see cref="KeptLines{T}"/>.</summary>
public sealed class JudgementFile : IDisposable
{
    /// <summary>Relative to the run folder.</summary>
    public const string FolderName = "judgements";

    readonly KeptLines<Judgement> lines;

    /// <param name="judge">Who judges: see <see cref="ITeacher.Identity"/>.</param>
    /// <exception cref="ForgeException">The file cannot be read.</exception>
    public JudgementFile(string runFolder, string judge) => lines = new(PathOf(runFolder, judge), judgement => judgement.Key);

    /// <summary>How much a judge said in a run.</summary>
    public static long Count(string runFolder, string judge) => File.Exists(PathOf(runFolder, judge)) ? File.ReadLines(PathOf(runFolder, judge)).LongCount() : 0;

    /// <summary>What judges said in a run about a row, or about the question of a benchmark.</summary>
    public static IReadOnlyList<Judgement> About(string runFolder, string id)
    {
        var folder = Path.Combine(runFolder, FolderName);
        return Directory.Exists(folder) ? [.. Directory.GetFiles(folder, "*.jsonl").Order(StringComparer.Ordinal).SelectMany(KeptLines<Judgement>.Read).Where(judgement => judgement.Key is not null && judgement.Id == id)] : [];
    }

    public Judgement? Find(string key) => lines.Find(key);

    /// <summary>Ends when the judgement is safe on the disk.</summary>
    /// <exception cref="ForgeException">The folder cannot be written.</exception>
    public void Add(Judgement judgement) => lines.Add(judgement);

    public void Dispose() => lines.Dispose();

    static string PathOf(string runFolder, string judge) => Path.Combine(runFolder, FolderName, $"{Sha256.OfText(judge)[..16]}.jsonl");
}
