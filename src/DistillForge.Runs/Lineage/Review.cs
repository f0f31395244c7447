using DistillForge.Core;
using DistillForge.Data;

namespace DistillForge.Runs.Lineage;

/// <summary>Which rows go to a reviewer.</summary>
public enum ReviewRows
{
    /// <summary>Those that a filter holds back for a person.</summary>
    Awaiting,
    Dropped,
    Kept,
    All,
}

/// <param name="New">Decisions by kind.</param>
/// <param name="Open">Rows of the file without a decision.</param>
/// <param name="Known">Decisions that were brought in before.</param>
public sealed record ReviewImport(IReadOnlyDictionary<DecisionKind, int> New, int Open, int Known, string? File);

/// <summary>Rows go out to people and their decisions come back.</summary>
public static class Review
{
    /// <returns>Rows written.</returns>
    /// <exception cref="ForgeException">The run was not filtered yet.</exception>
    public static async Task<int> ExportAsync(string runFolder, string target, ReviewRows which, CancellationToken cancellationToken)
    {
        var path = Path.Combine(runFolder, "verdicts.parquet");
        var verdicts = File.Exists(path)
            ? (await VerdictsFile.ReadAsync([path], cancellationToken).ToListAsync(cancellationToken)).ToLookup(verdict => verdict.Id)
            : throw new ForgeException(new Problem(path, "is missing.", "Run the recipe's filter stage first: distillforge filter RECIPE."));
        var decided = DecisionLog.Read(runFolder);
        var rows = await ExamplesFile.ReadAsync(Shards(runFolder), cancellationToken)
            .Where(row => verdicts.Contains(row.Id) && Fits(which, verdicts[row.Id], decided.On(row.Id))).OrderBy(row => row.Id, StringComparer.Ordinal).ToListAsync(cancellationToken);
        ReviewSheet.Write(target, rows.Select(row => Sheet(row, verdicts[row.Id])));
        return rows.Count;
    }

    /// <summary>Checks a reviewer's file whole, then writes its decisions down; one problem, and nothing is written.</summary>
    /// <param name="reviewer">Where a row names nobody.</param>
    /// <exception cref="ForgeException">All problems of the file.</exception>
    public static async Task<ReviewImport> ImportAsync(string runFolder, string source, string? reviewer, TimeProvider clock, CancellationToken cancellationToken)
    {
        if (!Directory.Exists(Path.Combine(runFolder, "manifests")))
        {
            throw new ForgeException(new Problem(runFolder, "is no run folder: it has no manifests.", "Give a folder below runs/."));
        }

        using var folder = RunFolder.Open(runFolder);
        Takedown.RefuseHalf(folder.Path);
        var rows = ReviewSheet.Read(source);
        var wanted = rows.Select(row => row["id"].Trim()).ToHashSet();
        var answers = await ExamplesFile.ReadAsync(Shards(runFolder), cancellationToken).Where(row => wanted.Contains(row.Id)).ToDictionaryAsync(row => row.Id, row => row.Text, cancellationToken: cancellationToken);
        var (problems, now, all) = (new List<Problem>(), clock.GetUtcNow(), DecisionLog.All(runFolder));
        // A row without a time of its own gets the import's: brought in again, it says what stands already.
        var known = all.Concat(all.GroupBy(decision => decision.Id).SelectMany(row => row.Where(decision => decision.Time == row.Max(other => other.Time))).Select(decision => decision with { Time = now })).ToHashSet();
        var decisions = rows.Select(row => (row.Line, Decision: row.ToDecision(answers, reviewer, now, problems))).Where(row => row.Decision is not null).ToList();
        problems.AddRange(decisions.GroupBy(row => (row.Decision!.Id, row.Decision.Reviewer)).Where(group => group.Count(row => row.Decision!.Kind != DecisionKind.Comment) > 1)
            .Select(group => new Problem("id", $"{group.Key.Id} is decided twice by {group.Key.Reviewer}.", "Keep one.", group.Last().Line)));
        if (problems.Count > 0)
        {
            throw new ForgeException(source, [.. problems.OrderBy(problem => problem.Line).Take(20)]);
        }

        var fresh = decisions.Select(row => row.Decision!).Where(decision => !known.Contains(decision)).ToList();
        var file = fresh.Count > 0 ? DecisionLog.Append(runFolder, now, Path.GetFileName(source), fresh) : null;
        return new ReviewImport(fresh.CountBy(decision => decision.Kind).ToDictionary(), rows.Count - decisions.Count, decisions.Count - fresh.Count, file);
    }

    static string[] Shards(string runFolder) => [.. Stages.WantedRows.Shards(Path.Combine(runFolder, "examples"))];

    static bool Fits(ReviewRows which, IEnumerable<JudgedRow> verdicts, Decision? ruling)
    {
        var drops = verdicts.Any(verdict => verdict.Verdict.Action == FilterAction.Drop && verdict.Filter != Decisions.Filter);
        var reviews = verdicts.Any(verdict => verdict.Verdict.Action == FilterAction.Review);
        return which switch
        {
            ReviewRows.Awaiting => reviews && !drops && ruling is null,
            ReviewRows.Dropped => ruling is null ? drops : ruling.Kind == DecisionKind.Reject,
            ReviewRows.Kept => ruling is null ? !drops && !reviews : ruling.Kind != DecisionKind.Reject,
            _ => true,
        };
    }

    static Dictionary<string, string> Sheet(Example row, IEnumerable<JudgedRow> verdicts) => new()
    {
        ["id"] = row.Id,
        ["prompt"] = string.Join("\n", row.Prompt.Count == 1 ? [row.Prompt[0].Content] : row.Prompt.Select(message => $"{message.Role}: {message.Content}")),
        ["answer"] = row.Text,
        ["author"] = row.Author,
        ["reasons"] = string.Join("; ", verdicts.OrderBy(verdict => verdict.Order).Where(verdict => verdict.Verdict.Reason is not null).Select(verdict => $"{verdict.Filter}: {verdict.Verdict.Reason!.Code}, {verdict.Verdict.Reason.Detail}")),
    };
}
