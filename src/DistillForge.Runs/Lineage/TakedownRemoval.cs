using System.Text;
using System.Text.Json;
using DistillForge.Core;
using DistillForge.Data;
using DistillForge.Models;

namespace DistillForge.Runs.Lineage;

/// <summary>Takes rows out of every file of a run folder that may hold them.</summary>
/// <param name="isResumed">An earlier execution broke off: what it rewrote is found by its hash.</param>
sealed class TakedownRemoval(string runFolder, TakedownRecord record, bool isResumed)
{
    // Shows rows that were answered wrong; vouches for files that are rewritten here. The next run writes them again.
    static readonly string[] Made = [Reports.RunReport.FileName, Packaging.BillOfMaterials.FileName];

    // The model card shows a test question, which may be a row's.
    const string Card = "README.md";

    /// <summary>Whether a file of a run, by its name there, is one that rows may be taken out of.</summary>
    public static bool Rewrites(string name)
        => name.EndsWith(".parquet", StringComparison.Ordinal) || name is "mistakes.jsonl" or Stages.RobustnessFile.Name or Stages.TaskScoresFile.Name or Card || Made.Contains(name)
            || new[] { DecisionLog.FolderName, JudgementFile.FolderName, Judging.Paraphrasing.FolderName, "checkpoint/diverged" }.Any(folder => name.StartsWith(folder + "/", StringComparison.Ordinal));

    readonly SortedSet<string> touched = new(StringComparer.Ordinal);

    /// <summary>Hashes of the files that were rewritten, and of those that an interrupted takedown had rewritten before.</summary>
    public IReadOnlyDictionary<string, string> Files()
    {
        if (isResumed)
        {
            var manifests = Directory.GetFiles(In("manifests"), "*.json").Select(path => Manifest.TryRead(runFolder, Path.GetFileNameWithoutExtension(path))).OfType<Manifest>();
            touched.UnionWith(manifests.SelectMany(manifest => manifest.Outputs).Concat(DecisionLog.Files(RunLedger.Entries(runFolder))).Where(output => Rewrites(output.Key)).Where(output => !File.Exists(In(output.Key)) ? output.Key == Card || Made.Contains(output.Key) : Sha256.OfFile(In(output.Key)) != output.Value).Select(output => output.Key));
        }

        return Hashes();
    }

    Dictionary<string, string> Hashes() => touched.ToDictionary(name => name, name => File.Exists(In(name)) ? Sha256.OfFile(In(name)) : "");

    /// <param name="ids">Of the rows, and of what was made of them.</param>
    /// <returns>Rows removed, by file.</returns>
    public async Task<IReadOnlyDictionary<string, long>> RemoveAsync(IReadOnlySet<string> ids, CancellationToken cancellationToken)
    {
        ForgetLeft();
        await CompactAsync(cancellationToken);
        var gone = ids.ToList();
        var texts = await TextsAsync(ids, cancellationToken);
        var removed = new SortedDictionary<string, long>(StringComparer.Ordinal);
        var tables = Directory.EnumerateFiles(runFolder, "*.parquet", SearchOption.AllDirectories).Select(path => Path.GetRelativePath(runFolder, path).Replace(Path.DirectorySeparatorChar, '/')).Order(StringComparer.Ordinal).ToLookup(HasQuestions);
        await TakeOutAsync(tables[false], gone, removed, cancellationToken);
        await BuryAsync(removed, cancellationToken);
        Count(removed, "mistakes.jsonl", RemoveLines("mistakes.jsonl", line => JsonTexts.Of(Encoding.UTF8.GetBytes(line)).Any(texts.Contains)));
        // A perturbed question is no longer the row's own text: its line also holds the question as it was.
        Count(removed, Stages.RobustnessFile.Name, RemoveLines(Stages.RobustnessFile.Name, line => JsonTexts.Of(Encoding.UTF8.GetBytes(line)).Any(texts.Contains)));
        Count(removed, Stages.TaskScoresFile.Name, RemoveLines(Stages.TaskScoresFile.Name, line => JsonTexts.Of(Encoding.UTF8.GetBytes(line)).Any(ids.Contains)));
        Array.ForEach(Made, Forget);
        if (File.Exists(In(Card)) && File.ReadAllText(In(Card)) is var card && texts.Any(text => card.Contains(text, StringComparison.Ordinal)))
        {
            Forget(Card);
        }

        foreach (var file in DecisionLog.Files(RunLedger.Entries(runFolder)).Keys)
        {
            Count(removed, file, RemoveLines(file, line => JsonTexts.Of(Encoding.UTF8.GetBytes(line)).Any(ids.Contains)));
        }

        foreach (var file in Directory.Exists(In(JudgementFile.FolderName)) ? Directory.GetFiles(In(JudgementFile.FolderName), "*.jsonl") : [])
        {
            var name = $"{JudgementFile.FolderName}/{Path.GetFileName(file)}";
            Count(removed, name, RemoveLines(name, line => JsonTexts.Of(Encoding.UTF8.GetBytes(line)).Any(ids.Contains)));
        }

        // The question of a benchmark has an id of its own, and may be a row's text all the same.
        foreach (var file in Directory.Exists(In(Judging.Paraphrasing.FolderName)) ? Directory.GetFiles(In(Judging.Paraphrasing.FolderName), "*.jsonl") : [])
        {
            var name = $"{Judging.Paraphrasing.FolderName}/{Path.GetFileName(file)}";
            Count(removed, name, RemoveLines(name, line => JsonTexts.Of(Encoding.UTF8.GetBytes(line)).Any(text => ids.Contains(text) || texts.Contains(text))));
        }

        // Last: until here these say what the rows asked and what was made of them, should this break off.
        await TakeOutAsync(tables[true], gone, removed, cancellationToken);
        Count(removed, "verdicts.parquet", File.Exists(In("verdicts.parquet")) ? await ParquetRows.RemoveAsync(In("verdicts.parquet"), gone, cancellationToken) : 0);
        Forget("checkpoint/diverged");
        return removed;
    }

    // What a killed command had half written: nothing reads it, and rows may be in it.
    void ForgetLeft()
    {
        var left = Verification.LeftBy(RunLedger.Entries(runFolder)).Select(In).Where(File.Exists).Concat(Directory.EnumerateFiles(runFolder, "*.partial", SearchOption.AllDirectories));
        foreach (var file in left.Distinct().ToList())
        {
            File.Delete(file);
        }
    }

    static bool HasQuestions(string table) => table.StartsWith("examples/", StringComparison.Ordinal) || table.StartsWith("held-out/examples/", StringComparison.Ordinal);

    async Task TakeOutAsync(IEnumerable<string> tables, List<string> gone, SortedDictionary<string, long> removed, CancellationToken cancellationToken)
    {
        foreach (var name in tables.Where(name => name is not "verdicts.parquet"))
        {
            cancellationToken.ThrowIfCancellationRequested();
            Count(removed, name, name is "prompts.parquet" or "held-out/prompts.parquet" ? await MaskAsync(In(name), cancellationToken) : await ParquetRows.RemoveAsync(In(name), gone, cancellationToken));
        }
    }

    // What was answered and lies in the journal comes into Parquet first.
    async Task CompactAsync(CancellationToken cancellationToken)
    {
        foreach (var journal in Directory.EnumerateDirectories(runFolder, "journal", SearchOption.AllDirectories).ToList())
        {
            await using var opened = await AnswerJournal.OpenAsync(Path.GetDirectoryName(journal)!, cancellationToken);
        }
    }

    // By the questions: an answer such as 'yes' is given to many.
    async Task<HashSet<string>> TextsAsync(IReadOnlySet<string> ids, CancellationToken cancellationToken)
    {
        var shards = Stages.WantedRows.Shards(In("examples")).Concat(Stages.WantedRows.Shards(In("held-out/examples"))).ToList();
        var rows = ExamplesFile.ReadAsync(shards, cancellationToken).Where(example => ids.Contains(example.Id));
        return await rows.SelectMany(example => example.Prompt.Where(message => message.Role == "user").Select(message => message.Content).ToAsyncEnumerable()).ToHashSetAsync(cancellationToken: cancellationToken);
    }

    async Task<long> MaskAsync(string path, CancellationToken cancellationToken)
    {
        var gone = record.Rows.Select(row => row.Id).ToHashSet();
        var prompts = await PromptsFile.ReadAsync([path], cancellationToken).ToListAsync(cancellationToken);
        var count = prompts.Count(prompt => gone.Contains(prompt.Id) && prompt.Messages is not [{ Content: Tombstones.Mark }]);
        if (count > 0)
        {
            await PromptsFile.WriteAsync(path, prompts.Select(prompt => gone.Contains(prompt.Id) ? Tombstones.Masked(prompt) : prompt).ToAsyncEnumerable(), cancellationToken);
        }

        return count;
    }

    // Where prompts were asked, a row without an answer is a failure: prompts = examples + failures still holds.
    async Task BuryAsync(SortedDictionary<string, long> removed, CancellationToken cancellationToken)
    {
        foreach (var part in new[] { "", "held-out/" }.Where(part => File.Exists(In($"{part}prompts.parquet"))))
        {
            var ids = await PromptsFile.ReadAsync([In($"{part}prompts.parquet")], cancellationToken).Select(prompt => prompt.Id).ToHashSetAsync(cancellationToken: cancellationToken);
            var dead = record.Rows.Where(row => ids.Contains(row.Id)).Select(row => row.Id).ToHashSet();
            var name = $"{part}failures.parquet";
            if (dead.Count > 0)
            {
                var kept = File.Exists(In(name)) ? await FailuresFile.ReadAsync([In(name)], cancellationToken).Where(failure => !dead.Contains(failure.Id)).ToListAsync(cancellationToken) : [];
                var all = kept.Concat(dead.Select(id => new Failure(id, Tombstones.Code, $"by {record.By}: {record.Reason}"))).OrderBy(failure => failure.Id, StringComparer.Ordinal);
                await FailuresFile.WriteAsync(In(name), all.ToAsyncEnumerable(), cancellationToken);
                touched.Add(name);
                removed.TryAdd(name, 0);
            }
        }
    }

    long RemoveLines(string name, Func<string, bool> isGone)
    {
        if (!File.Exists(In(name)))
        {
            return 0;
        }

        var lines = File.ReadAllLines(In(name));
        var kept = lines.Where(line => !isGone(line)).ToList();
        if (kept.Count < lines.Length)
        {
            DurableFile.Write(In(name), stream => stream.Write(Encoding.UTF8.GetBytes(string.Concat(kept.Select(line => line + "\n")))));
        }

        return lines.Length - kept.Count;
    }

    // A training that diverged left the rows of one step behind, for a person to look at.
    void Forget(string name)
    {
        var path = In(name);
        string[] files = Directory.Exists(path) ? Directory.GetFiles(path, "*", SearchOption.AllDirectories) : File.Exists(path) ? [path] : [];
        touched.UnionWith(files.Select(file => Path.GetRelativePath(runFolder, file).Replace(Path.DirectorySeparatorChar, '/')));
        Array.ForEach(files, File.Delete);
        if (Directory.Exists(path))
        {
            Directory.Delete(path, recursive: true);
        }
    }

    void Count(SortedDictionary<string, long> removed, string name, long count)
    {
        if (count > 0)
        {
            removed[name] = count;
            touched.Add(name);
        }
    }

    string In(string name) => Path.Combine(runFolder, name);
}

/// <summary>All texts in a JSON value, however deep they are.</summary>
static class JsonTexts
{
    /// <exception cref="JsonException">It is no JSON.</exception>
    public static IEnumerable<string> Of(byte[] json)
    {
        var reader = new Utf8JsonReader(json);
        var texts = new List<string>();
        while (reader.Read())
        {
            if (reader.TokenType == JsonTokenType.String)
            {
                texts.Add(reader.GetString()!);
            }
        }

        return texts;
    }
}
