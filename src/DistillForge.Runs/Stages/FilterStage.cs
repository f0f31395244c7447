using System.Runtime.CompilerServices;
using DistillForge.Core;
using DistillForge.Data;
using DistillForge.Filters;
using DistillForge.Runs.Judging;
using DistillForge.Runs.Lineage;

namespace DistillForge.Runs.Stages;

/// <summary>Every filter of the policy judges every row; what none of them dropped is curated.</summary>
sealed class FilterStage(RunContext run) : Stage(run)
{
    public override string Name => "filter";

    public override string Command => "filter";

    protected override IReadOnlyList<string> RecipeKeys => ["filters", "override"];

    protected override IReadOnlyDictionary<string, string> Inputs => new Dictionary<string, string>
    {
        ["prompts.parquet"] = Run.Folder.Prompts,
        ["examples"] = Run.Folder.Examples,
        ["traces"] = Run.TracesOf(""),
    };

    // Only who asks about terms depends on the register, and only a run on whose rows people decided depends on them.
    protected override IReadOnlyDictionary<string, string> Contents
    {
        get
        {
            var contents = new Dictionary<string, string>();
            if (Policy.Filters.Any(filter => filter.Name is "terms" or "judge"))
            {
                contents[TermsRegister.FileName] = Run.Terms.Register.Sha256;
            }

            if (string.Join(' ', NamedJudge.InPolicy(Run).Select(judge => Run.IdentityOf(judge.Source))) is { Length: > 0 } judges)
            {
                contents["judge"] = judges;
            }

            // A filter that was taught to judge otherwise judges again.
            foreach (var filter in Policy.Filters.Where(filter => FilterPipeline.RevisionOf(filter.Name) > 1))
            {
                contents[$"revision of {filter.Name}"] = $"{FilterPipeline.RevisionOf(filter.Name)}";
            }

            if (DecisionLog.Hash(Run.Folder.Path) is { } decisions)
            {
                contents[DecisionLog.FolderName] = decisions;
            }

            return contents;
        }
    }

    protected override IReadOnlyDictionary<string, string> Facts
    {
        get
        {
            var facts = new Dictionary<string, string> { ["policy"] = Policy.DisplayName, ["policy_version"] = Policy.Version ?? "", ["policy_sha256"] = Policy.Sha256 };
            if (string.Join("; ", NamedJudge.InPolicy(Run).Select(judge => judge.Describe(Run))) is { Length: > 0 } judges)
            {
                facts["judges"] = judges;
            }

            return facts;
        }
    }

    FilterPolicy Policy => Run.Recipe.Policy ?? new FilterPolicy { Filters = [] };

    protected override IReadOnlyList<string> Outputs => ["verdicts.parquet", "curated.parquet"];

    protected override async Task<IReadOnlyDictionary<string, double>> ExecuteAsync(CancellationToken cancellationToken)
    {
        var rows = await WantedRows.OpenAsync(Run, cancellationToken);
        foreach (var fact in Facts.Concat(await TermsAsync(rows, cancellationToken)).Concat(NamedJudge.InPolicy(Run).SelectMany(judge => judge.Facts(Run))))
        {
            Chosen[fact.Key] = fact.Value;
        }

        await using var judges = new Judges(Run, mayAsk: true);
        var summary = await new FilterPipeline(Policy, Run.Progress, Run.Terms, judges, DecisionLog.Read(Run.Folder.Path)).RunAsync(rows, Run.Folder.Verdicts, Run.Folder.Curated, cancellationToken);
        Ledger.Balance(Name, ("examples", rows.Count), ("kept", summary.Kept), ("dropped", summary.Dropped), ("await review", summary.Awaiting));
        Run.Progress.Say($"  {summary.Kept:N0} kept, {summary.Dropped:N0} dropped{(summary.Dropped > 0 ? ": " + string.Join(", ", summary.ByReason.OrderByDescending(reason => reason.Value).Select(reason => $"{reason.Key} {reason.Value:N0}")) : "")}");
        var figures = summary.ByReason.ToDictionary(reason => "dropped." + reason.Key, reason => (double)reason.Value);
        figures["kept"] = summary.Kept;
        figures["dropped"] = summary.Dropped;
        if (summary.Changed > 0)
        {
            figures["changed"] = summary.Changed;
        }

        if (summary.Awaiting > 0)
        {
            figures["awaiting_review"] = summary.Awaiting;
            Run.Progress.Say($"  {summary.Awaiting:N0} await a person and are not trained on: distillforge review export {Run.Folder.Path} --out review.csv");
        }

        foreach (var (decision, count) in summary.ByPersons ?? new Dictionary<string, long>())
        {
            figures[$"by_persons.{decision}"] = count;
        }

        return figures;
    }

    // Everybody who answered a row, and under which terms.
    async Task<IReadOnlyDictionary<string, string>> TermsAsync(WantedRows rows, CancellationToken cancellationToken)
    {
        var authors = await rows.AuthorsAsync(cancellationToken);
        var facts = authors.ToDictionary(author => $"terms.{author.Name}", author => Run.Terms.Describe(author.Name, author.Sha256));
        foreach (var author in authors)
        {
            var terms = Run.Terms.Of(author.Name, author.Sha256).Terms;
            facts[$"may_train.{author.Name}"] = terms.MayTrain.ToString().ToLowerInvariant();
            if (terms.License is { } license)
            {
                facts[$"license.{author.Name}"] = license;
            }
        }

        if (Run.Recipe.Override is { } person && (authors.Any(author => Run.Terms.Of(author.Name, author.Sha256).Terms.MayTrain == MayTrain.No) || NamedJudge.InPolicy(Run).Any(judge => Run.TermsFor(judge.Source).Terms.MayTrain == MayTrain.No)))
        {
            (facts["override.by"], facts["override.reason"]) = (person.By, person.Reason);
        }

        return facts;
    }
}

/// <summary>The examples that the present recipe asks for; a journal may hold more, from earlier recipes.</summary>
sealed class WantedRows : IDataset
{
    readonly ParquetDataset all;
    readonly IReadOnlyList<string> files;
    readonly Func<string, bool> isWanted;

    WantedRows(ParquetDataset all, IReadOnlyList<string> files, Func<string, bool> isWanted, long count) => (this.all, this.files, this.isWanted, Count) = (all, files, isWanted, count);

    public long Count { get; }

    public static async Task<WantedRows> OpenAsync(RunContext run, CancellationToken cancellationToken)
    {
        var examples = Shards(run.Folder.Examples);
        var all = new ParquetDataset(examples, Shards(run.TracesOf("")));
        Func<string, bool> isWanted;
        if (run.Scores)
        {
            // A row that the teacher could not read has no trace: it counts as failed, and nobody judges it.
            var failures = Path.Combine(run.ScoresOf(""), "failures.parquet");
            var failed = await FailuresFile.ReadAsync(File.Exists(failures) ? [failures] : [], cancellationToken).Select(failure => failure.Id).ToHashSetAsync(cancellationToken: cancellationToken);
            isWanted = id => !failed.Contains(id);
        }
        else if (run.Asks)
        {
            var wanted = await PromptsFile.ReadAsync([run.Folder.Prompts], cancellationToken).Select(prompt => prompt.Id).ToHashSetAsync(cancellationToken: cancellationToken);
            isWanted = wanted.Contains;
        }
        else
        {
            return new WantedRows(all, examples, _ => true, all.Count);
        }

        var count = await ExamplesFile.ReadAsync(examples, cancellationToken).CountAsync(example => isWanted(example.Id), cancellationToken);
        return new WantedRows(all, examples, isWanted, count);
    }

    public static IReadOnlyList<string> Shards(string folder) => Directory.Exists(folder) ? [.. Directory.GetFiles(folder, "*.parquet").Order(StringComparer.Ordinal)] : [];

    /// <summary>Who answered, by name and hash, each once.</summary>
    public async Task<IReadOnlyList<(string Name, string? Sha256)>> AuthorsAsync(CancellationToken cancellationToken)
        => await ExamplesFile.ReadAsync(files, cancellationToken).Where(example => isWanted(example.Id)).Select(example => (example.Author, example.AuthorSha256)).Distinct().OrderBy(author => author.Author, StringComparer.Ordinal).DistinctBy(author => author.Author).ToListAsync(cancellationToken);

    public async IAsyncEnumerable<Example> ReadAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await foreach (var example in all.ReadAsync(cancellationToken))
        {
            if (isWanted(example.Id))
            {
                yield return example;
            }
        }
    }
}

/// <summary>So many rows of a dataset.</summary>
sealed class FirstRows(IDataset rows, long most) : IDataset
{
    public long Count => Math.Min(rows.Count, most);

    public async IAsyncEnumerable<Example> ReadAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var left = Count;
        await foreach (var example in rows.ReadAsync(cancellationToken))
        {
            if (left-- <= 0)
            {
                yield break;
            }

            yield return example;
        }
    }
}
