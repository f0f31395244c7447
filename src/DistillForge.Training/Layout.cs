namespace DistillForge.Training;

/// <summary>
/// Sequences that lie end to end in one row, without padding: products and norms see one long row, attention sees each sequence by itself, its
/// positions from 0. For attention alone they are laid out as rectangles, those of like length together.
/// </summary>
public sealed class Layout
{
    readonly IReadOnlyList<Group> groups;
    readonly Tensor back;   // [N] into the rows of all groups

    Layout(IReadOnlyList<Group> groups, Tensor back, Tensor positions, IReadOnlyList<int> lengths) => (this.groups, this.back, Positions, Sequences) = (groups, back, positions, [.. lengths.SelectMany((length, s) => Enumerable.Repeat((long)s, length))]);

    /// <summary>[N] Which sequence each token belongs to, from 0.</summary>
    public IReadOnlyList<long> Sequences { get; }

    /// <summary>[N] int64: the place of each token in its own sequence.</summary>
    public Tensor Positions { get; }

    /// <param name="lengths">Of the sequences, in their order; N together.</param>
    public static Layout Of(IReadOnlyList<int> lengths, Device device)
    {
        var starts = lengths.Aggregate(new List<int> { 0 }, (sums, length) => [.. sums, sums[^1] + length]);
        var back = new long[starts[^1]];
        var groups = new List<Group>();
        var rows = 0L;
        foreach (var sequences in Alike(lengths))
        {
            var longest = lengths[sequences[^1]];
            // What pads a sequence comes after it, where causal attention never looks: its own first token does.
            var index = sequences.SelectMany(s => Enumerable.Range(0, longest).Select(t => (long)starts[s] + (t < lengths[s] ? t : 0))).ToArray();
            foreach (var s in sequences)
            {
                for (var t = 0; t < lengths[s]; t++)
                {
                    back[starts[s] + t] = rows + t;
                }

                rows += longest;
            }

            groups.Add(new Group(tensor(index, [index.Length]).to(device), sequences.Length, longest));
        }

        var positions = lengths.SelectMany(length => Enumerable.Range(0, length).Select(t => (long)t)).ToArray();
        return new Layout(groups, tensor(back, [back.Length]).to(device), tensor(positions, [positions.Length]).to(device), lengths);
    }

    /// <summary>Attention within each sequence.</summary>
    /// <param name="queries">[1, N, H, h]</param>
    /// <param name="keys">[1, N, G, h]</param>
    /// <param name="values">[1, N, G, h]</param>
    /// <param name="attend">Of S sequences, [S, L, .., h] each → [S, L, E].</param>
    /// <returns>[1, N, E]</returns>
    public Tensor Attend(Tensor queries, Tensor keys, Tensor values, Func<Tensor, Tensor, Tensor, Tensor> attend)
        => Packed([.. groups.Select(group => attend(group.Of(queries), group.Of(keys), group.Of(values)))]).unsqueeze(0);

    /// <summary>What was computed by rectangles, end to end again.</summary>
    /// <param name="rectangles">[S, L, ..] each, in the order in which <see cref="Attend"/> made them.</param>
    /// <returns>[N, ..]</returns>
    public Tensor Packed(IReadOnlyList<Tensor> rectangles) => cat([.. rectangles.Select(rectangle => rectangle.flatten(0, 1))], 0).index_select(0, back);

    // Numbers of sequences, shortest first, so that a group's padding stays below a fifth or so.
    static IEnumerable<int[]> Alike(IReadOnlyList<int> lengths)
    {
        var order = Enumerable.Range(0, lengths.Count).OrderBy(s => lengths[s]).ToArray();
        var start = 0;
        for (var end = 1; end <= order.Length; end++)
        {
            if (end == order.Length || lengths[order[end]] > 4 + lengths[order[start]] * 5 / 4)
            {
                yield return order[start..end];
                start = end;
            }
        }
    }

    sealed record Group(Tensor Index, long Sequences, long Longest)
    {
        // [1, N, H, h] -> [S, L, H, h]
        public Tensor Of(Tensor x) => x.flatten(0, 1).index_select(0, Index).view(Sequences, Longest, x.shape[2], x.shape[3]);
    }
}
