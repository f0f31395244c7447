using DistillForge.Core;

namespace DistillForge.Filters;

/// <summary>
/// Which rows belong together: answers to one prompt, rows with the same words, and rows that nearly repeat each other, directly or through others (single linkage). Candidates come from
/// <see cref="MinHash"/> bands and are verified by the exact Jaccard similarity of their word runs.
/// </summary>
/// <param name="threshold">Jaccard similarity from which two rows belong together.</param>
/// <param name="memoryMb">For word runs; what is more goes to a temporary file.</param>
public sealed class NearClusters(double threshold, int memoryMb = 512) : IDisposable
{
    const int RunWords = 5;

    // Of one row, the newest: rows of a cluster are like each other, so a chain of them holds it together.
    const int MostCandidates = 256;

    readonly ShingleMaker maker = new(RunWords);
    readonly BandTable[] bands = [.. Enumerable.Range(0, MinHash.Bands).Select(_ => new BandTable())];
    readonly ShingleStore store = new(memoryMb * (1L << 20));
    readonly Dictionary<string, int> same = new(StringComparer.Ordinal);
    readonly List<int> parents = [];

    public int Count => parents.Count;

    /// <param name="group">What else keeps rows together, e.g. the document that they come from; null: nothing.</param>
    public void Add(Example example, string? group)
    {
        var row = parents.Count;
        parents.Add(row);
        Join(row, $"p{Sha256.OfText(string.Join('\0', example.Prompt.Where(message => message.Role != "system").Select(message => $"{message.Role} {message.Content.Trim()}")))}");
        if (group is not null)
        {
            Join(row, $"g{group}");
        }

        maker.Clear();
        foreach (var message in example.Prompt.Where(message => message.Role != "system").Concat(example.Completion))
        {
            maker.Add(message.Content);
        }

        var shingles = MinHash.SortedSetOf(maker.Shingles);
        JoinNear(row, shingles);
        store.Add(shingles);
    }

    /// <summary>The first row of each row's cluster, in the order in which rows came.</summary>
    public IReadOnlyList<int> Firsts() => [.. Enumerable.Range(0, parents.Count).Select(Root)];

    public void Dispose() => store.Dispose();

    void JoinNear(int row, uint[] shingles)
    {
        Span<uint> signature = stackalloc uint[MinHash.Hashes];
        Span<uint> keys = stackalloc uint[MinHash.Bands];
        MinHash.Sign(shingles, signature);
        MinHash.BandKeys(signature, keys);
        var compared = new HashSet<int>();
        for (var band = 0; band < bands.Length; band++)
        {
            for (var other = bands[band].Newest(keys[band]); other >= 0 && compared.Count < MostCandidates; other = bands[band].Older(other))
            {
                if (Root(other) != Root(row) && compared.Add(other) && MinHash.Jaccard(shingles, store.Read(other)) >= threshold)
                {
                    Unite(row, other);
                }
            }

            bands[band].Add(keys[band], row);
        }
    }

    void Join(int row, string key)
    {
        if (!same.TryAdd(key, row))
        {
            Unite(row, same[key]);
        }
    }

    // The earlier row stands for both.
    void Unite(int one, int other)
    {
        var (a, b) = (Root(one), Root(other));
        parents[Math.Max(a, b)] = Math.Min(a, b);
    }

    int Root(int row)
    {
        while (parents[row] != row)
        {
            row = parents[row] = parents[parents[row]];
        }

        return row;
    }
}
