using DistillForge.Core;

namespace DistillForge.Filters;

/// <summary>Rows that only measure, chosen by whole clusters, so that nothing that is measured was nearly trained on.</summary>
/// <param name="Validation">Ids of the rows that only measure.</param>
/// <param name="Clusters">Of all rows; one row alone is a cluster.</param>
/// <param name="Largest">Rows of the largest cluster.</param>
public sealed record ClusterSplit(IReadOnlySet<string> Validation, int Rows, int Clusters, int ValidationClusters, int Largest)
{
    /// <param name="share">Of the rows, at most; a cluster that would go beyond stays in training, and the next one is tried.</param>
    /// <param name="group">What else keeps rows together; null: nothing.</param>
    public static async Task<ClusterSplit> OfAsync(IAsyncEnumerable<Example> rows, double threshold, Func<Example, string?>? group, double share, long seed, CancellationToken cancellationToken)
    {
        using var clusters = new NearClusters(threshold);
        var ids = new List<string>();
        await foreach (var row in rows.WithCancellation(cancellationToken))
        {
            clusters.Add(row, group?.Invoke(row));
            ids.Add(row.Id);
        }

        var firsts = clusters.Firsts();
        var members = Enumerable.Range(0, ids.Count).GroupBy(row => firsts[row]).Select(cluster => cluster.Select(row => ids[row]).Order(StringComparer.Ordinal).ToList()).ToList();
        var most = (int)Math.Round(share * ids.Count);
        var (validation, taken) = (new HashSet<string>(StringComparer.Ordinal), 0);
        // By a hash of the cluster's smallest id: the order in which rows were answered decides nothing.
        foreach (var cluster in members.OrderBy(cluster => Seeds.Derive(seed, "validation", cluster[0])).Where(cluster => validation.Count + cluster.Count <= most))
        {
            validation.UnionWith(cluster);
            taken++;
        }

        return new(validation, ids.Count, members.Count, taken, members.Count == 0 ? 0 : members.Max(cluster => cluster.Count));
    }
}
