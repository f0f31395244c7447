using System.Runtime.CompilerServices;
using DistillForge.Core;

namespace DistillForge.Data;

/// <summary>
/// Examples in the order of their ids, each with its trace where there is one. Ids are hashes, so the order is a shuffle that does not
/// depend on who answered first.
/// </summary>
/// <param name="traces">Files of traces; none for examples without. Traces of other rows are passed over.</param>
/// <param name="scorer">Whose traces to take when there are several; null takes the only one there is.</param>
public sealed class ParquetDataset(IReadOnlyList<string> examples, IReadOnlyList<string> traces, string? scorer = null) : IDataset
{
    readonly Lazy<long> count = new(() => RowCount.OfAsync(examples, CancellationToken.None).GetAwaiter().GetResult());

    public long Count => count.Value;

    public async IAsyncEnumerable<Example> ReadAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await using var trace = TracesFile.File.ReadSortedAsync(traces, cancellationToken).GetAsyncEnumerator(cancellationToken);
        var more = await trace.MoveNextAsync();
        string? last = null;
        await foreach (var example in ExamplesFile.File.ReadSortedAsync(examples, cancellationToken))
        {
            if (example.Id == last)
            {
                throw new ForgeException(new Problem($"row {example.Id}", "is there twice.", "Read each file of examples once."));
            }

            last = example.Id;
            TokenTrace? found = null;
            while (more && Utf8Order(trace.Current.Id, example.Id) <= 0)
            {
                if (trace.Current.Id == example.Id && (scorer is null || trace.Current.Scorer == scorer))
                {
                    found = found is null ? trace.Current : throw new ForgeException(new Problem($"row {example.Id}", $"has traces of {found.Scorer} and {trace.Current.Scorer}.", "Name the scorer to take."));
                }

                more = await trace.MoveNextAsync();
            }

            yield return example with { Trace = found };
        }
    }

    // As DuckDB sorts: by the bytes of UTF-8, where surrogate pairs come after all other characters.
    internal static int Utf8Order(string a, string b)
    {
        var shared = a.AsSpan().CommonPrefixLength(b);
        if (shared == a.Length || shared == b.Length)
        {
            return a.Length.CompareTo(b.Length);
        }

        var (left, right) = (a[shared], b[shared]);
        return char.IsSurrogate(left) == char.IsSurrogate(right) ? left.CompareTo(right) : char.IsSurrogate(left) ? 1 : -1;
    }
}
