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
        ["traces"] = Run.Folder.Traces,
    };

    protected override IReadOnlyList<string> Outputs => ["verdicts.parquet", "curated.parquet"];

    protected override async Task<IReadOnlyDictionary<string, double>> ExecuteAsync(CancellationToken cancellationToken)
    {
        var rows = await WantedRows.OpenAsync(Run.Folder, cancellationToken);
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
    readonly HashSet<string>? wanted;

    WantedRows(ParquetDataset all, HashSet<string>? wanted, long count) => (this.all, this.wanted, Count) = (all, wanted, count);

    public long Count { get; }

    public static async Task<WantedRows> OpenAsync(RunFolder folder, CancellationToken cancellationToken)
    {
        var examples = Shards(folder.Examples);
        var all = new ParquetDataset(examples, Shards(folder.Traces));
        if (!File.Exists(folder.Prompts))
        {
            return new WantedRows(all, null, all.Count);
        }

        var wanted = await PromptsFile.ReadAsync([folder.Prompts], cancellationToken).Select(prompt => prompt.Id).ToHashSetAsync(cancellationToken: cancellationToken);
        var count = await ExamplesFile.ReadAsync(examples, cancellationToken).CountAsync(example => wanted.Contains(example.Id), cancellationToken);
        return new WantedRows(all, wanted, count);
    }

    public static IReadOnlyList<string> Shards(string folder) => Directory.Exists(folder) ? [.. Directory.GetFiles(folder, "*.parquet").Order(StringComparer.Ordinal)] : [];

    public async IAsyncEnumerable<Example> ReadAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await foreach (var example in all.ReadAsync(cancellationToken))
        {
            if (wanted is null || wanted.Contains(example.Id))
            {
                yield return example;
            }
        }
    }
}
