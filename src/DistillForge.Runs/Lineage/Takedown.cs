using System.Text.Json;
using DistillForge.Core;
using DistillForge.Data;
using DistillForge.Runs.Stages;
using DistillForge.Teachers;

namespace DistillForge.Runs.Lineage;

/// <summary>What a takedown finds.</summary>
/// <param name="Rows">That are to go.</param>
/// <param name="Students">Checkpoints and GGUFs that learned from one of them and have to be trained again.</param>
/// <param name="Exports">Files that <c>export</c> wrote with one of them, wherever they are now.</param>
/// <param name="Elsewhere">Other runs beside this one that hold the same questions, and how many rows.</param>
public sealed record TakedownPlan(IReadOnlyList<FoundRow> Rows, IReadOnlyList<StudentFile> Students, IReadOnlyList<ExportRecord> Exports, IReadOnlyList<(string Run, int Rows)> Elsewhere);

/// <param name="Removed">Rows taken out, by file in the run folder.</param>
/// <param name="Cached">Paid answers that were taken out of the cache of all runs.</param>
/// <param name="Record">The tombstones' file.</param>
public sealed record TakedownResult(IReadOnlyDictionary<string, long> Removed, int Cached, string Record);

/// <summary>
/// Takes rows out of a run: out of every Parquet file, the journal, people's decisions, the lists of mistakes and of perturbed questions, and the cache of paid answers. Ids and hashes of
/// the questions stay as tombstones, so that counts balance and the rows do not come back; the next run of the recipe trains without them.
/// </summary>
public static class Takedown
{
    const int ShortestWithin = 12;

    /// <summary>What would be taken down; nothing is changed.</summary>
    public static async Task<TakedownPlan> PlanAsync(string runFolder, TakedownSearch search, CancellationToken cancellationToken)
    {
        if (!Directory.Exists(Path.Combine(runFolder, "manifests")))
        {
            throw new ForgeException(new Problem(runFolder, "is no run folder: it has no manifests.", "Give a folder below runs/."));
        }

        var rows = await search.FindAsync(runFolder, cancellationToken);
        var gone = await WithDerivedAsync(runFolder, rows.Select(row => row.Id), cancellationToken);
        var curated = Path.Combine(runFolder, "curated.parquet");
        var trained = File.Exists(curated) && await ExamplesFile.ReadAsync([curated], cancellationToken).AnyAsync(example => gone.Contains(example.Id), cancellationToken);
        return new TakedownPlan(rows, trained ? [.. RowStory.Made(runFolder)] : [], ExportLog.Holding(runFolder, gone), await ElsewhereAsync(runFolder, rows, cancellationToken));
    }

    /// <summary>Takes the rows of a plan down. Killed in the middle, the next takedown of this run finishes it first.</summary>
    /// <exception cref="ForgeException">Nobody answers for it, or the run is not as its ledger says.</exception>
    public static async Task<TakedownResult> DoAsync(string runFolder, TakedownSearch search, string by, string reason, TimeProvider clock, CancellationToken cancellationToken)
    {
        if (string.IsNullOrWhiteSpace(by) || string.IsNullOrWhiteSpace(reason))
        {
            throw new ForgeException(new Problem("takedown", "needs a person and a reason.", "Give --by NAME and --reason WHY (do not name in it whom the rows are about: it is kept)."));
        }

        using var folder = RunFolder.Open(runFolder);
        var pending = HalfTakedown.PathIn(folder.Path);
        var resumed = File.Exists(pending) ? await FinishAsync(folder, pending, Tombstones.Parse(pending), isResumed: true, clock, cancellationToken) : null;

        if (Verification.Of(runFolder, null, cancellationToken).Changes is [var change, ..])
        {
            throw new ForgeException(new Problem(runFolder, $"is not as its ledger says ({change}); a takedown would hide that.", "'distillforge verify RUN' says all that was changed; mend it first."));
        }

        var rows = await search.FindAsync(runFolder, cancellationToken);
        if (rows.Count == 0)
        {
            return resumed ?? throw new ForgeException(new Problem(runFolder, "has no such row."));
        }

        // First: while the rows are there it is known what was answered. Killed behind this, a paid answer is gone and nothing is half.
        var cached = ForgetPaid(runFolder, rows, search.Person);
        var record = new TakedownRecord(by, reason, clock.GetUtcNow(), search.How, [.. rows.Select(row => new Tombstone(row.Id, row.Question))], new Dictionary<string, string>());
        Tombstones.Write(pending, record);
        return await FinishAsync(folder, pending, record, isResumed: false, clock, cancellationToken) with { Cached = cached };
    }

    /// <summary>Nothing else is done in a run whose takedown broke off: what is half gone would be asked for, trained on or given out again.</summary>
    /// <exception cref="ForgeException">One did.</exception>
    internal static void RefuseHalf(string runFolder)
    {
        if (HalfTakedown.Of(runFolder) is { } half)
        {
            throw new ForgeException(half with { Where = HalfTakedown.PathIn(runFolder) });
        }
    }

    // The same again gives the same: rows that are gone already are not found a second time.
    static async Task<TakedownResult> FinishAsync(RunFolder folder, string pending, TakedownRecord record, bool isResumed, TimeProvider clock, CancellationToken cancellationToken)
    {
        var removal = new TakedownRemoval(folder.Path, record, isResumed);
        var removed = await removal.RemoveAsync(await WithDerivedAsync(folder.Path, record.Rows.Select(row => row.Id), cancellationToken), cancellationToken);
        var name = Tombstones.Of(folder.Path).NextFile();
        Tombstones.Write(folder.In(name), record with { Files = removal.Files() });
        RunLedger.Append(folder.Path, clock.GetUtcNow(), Tombstones.Kind, new Dictionary<string, double> { ["rows"] = record.Rows.Count }, new Dictionary<string, string>
        {
            ["file"] = name,
            ["sha256"] = Sha256.OfFile(folder.In(name)),
            ["by"] = record.By,
            ["reason"] = record.Reason,
        });
        File.Delete(pending);
        return new TakedownResult(removed, 0, name);
    }

    // A redacted or edited row goes with the one that it was made of.
    static async Task<HashSet<string>> WithDerivedAsync(string runFolder, IEnumerable<string> ids, CancellationToken cancellationToken)
    {
        var gone = ids.ToHashSet();
        var verdicts = Path.Combine(runFolder, "verdicts.parquet");
        await foreach (var verdict in VerdictsFile.ReadAsync(File.Exists(verdicts) ? [verdicts] : [], cancellationToken).Where(verdict => gone.Contains(verdict.Id)))
        {
            if (RowStory.GoesOnAs(verdict.Verdict.Reason) is { } derived)
            {
                gone.Add(derived);
            }
        }

        return gone;
    }

    static async Task<IReadOnlyList<(string, int)>> ElsewhereAsync(string runFolder, IReadOnlyList<FoundRow> rows, CancellationToken cancellationToken)
    {
        var questions = rows.Select(row => row.Question).ToHashSet();
        var found = new List<(string, int)>();
        var full = Path.GetFullPath(runFolder).TrimEnd(Path.DirectorySeparatorChar);
        foreach (var run in Directory.GetDirectories(Path.GetDirectoryName(full)!).Where(run => run != full && Directory.Exists(Path.Combine(run, "manifests"))).Order(StringComparer.Ordinal))
        {
            var shards = WantedRows.Shards(Path.Combine(run, "examples")).Concat(WantedRows.Shards(Path.Combine(run, "held-out", "examples"))).ToList();
            var count = await ExamplesFile.ReadAsync(shards, cancellationToken).CountAsync(example => questions.Contains(Tombstone.QuestionOf(example.Prompt)), cancellationToken);
            if (count > 0)
            {
                found.Add((run, count));
            }
        }

        return found;
    }

    // The cache is of all runs, and what an API answered is in it as the server sent it.
    static int ForgetPaid(string runFolder, IReadOnlyList<FoundRow> rows, string? person)
    {
        var folder = Path.Combine(Path.GetDirectoryName(Path.GetFullPath(runFolder).TrimEnd(Path.DirectorySeparatorChar))!, ".answers");
        var answers = rows.Select(row => row.Answer).Where(answer => answer.Length > 0).ToHashSet();
        // What a server sent may have thoughts around the answer; a short answer is in many texts.
        var within = answers.Where(answer => answer.Length >= ShortestWithin).ToList();
        return Directory.Exists(folder) ? new RequestCache(folder).Remove(body => Strings(body).Any(text => answers.Contains(text) || within.Exists(answer => text.Contains(answer, StringComparison.Ordinal)) || (person is not null && text.Contains(person.Trim(), StringComparison.OrdinalIgnoreCase)))) : 0;
    }

    static IEnumerable<string> Strings(byte[] body)
    {
        try
        {
            return [.. JsonTexts.Of(body)];
        }
        catch (JsonException)
        {
            return [];
        }
    }
}
