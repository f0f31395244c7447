using System.Text.Json;
using System.Text.RegularExpressions;

namespace DistillForge.Evaluation.Benchmarks;

/// <summary>
/// Words that answer and expected answer share, as SQuAD counts them (Rajpurkar et al. 2016, evaluate-v2.0.py): without case, ASCII punctuation and articles; of several
/// right answers (a JSON list in the column) the best counts.
/// </summary>
[Component("token-f1")]
public sealed partial class TokenF1(TokenF1.Options options) : IBenchmark
{
    public sealed record Options : TableOptions;

    public string Measure => "F1";

    public string? Title => options.Title;

    public IEnumerable<Question> Questions() => QuestionFile.Read(options);

    public double Grade(Question question, string answer) => Judge(question, answer).Score;

    public Grade Judge(Question question, string answer)
    {
        var gold = RightAnswers.Of(question.Expected);
        return new(gold.Max(right => Score(right, answer)), new Dictionary<string, double> { ["exact"] = gold.Max(right => Normalised(right) == Normalised(answer) ? 1 : 0) });
    }

    /// <summary>2·precision·recall / (precision + recall) over bags of words; where one has no words, whether both have none.</summary>
    public static double Score(string expected, string answer)
    {
        string[] gold = [.. Words(expected)];
        string[] said = [.. Words(answer)];
        if (gold.Length == 0 || said.Length == 0)
        {
            return gold.Length == said.Length ? 1 : 0;
        }

        var left = gold.CountBy(word => word).ToDictionary(StringComparer.Ordinal);
        var same = said.Count(word => left.TryGetValue(word, out var count) && count > 0 && (left[word] = count - 1) >= 0);
        return same == 0 ? 0 : 2.0 * same / (gold.Length + said.Length);
    }

    static string[] Words(string text) => Normalised(text).Split(' ', StringSplitOptions.RemoveEmptyEntries);

    static string Normalised(string text)
    {
        var plain = string.Concat(text.ToLowerInvariant().Where(c => !(char.IsAscii(c) && (char.IsPunctuation(c) || char.IsSymbol(c)))));
        return string.Join(' ', Articles().Replace(plain, " ").Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries));
    }

    [GeneratedRegex(@"\b(a|an|the)\b", RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 2000)]
    private static partial Regex Articles();
}

/// <summary>A column may hold one right answer or a JSON list of them.</summary>
static class RightAnswers
{
    public static IReadOnlyList<string> Of(string expected)
    {
        if (!expected.StartsWith('['))
        {
            return [expected];
        }

        try
        {
            using var json = JsonDocument.Parse(expected, new JsonDocumentOptions { MaxDepth = 2 });
            return json.RootElement.GetArrayLength() > 0 && json.RootElement.EnumerateArray().All(item => item.ValueKind == JsonValueKind.String)
                ? [.. json.RootElement.EnumerateArray().Select(item => item.GetString()!)] : [expected];
        }
        catch (JsonException)
        {
            return [expected];
        }
    }
}
