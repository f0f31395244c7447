using System.Runtime.CompilerServices;

namespace DistillForge.Evaluation;

/// <summary>How far one model is from another over the tokens of one row; sums, so that rows can be added and resampled.</summary>
/// <param name="Tokens">Completion positions, the end of the sequence included.</param>
/// <param name="Kl">Σ over positions of KL(teacher‖student), exact over the whole vocabulary, in nats.</param>
/// <param name="Agreements">Positions where both find the same token most likely.</param>
public sealed record Divergence(int Tokens, double Kl, int Agreements)
{
    public static Divergence None { get; } = new(0, 0, 0);

    public double KlPerToken => Tokens == 0 ? 0 : Kl / Tokens;

    public double Top1Agreement => Tokens == 0 ? 0 : (double)Agreements / Tokens;

    public static Divergence operator +(Divergence left, Divergence right) => new(left.Tokens + right.Tokens, left.Kl + right.Kl, left.Agreements + right.Agreements);

    public static Divergence Of(IEnumerable<PositionPair> positions) => positions.Aggregate(None, (sum, position) => sum + new Divergence(1, position.Kl, position.SameFirst ? 1 : 0));

    public static Divergence Sum(IEnumerable<Divergence> rows) => rows.Aggregate(None, (sum, row) => sum + row);
}

/// <summary>One row that teacher and students have read.</summary>
/// <param name="Students">In the order of the students that were given; empty where one of them could not score it.</param>
/// <param name="Failure">Why it could not be scored, else null.</param>
public sealed record FidelityRow(string Id, IReadOnlyList<Divergence> Students, string? Failure = null)
{
    /// <summary>Tokens before the answer; 0 where that is not known.</summary>
    public int PromptLength { get; init; }

    /// <summary>[students][positions] What the sums are made of.</summary>
    public IReadOnlyList<IReadOnlyList<PositionPair>> Positions { get; init; } = [];
}

/// <summary>Compares what models think of the same tokens.</summary>
public static class Fidelity
{
    /// <summary>Scores every row once with the teacher and once with each student; rows come back in order.</summary>
    /// <param name="atOnce">Rows in flight; each holds positions × vocabulary numbers a model.</param>
    /// <exception cref="ForgeException">Teacher and student do not share a vocabulary.</exception>
    public static async IAsyncEnumerable<FidelityRow> CompareAsync(
        ILanguageModel teacher,
        IReadOnlyList<ILanguageModel> students,
        IAsyncEnumerable<(string Id, TokenSequence Tokens)> rows,
        int atOnce,
        [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        if (students.FirstOrDefault(student => student.Vocabulary != teacher.Vocabulary) is { } stranger)
        {
            throw new ForgeException(new Problem("vocabulary", $"of a student ({stranger.Vocabulary}) is not the teacher's ({teacher.Vocabulary}).", "Token by token they can only be compared with the same vocabulary."));
        }

        await foreach (var row in InFlight.InOrderAsync(rows, atOnce, (row, token) => CompareAsync(teacher, students, row.Id, row.Tokens, token), cancellationToken))
        {
            yield return row;
        }
    }

    /// <summary>Between two traces with the whole vocabulary at every position, <see cref="Want.Full"/>, of the same tokens.</summary>
    public static IReadOnlyList<PositionPair> Between(TokenTrace teacher, TokenTrace student)
    {
        var (positions, vocabulary) = (teacher.CompletionLength, teacher.HeadSizes.FirstOrDefault());
        if (!teacher.TokenIds.AsSpan().SequenceEqual(student.TokenIds) || teacher.PromptLength != student.PromptLength)
        {
            throw new InvalidOperationException("the traces are of different tokens");
        }

        if (teacher.HeadLogprobs.Length != positions * vocabulary || student.HeadLogprobs.Length != teacher.HeadLogprobs.Length || !teacher.HeadIds.AsSpan().SequenceEqual(student.HeadIds))
        {
            throw new InvalidOperationException($"a trace lacks the whole vocabulary: {teacher.HeadLogprobs.Length} and {student.HeadLogprobs.Length} log-probabilities for {positions} positions");
        }

        var pairs = new PositionPair[positions];
        for (var position = 0; position < positions; position++)
        {
            var p = teacher.HeadLogprobs.AsSpan(position * vocabulary, vocabulary);
            var q = student.HeadLogprobs.AsSpan(position * vocabulary, vocabulary);
            pairs[position] = PositionPair.Of(position, p, q, teacher.TokenIds[teacher.PromptLength + position]);
        }

        return pairs;
    }

    /// <summary>Σ p (log p − log q) in nats; +∞ where the student rules out what the teacher does not.</summary>
    /// <param name="teacher">[V] log p.</param>
    /// <param name="student">[V] log q.</param>
    public static double Kl(ReadOnlySpan<float> teacher, ReadOnlySpan<float> student)
    {
        var sum = 0.0;
        for (var id = 0; id < teacher.Length; id++)
        {
            var p = Math.Exp(teacher[id]);
            // 0 · log 0 is 0.
            sum += p > 0 ? p * ((double)teacher[id] - student[id]) : 0;
        }

        return sum;
    }

    static async Task<FidelityRow> CompareAsync(ILanguageModel teacher, IReadOnlyList<ILanguageModel> students, string id, TokenSequence tokens, CancellationToken cancellationToken)
    {
        try
        {
            var want = new Want.Full();
            var asked = students.Select(student => student.ScoreAsync(tokens, want, cancellationToken)).Prepend(teacher.ScoreAsync(tokens, want, cancellationToken));
            var traces = await Task.WhenAll(asked);
            IReadOnlyList<PositionPair>[] positions = [.. traces.Skip(1).Select(student => Between(traces[0], student))];
            return new(id, [.. positions.Select(Divergence.Of)]) { Positions = positions, PromptLength = tokens.PromptLength };
        }
        catch (CompletionFailedException failure)
        {
            return new(id, [], $"{failure.Code}: {failure.Message}");
        }
    }
}
