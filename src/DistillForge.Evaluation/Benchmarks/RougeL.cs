using System.Text;

namespace DistillForge.Evaluation.Benchmarks;

/// <summary>
/// The longest sequence of words that expected answer and answer have in common, gaps allowed: ROUGE-L's F-measure with β = 1 (Lin 2004), on lower-case words of letters and
/// digits without stemming, as Google's rouge_score computes it; of several right answers (a JSON list in the column) the best counts.
/// </summary>
[Component("rouge-l")]
public sealed class RougeL(RougeL.Options options) : IBenchmark
{
    // Work grows with the square.
    const int MostWords = 4096;

    public sealed record Options : TableOptions;

    public string Measure => "ROUGE-L";

    public string? Title => options.Title;

    public IEnumerable<Question> Questions() => QuestionFile.Read(options);

    public double Grade(Question question, string answer) => Judge(question, answer).Score;

    public Grade Judge(Question question, string answer)
    {
        var (f, precision, recall) = RightAnswers.Of(question.Expected).Select(right => Score(right, answer)).MaxBy(score => score.F);
        return new(f, new Dictionary<string, double> { ["precision"] = precision, ["recall"] = recall });
    }

    /// <summary>All three 0 where one of them has no words.</summary>
    public static (double F, double Precision, double Recall) Score(string expected, string answer)
    {
        var gold = Words(expected);
        var said = Words(answer);
        var common = (double)LongestCommon(gold, said);
        return common == 0 ? (0, 0, 0) : (2 * common / (gold.Count + said.Count), common / said.Count, common / gold.Count);
    }

    static List<string> Words(string text)
    {
        var (words, word) = (new List<string>(), new StringBuilder());
        foreach (var rune in text.ToLowerInvariant().EnumerateRunes())
        {
            if (Rune.IsLetterOrDigit(rune))
            {
                word.Append(rune.ToString());
            }
            else
            {
                End();
            }
        }

        End();
        return words;

        void End()
        {
            if (word.Length > 0 && words.Count < MostWords)
            {
                words.Add(word.ToString());
            }

            word.Clear();
        }
    }

    // row[j]: longest common subsequence of what was read of a and the first j words of b.
    static int LongestCommon(List<string> a, List<string> b)
    {
        var row = new int[b.Count + 1];
        foreach (var word in a)
        {
            var diagonal = 0;
            for (var j = 1; j <= b.Count; j++)
            {
                (diagonal, row[j]) = (row[j], word == b[j - 1] ? diagonal + 1 : Math.Max(row[j], row[j - 1]));
            }
        }

        return row[b.Count];
    }
}
