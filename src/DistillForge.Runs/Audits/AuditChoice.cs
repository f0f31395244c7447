using DistillForge.Core;

namespace DistillForge.Runs.Audits;

/// <summary>A position to be audited, with the trace that it is in.</summary>
/// <param name="Position">Of the completion, from 0.</param>
/// <param name="Head">Where its head begins in <see cref="TokenTrace.HeadIds"/>.</param>
sealed record AuditChoice(TokenTrace Trace, int Position, int Head)
{
    /// <summary>
    /// Those whose hash by seed, row and position is lowest: every position has the same chance, and one that was chosen stays so until
    /// enough lower ones come.
    /// </summary>
    /// <param name="scorer">Whose traces; others are passed over.</param>
    public static async Task<IReadOnlyList<AuditChoice>> ChooseAsync(IAsyncEnumerable<TokenTrace> traces, string scorer, long seed, int most, CancellationToken cancellationToken)
    {
        var lowest = new PriorityQueue<AuditChoice, ulong>(Comparer<ulong>.Create((a, b) => b.CompareTo(a)));
        await foreach (var trace in traces.Where(trace => trace.IsScored && trace.Scorer == scorer && trace.PromptLength > 0).WithCancellation(cancellationToken))
        {
            var row = (ulong)Seeds.Derive(seed, "audit", trace.Id);
            var head = 0;
            for (var position = 0; position < trace.CompletionLength; position++)
            {
                var hash = Mix(row + ((ulong)position * 0x9E37_79B9_7F4A_7C15));
                if (lowest.Count < most || (lowest.TryPeek(out _, out var highest) && hash < highest))
                {
                    lowest.Enqueue(new AuditChoice(trace, position, head), hash);
                    if (lowest.Count > most)
                    {
                        lowest.Dequeue();
                    }
                }

                head += trace.HeadSizes[position];
            }
        }

        return [.. lowest.UnorderedItems.Select(item => item.Element).OrderBy(choice => choice.Trace.Id, StringComparer.Ordinal).ThenBy(choice => choice.Position)];
    }

    // SplitMix64's finalizer.
    static ulong Mix(ulong x)
    {
        x = (x ^ (x >> 30)) * 0xBF58_476D_1CE4_E5B9;
        x = (x ^ (x >> 27)) * 0x94D0_49BB_1331_11EB;
        return x ^ (x >> 31);
    }
}
