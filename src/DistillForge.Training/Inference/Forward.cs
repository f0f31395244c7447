namespace DistillForge.Training.Inference;

/// <summary>One pass over several sequences, in float32.</summary>
public static class Forward
{
    /// <param name="vocabularySize">The real one; padded rows of the projection are left out.</param>
    /// <param name="sequences">Tokens, and the first position whose distribution is wanted.</param>
    /// <returns>For each sequence, for each wanted position.</returns>
    public static LogProbabilities[][] Read(Network network, int vocabularySize, IReadOnlyList<(List<int> Tokens, int From)> sequences)
    {
        using var scope = NewDisposeScope();
        using var quiet = no_grad();
        var length = sequences.Max(sequence => sequence.Tokens.Count);
        var tokens = new long[sequences.Count * length];
        var positions = new List<long>();
        for (var b = 0; b < sequences.Count; b++)
        {
            var (ids, from) = sequences[b];
            for (var t = 0; t < ids.Count; t++)
            {
                tokens[b * length + t] = ids[t];
            }

            positions.AddRange(Enumerable.Range(b * length + from, ids.Count - from).Select(i => (long)i));
        }

        var hidden = network.Hidden(tensor(tokens, [sequences.Count, length]), tensor(positions.ToArray(), [positions.Count]));
        var logits = hidden.matmul(network.Head.narrow(0, 0, vocabularySize).t()).data<float>().ToArray();   // [N, V]
        var start = 0;
        return [.. sequences.Select(sequence => Enumerable.Range(0, sequence.Tokens.Count - sequence.From).Select(_ => new LogProbabilities(logits.AsSpan(start++ * vocabularySize, vocabularySize))).ToArray())];
    }
}
