namespace DistillForge.Evaluation;

/// <summary>How much two models' whole answers to the same questions are alike.</summary>
/// <param name="Answers">Questions that both answered.</param>
/// <param name="Same">Share of them with the same text.</param>
/// <param name="Similarity">Mean of 1 − edit distance / length of the longer answer, in characters.</param>
public sealed record AnswerAgreement(int Answers, double Same, double Similarity)
{
    // Work grows with the square.
    const int LongestCompared = 2048;

    /// <summary>Null where there is nothing to compare.</summary>
    public static AnswerAgreement? Of(IEnumerable<(string Theirs, string Ours)> answers)
    {
        var (count, same, similarity) = (0, 0, 0.0);
        foreach (var (theirs, ours) in answers)
        {
            count++;
            same += theirs == ours ? 1 : 0;
            similarity += EditSimilarity(theirs, ours);
        }

        return count == 0 ? null : new(count, (double)same / count, similarity / count);
    }

    /// <summary>1 for the same text, 0 for nothing in common (Levenshtein 1966); of longer texts the first 2,048 characters.</summary>
    public static double EditSimilarity(string one, string other)
    {
        var a = one.AsSpan(0, Math.Min(one.Length, LongestCompared));
        var b = other.AsSpan(0, Math.Min(other.Length, LongestCompared));
        var longer = Math.Max(a.Length, b.Length);
        return longer == 0 || a.SequenceEqual(b) ? 1 : 1 - ((double)EditDistance(a, b) / longer);
    }

    // Row by row: row[j] is the distance between what was read of a and the first j characters of b.
    static int EditDistance(ReadOnlySpan<char> a, ReadOnlySpan<char> b)
    {
        var row = Enumerable.Range(0, b.Length + 1).ToArray();
        for (var i = 1; i <= a.Length; i++)
        {
            var diagonal = row[0];
            row[0] = i;
            for (var j = 1; j <= b.Length; j++)
            {
                var above = row[j];
                row[j] = Math.Min(Math.Min(above, row[j - 1]) + 1, diagonal + (a[i - 1] == b[j - 1] ? 0 : 1));
                diagonal = above;
            }
        }

        return row[b.Length];
    }
}
