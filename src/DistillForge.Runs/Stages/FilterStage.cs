using System.Runtime.CompilerServices;
using DistillForge.Core;
using DistillForge.Data;
using DistillForge.Filters;

namespace DistillForge.Runs.Stages;

/// <summary>Every filter of the policy judges every row; what none of them dropped is curated.</summary>
sealed class FilterStage(RunContext run) : Stage(run)
{
    public override string Name => "filter";

    public override string Command => "filter";

    protected override IReadOnlyList<string> RecipeKeys => ["filters"];

    protected override IReadOnlyDictionary<string, string> Inputs => new Dictionary<string, string>
    {
        ["prompts.parquet"] = Run.Folder.Prompts,
        ["examples"] = Run.Folder.Examples,
        ["traces"] = Run.TracesOf(""),
    };

    protected override IReadOnlyList<string> Outputs => ["verdicts.parquet", "curated.parquet"];

    protected override async Task<IReadOnlyDictionary<string, double>> ExecuteAsync(CancellationToken cancellationToken)
    {
        var rows = await WantedRows.OpenAsync(Run, cancellationToken);
        var policy = Run.Recipe.Policy ?? new FilterPolicy { Filters = [] };
        var summary = await new FilterPipeline(policy, Run.Progress).RunAsync(rows, Run.Folder.Verdicts, Run.Folder.Curated, cancellationToken);
        Ledger.Balance(Name, ("examples", rows.Count), ("kept", summary.Kept), ("dropped", summary.Dropped));
        Run.Progress.Say($"  {summary.Kept:N0} kept, {summary.Dropped:N0} dropped{(summary.Dropped > 0 ? ": " + string.Join(", ", summary.ByReason.OrderByDescending(reason => reason.Value).Select(reason => $"{reason.Key} {reason.Value:N0}")) : "")}");
        var figures = summary.ByReason.ToDictionary(reason => "dropped." + reason.Key, reason => (double)reason.Value);
        figures["kept"] = summary.Kept;
        figures["dropped"] = summary.Dropped;
        if (summary.Changed > 0)
        {
            figures["changed"] = summary.Changed;
        }

        return figures;
    }
}

/// <summary>The examples that the present recipe asks for; a journal may hold more, from earlier recipes.</summary>
sealed class WantedRows : IDataset
{
    readonly ParquetDataset all;
    readonly Func<string, bool> isWanted;

    WantedRows(ParquetDataset all, Func<string, bool> isWanted, long count) => (this.all, this.isWanted, Count) = (all, isWanted, count);

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
            return new WantedRows(all, _ => true, all.Count);
        }

        var count = await ExamplesFile.ReadAsync(examples, cancellationToken).CountAsync(example => isWanted(example.Id), cancellationToken);
        return new WantedRows(all, isWanted, count);
    }

    public static IReadOnlyList<string> Shards(string folder) => Directory.Exists(folder) ? [.. Directory.GetFiles(folder, "*.parquet").Order(StringComparer.Ordinal)] : [];

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
