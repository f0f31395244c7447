using System.Text.RegularExpressions;
using DistillForge.Data;
using DistillForge.Data.Prompts;

namespace DistillForge.Evaluation.Perturbations;

/// <summary>
/// Other words for the same, by rules and for English alone: a polite frame, contractions written out or drawn together, a clause at the end moved to the beginning, and synonyms from a file of
/// yours. No model is asked, so it is a mild paraphrase; better ones are a column of your own or <c>by:</c> a model.
/// </summary>
[Component("paraphrase")]
public sealed partial class Paraphrase(Paraphrase.Options options) : IPerturbation
{
    /// <param name="Synonyms">A table (CSV, TSV, JSON lines, Parquet) with the columns <c>word</c> and <c>synonym</c>, a pair a row; whole words are replaced.</param>
    public sealed record Options(RecipeFile? Synonyms = null);

    const double EachRule = 0.7;

    // Common in English, rare elsewhere: frames in another language would be noise.
    static readonly HashSet<string> English = new(StringComparer.OrdinalIgnoreCase) { "the", "a", "an", "is", "are", "of", "to", "my", "what", "how", "which", "who", "where", "when", "why", "please", "and", "for", "with", "turn", "it", "does", "do" };

    static readonly HashSet<string> Asking = new(StringComparer.OrdinalIgnoreCase)
    {
        "what", "what's", "how", "which", "who", "who's", "whose", "where", "where's", "when", "why", "is", "are", "was", "were", "am", "do", "does", "did", "has", "have", "had", "can", "could", "will", "would", "should", "may", "isn't", "aren't", "don't", "doesn't",
    };

    static readonly string[] QuestionFrames = ["Please tell me: {0}", "I have a question: {0}", "I would like to know: {0}"];

    static readonly string[] RequestFrames = ["Please {0}", "Could you please {0}", "I would like you to {0}", "I need you to {0}"];

    static readonly (string Long, string Short)[] Contractions =
    [
        ("do not", "don't"), ("does not", "doesn't"), ("did not", "didn't"), ("is not", "isn't"), ("are not", "aren't"), ("can not", "can't"), ("will not", "won't"), ("I am", "I'm"), ("I will", "I'll"),
        ("it is", "it's"), ("that is", "that's"), ("what is", "what's"), ("where is", "where's"), ("who is", "who's"), ("let us", "let's"), ("you are", "you're"), ("we are", "we're"), ("I have", "I've"),
    ];

    static readonly (Regex Long, Regex Short)[] Patterns = [.. Contractions.Select(pair => (Word(pair.Long), Word(pair.Short)))];

    // Moving a clause looks at every way to cut the text.
    const int LongestMoved = 300;

    readonly IReadOnlyDictionary<string, string[]> synonyms = Read(options.Synonyms);

    public string Apply(string text, Random chance)
    {
        if (!text.Split(' ', '\n').Any(word => English.Contains(word.Trim('.', ',', '?', '!'))) || text.Contains('\n', StringComparison.Ordinal))
        {
            return text;
        }

        var worded = Fixed.Around(text, part => WithSynonyms(Contracted(part), chance));
        var moved = Happens() ? Moved(worded) : worded;
        // A frame where nothing else was found to say otherwise.
        return moved == text || Happens() ? Framed(moved, chance) : moved;

        bool Happens() => chance.NextDouble() < EachRule;
    }

    // Whichever form stands there becomes the other.
    static string Contracted(string part)
    {
        for (var i = 0; i < Patterns.Length; i++)
        {
            var (from, to) = Patterns[i].Long.IsMatch(part) ? (Patterns[i].Long, Contractions[i].Short) : (Patterns[i].Short, Contractions[i].Long);
            part = from.Replace(part, found => AsIn(found.Value, to));
        }

        return part;
    }

    static Regex Word(string word) => new($@"\b{word}\b", RegexOptions.IgnoreCase | RegexOptions.NonBacktracking);

    string WithSynonyms(string part, Random chance)
        => synonyms.Count == 0 ? part : Words().Replace(part, word => synonyms.TryGetValue(word.Value, out var others) ? AsIn(word.Value, others[chance.Next(others.Length)]) : word.Value);

    // "close the blinds in the office" -> "in the office, close the blinds"
    static string Moved(string text)
    {
        if (text.Length > LongestMoved || Fixed.IsIn(text) || Clause().Match(text) is not { Success: true } clause)
        {
            return text;
        }

        var (first, last, end) = (clause.Groups["first"].Value, clause.Groups["last"].Value, clause.Groups["end"].Value);
        return char.IsUpper(first[0]) ? $"{AsIn("A", last)}, {WithoutCapital(first)}{end}" : $"{last}, {first}{end}";
    }

    static string Framed(string text, Random chance)
    {
        var first = text.Split(' ', 2)[0].TrimEnd(',');
        var isQuestion = Asking.Contains(first) || text.EndsWith('?');
        // What begins otherwise ("In the office, …", "I want …") is no plain request.
        var frames = isQuestion ? QuestionFrames : char.IsAsciiLetter(text[0]) && !text.Contains(',', StringComparison.Ordinal) && !first.Equals("please", StringComparison.OrdinalIgnoreCase) && first is not ("I" or "i" or "I'm" or "i'm" or "it" or "It" or "the" or "The" or "my" or "My") ? RequestFrames : null;
        if (frames is null)
        {
            return text;
        }

        var framed = string.Format(System.Globalization.CultureInfo.InvariantCulture, frames[chance.Next(frames.Length)], WithoutCapital(text));
        return char.IsLower(text[0]) ? WithoutCapital(framed) : framed;
    }

    static string AsIn(string model, string text) => char.IsUpper(model[0]) ? char.ToUpperInvariant(text[0]) + text[1..] : text;

    // "I" and names of several capitals stay; any other first word of a sentence is taken for a common one.
    static string WithoutCapital(string text)
        => text.Length > 1 && char.IsUpper(text[0]) && (char.IsLower(text[1]) || (text[0] == 'A' && text[1] == ' ')) ? char.ToLowerInvariant(text[0]) + text[1..] : text;

    static Dictionary<string, string[]> Read(RecipeFile? file)
    {
        if (file is null)
        {
            return [];
        }

        var pairs = Rows.Read(file.Path).Select((row, i) => row.TryGetValue("word", out var word) && row.TryGetValue("synonym", out var synonym) && word.Text.Length > 0 && synonym.Text.Length > 0
            ? (Word: word.Text, Synonym: synonym.Text)
            : throw new ForgeException(file.Path, [new Problem($"row {i + 1}", "has no word and synonym.", "Both are columns, a pair a row.")]));
        return pairs.GroupBy(pair => pair.Word, StringComparer.OrdinalIgnoreCase).ToDictionary(group => group.Key, group => group.Select(pair => pair.Synonym).Distinct().ToArray(), StringComparer.OrdinalIgnoreCase);
    }

    [GeneratedRegex(@"[\p{L}]+(?:[-'’][\p{L}]+)*", RegexOptions.None, 1000)]
    private static partial Regex Words();

    // One sentence, at least three words before the clause, and one after its first.
    [GeneratedRegex(@"^(?<first>[^.?!,]+? [^.?!,]+? [^.?!,]+?) (?<last>(?:in|at|after|before|when|if|while|until|during) [^.?!,]+?|tomorrow|tonight|today|later|now)(?<end>[.?!]*)$", RegexOptions.IgnoreCase, 1000)]
    private static partial Regex Clause();
}
