using System.Text;
using System.Text.Json;
using DistillForge.Core;
using DistillForge.Data;
using DistillForge.Models;
using DistillForge.Packaging;

namespace DistillForge.Runs.Lineage;

/// <summary>Reads off a run folder what its dataset's card says: from manifests, verdicts, decisions, takedowns and the ledger, not from a recipe that may have changed since.</summary>
static class DatasetFacts
{
    public const string CardName = "README.md";
    public const string CroissantName = "croissant.json";
    const int MostSources = 50;

    public const string SummaryName = "GOVERNANCE.md";

    // Ours begin so; another README is never written over.
    const string Mark = "---\nlicense: ";

    /// <summary>Writes card, Croissant metadata and summary beside a file of rows.</summary>
    /// <param name="folder">Where they go.</param>
    /// <param name="data">The file of rows.</param>
    /// <param name="export">Who took the rows; null for the run's own.</param>
    /// <returns>False where a README lies that is not ours: nothing is written then.</returns>
    public static async Task<bool> WriteAsync(string runFolder, string folder, string data, IReadOnlyList<DataColumn> columns, ExportRecord? export, CancellationToken cancellationToken)
    {
        var readme = Path.Combine(folder, CardName);
        if (File.Exists(readme) && !(File.ReadAllText(readme) is var text && text.StartsWith(Mark, StringComparison.Ordinal) && text.Contains("\n- synthetic\n- distillforge\n", StringComparison.Ordinal)))
        {
            return false;
        }

        var rows = export?.Rows ?? (long)(Manifest.TryRead(runFolder, "filter")?.Figures.GetValueOrDefault("kept") ?? 0);
        var file = new CardFile(Path.GetRelativePath(folder, data).Replace(Path.DirectorySeparatorChar, '/'), new FileInfo(data).Length, Sha256.OfFile(data), rows, columns);
        var card = await OfAsync(runFolder, file, export, cancellationToken);
        Write(readme, card.ToMarkdown());
        Write(Path.Combine(folder, CroissantName), card.ToCroissant());
        Write(Path.Combine(folder, SummaryName), card.ToGovernance());
        return true;
    }

    static void Write(string path, string text) => DurableFile.Write(path, stream => stream.Write(Encoding.UTF8.GetBytes(text)));

    static async Task<DatasetCard> OfAsync(string runFolder, CardFile file, ExportRecord? export, CancellationToken cancellationToken)
    {
        var filter = Manifest.TryRead(runFolder, "filter") ?? throw new ForgeException(new Problem(runFolder, "was not filtered yet.", "distillforge filter RECIPE does it."));
        var authors = (await Data.Sql.QueryAsync("select author, any_value(author_sha256), any_value(license), count(*) from curated group by author order by count(*) desc, author", runFolder, cancellationToken)).Rows;
        var sources = (await Data.Sql.QueryAsync($"select source, count(*) from curated group by source order by count(*) desc, source limit {MostSources + 1}", runFolder, cancellationToken)).Rows;
        var filters = await FiltersAsync(runFolder, cancellationToken);
        var tombstones = Tombstones.Of(runFolder);
        var decisions = DecisionLog.All(runFolder);
        var entries = RunLedger.Entries(runFolder);
        var who = authors.Select(author => new CardAuthor(
            author[0]!, author[1], (author[2] is "unknown" or "" ? null : author[2]) ?? filter.Chosen.GetValueOrDefault($"license.{author[0]}"), filter.Chosen.GetValueOrDefault($"may_train.{author[0]}") ?? "unknown",
            filter.Chosen.GetValueOrDefault($"terms.{author[0]}") ?? "unknown", Whole(author[3]))).ToList();
        var kept = who.Sum(author => author.Rows);
        var lifted = filter.Chosen.TryGetValue("override.by", out var by) ? $"by {by}: {filter.Chosen.GetValueOrDefault("override.reason")}" : null;
        var licenses = who.Select(author => author.License).Distinct().ToList();
        var card = new DatasetCard
        {
            Name = Path.GetFileName(Path.GetFullPath(runFolder).TrimEnd(Path.DirectorySeparatorChar)),
            Creator = export?.By,
            Date = export?.Time ?? entries.LastOrDefault(entry => entry.Stage == "filter")?.Time ?? default,
            Version = $"{Math.Max(1, entries.Count(entry => entry.Stage == "filter" || entry.Kind == Tombstones.Kind))}.0.0",
            License = licenses is [{ } only] ? only : null,
            Files = [file],
            Authors = who,
            Sources = [.. sources.Take(MostSources).Select(source => (source[0]!, Whole(source[1]))), .. sources.Count > MostSources ? [("and others", kept - sources.Take(MostSources).Sum(source => Whole(source[1])))] : Array.Empty<(string, long)>()],
            Rows = RowsOf(runFolder, filter, tombstones.Count),
            Policy = $"{filter.Chosen.GetValueOrDefault("policy") ?? "unknown"} {filter.Chosen.GetValueOrDefault("policy_version")}".TrimEnd() + (filter.Chosen.GetValueOrDefault("policy_sha256") is { Length: >= 12 } hash ? $" ({hash[..12]})" : ""),
            Filters = filters,
            Graders = [.. filters.Where(one => filter.Chosen.ContainsKey($"judge.{one.Version}.name")).Select(one => GraderOf(one, filter.Chosen))],
            People = [.. decisions.GroupBy(decision => decision.Reviewer).OrderBy(person => person.Key, StringComparer.Ordinal).Select(person => (person.Key, string.Join(", ", person.CountBy(decision => decision.Kind).Select(kind => $"{kind.Key.ToString().ToLowerInvariant()} {kind.Value}"))))],
            PersonalData = [.. PolicyTexts(filter).Where(text => text.Split(' ')[0] is "pii" or "redact")],
            Override = lifted,
            Gaps = [],
            LedgerHead = entries is [.., var last] ? $"entry {last.Number}" : "no ledger",
            Versions = [.. filter.Versions.Select(version => $"{version.Key} {version.Value}")],
        };
        return card with { Gaps = [.. Gaps(card, PolicyTexts(filter))] };
    }

    static CardGrader GraderOf(CardJudge filter, IReadOnlyDictionary<string, string> chosen)
    {
        string? Fact(string name) => chosen.GetValueOrDefault($"judge.{filter.Version}.{name}");
        var asked = filter.Judged - filter.Reasons.Where(reason => reason.Code == "not-asked").Sum(reason => reason.Rows);
        return new CardGrader(Fact("name")!, Fact("sha256"), Fact("license") is "unknown" ? null : Fact("license"), Fact("may_train") ?? "unknown", Fact("terms") ?? "unknown", Fact("rubric") ?? "unknown", asked, filter.Dropped);
    }

    static CardRows RowsOf(string runFolder, Manifest filter, long takenDown)
    {
        long Figure(string name) => (long)filter.Figures.GetValueOrDefault(name);
        var (kept, dropped, awaiting) = (Figure("kept"), Figure("dropped"), Figure("awaiting_review"));
        var failed = (long)((Manifest.TryRead(runFolder, "generate") ?? Manifest.TryRead(runFolder, "score"))?.Figures.GetValueOrDefault("failures") ?? 0);
        return new CardRows(kept + dropped + awaiting + failed, failed, kept, dropped, awaiting, Figure("changed"), takenDown);
    }

    // As the manifest has the policy: 'pii weight=1 action=drop {…}'.
    static IReadOnlyList<string> PolicyTexts(Manifest filter)
    {
        using var recipe = JsonDocument.Parse(filter.Recipe);
        return recipe.RootElement.TryGetProperty("filters", out var filters) && filters.ValueKind == JsonValueKind.Array ? [.. filters.EnumerateArray().Select(text => text.GetString()!.Replace(" weight=1", "", StringComparison.Ordinal))] : [];
    }

    static IEnumerable<string> Gaps(DatasetCard card, IReadOnlyList<string> policy)
    {
        foreach (var author in card.Authors.Where(author => author.MayTrain == "unknown"))
        {
            yield return $"nobody wrote down whether answers of {author.Name} may train other models ({TermsRegister.FileName})";
        }

        foreach (var judge in card.Graders.Where(judge => judge.MayTrain == "unknown"))
        {
            yield return $"nobody wrote down whether output of the judge {judge.Name} may train other models ({TermsRegister.FileName})";
        }

        foreach (var judge in card.Graders.Where(judge => card.Authors.Any(author => author.Name == judge.Name)))
        {
            yield return $"{judge.Name} judged its own answers";
        }

        foreach (var author in card.Authors.Where(author => author.License is null))
        {
            yield return $"the license of {author.Name} is unknown";
        }

        var names = policy.Select(text => text.Split(' ')[0]).ToHashSet();
        foreach (var (filter, gap) in new[] { ("terms", "terms of use were not checked row by row"), ("pii redact", "nobody looked for personal data"), ("near-duplicate", "near duplicates were not looked for"), ("decontaminate", "rows were not compared with evaluation sets"), ("prompt-injection", "prompt injections were not looked for") })
        {
            if (!filter.Split(' ').Any(names.Contains))
            {
                yield return $"{gap} (no filter {filter.Replace(" ", " or ", StringComparison.Ordinal)} in the policy)";
            }
        }

        if (card.Rows.Awaiting > 0)
        {
            yield return $"{card.Rows.Awaiting} rows await a person's review and are left out";
        }

        if (card.People.Count == 0)
        {
            yield return "no person looked at any row";
        }
    }

    static async Task<IReadOnlyList<CardJudge>> FiltersAsync(string runFolder, CancellationToken cancellationToken)
    {
        var table = await Data.Sql.QueryAsync($"select \"order\", filter, coalesce(version, ''), action, code, count(*) from verdicts where filter <> '{Decisions.Filter}' group by all order by all", runFolder, cancellationToken);
        return [.. table.Rows.GroupBy(row => (row[0], row[1], row[2])).OrderBy(judge => Whole(judge.Key.Item1)).Select(judge => new CardJudge(
            judge.Key.Item2!, judge.Key.Item3!, judge.Sum(row => Whole(row[5])), Of(judge, "drop"), Of(judge, "review"), Of(judge, "warn"),
            [.. judge.Where(row => row[4] is not null).GroupBy(row => row[4]!).Select(reason => (reason.Key, reason.Sum(row => Whole(row[5])))).OrderByDescending(reason => reason.Item2).ThenBy(reason => reason.Key, StringComparer.Ordinal)]))];
    }

    static long Of(IEnumerable<IReadOnlyList<string?>> rows, string action) => rows.Where(row => row[3] == action).Sum(row => Whole(row[5]));

    static long Whole(string? cell) => long.Parse(cell!, System.Globalization.CultureInfo.InvariantCulture);
}
