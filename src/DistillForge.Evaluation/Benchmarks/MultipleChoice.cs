using System.Text.Json;
using DistillForge.Data.Prompts;

namespace DistillForge.Evaluation.Benchmarks;

/// <summary>
/// Which of several answers the model finds most likely, as lm-evaluation-harness measures it: <c>acc</c> by the sum of the log-probabilities of a choice's tokens (its end
/// is not one of them), <c>acc_norm</c> by that sum a character.
/// </summary>
[Component("multiple-choice")]
public sealed class MultipleChoice(MultipleChoice.Options options) : IBenchmark
{
    /// <summary>What the column with the right answer holds.</summary>
    public enum Kind
    {
        /// <summary>Whatever of the three it is; where it could be two of them, one has to be named.</summary>
        Auto,

        /// <summary>The text of a choice.</summary>
        Text,

        /// <summary>A, B, C, …</summary>
        Letter,

        /// <summary>0 is the first.</summary>
        Index,
    }

    const int MostChoices = 26;

    public sealed record Options : TableOptions
    {
        /// <summary>The columns with the choices, or one column with a JSON list of them.</summary>
        public IReadOnlyList<string> Choices { get; init; } = ["choices"];

        public Kind AnswerIs { get; init; }

        /// <summary>Whether the score is <c>acc_norm</c>; both are always reported.</summary>
        public bool Normalised { get; init; }

        public override IEnumerable<Problem> Check() => Choices.Count is > 0 and <= MostChoices ? base.Check()
            : [.. base.Check(), new Problem("choices", $"names {Choices.Count} columns; there may be 1 to {MostChoices}.")];
    }

    public string Measure => options.Normalised ? ChoiceReader.Normalised : ChoiceReader.Plain;

    public string? Title => options.Title;

    public IEnumerable<Question> Questions() => QuestionFile.Read(options, Answers);

    public double Grade(Question question, string answer) => answer == question.Expected ? 1 : 0;

    (string, IReadOnlyList<string>) Answers(int number, IReadOnlyDictionary<string, SlotValue> row)
    {
        foreach (var column in options.Choices.Where(column => !row.ContainsKey(column)))
        {
            throw QuestionFile.Missing(options.File.Path, number, column, row);
        }

        var choices = options.Choices.Count > 1 ? [.. options.Choices.Select(column => row[column].Text)] : Listed(row[options.Choices[0]].Text);
        if (choices is not { Count: >= 2 and <= MostChoices } || choices.Any(choice => choice.Length == 0) || choices.Distinct(StringComparer.Ordinal).Count() < choices.Count)
        {
            throw Wrong(number, options.Choices[0], "holds no list of 2 to 26 different choices.", "Name a column each, choices: [ a, b, c ], or one with a JSON list of texts.");
        }

        return (Right(number, row[options.Answer].Text.Trim(), choices), choices);
    }

    static List<string>? Listed(string text)
    {
        try
        {
            using var json = JsonDocument.Parse(text, new JsonDocumentOptions { MaxDepth = 2 });
            return json.RootElement.ValueKind == JsonValueKind.Array && json.RootElement.EnumerateArray().All(item => item.ValueKind == JsonValueKind.String)
                ? [.. json.RootElement.EnumerateArray().Select(item => item.GetString()!)] : null;
        }
        catch (JsonException)
        {
            return null;
        }
    }

    string Right(int number, string answer, IReadOnlyList<string> choices)
    {
        var letter = answer.Length == 1 && char.IsAsciiLetter(answer[0]) ? char.ToUpperInvariant(answer[0]) - 'A' : -1;
        var index = int.TryParse(answer, out var written) ? written : -1;
        var text = choices.Select((choice, i) => (choice, i)).FirstOrDefault(pair => pair.Item1.Trim() == answer, ("", -1)).Item2;
        int[] meant = [.. (options.AnswerIs switch { Kind.Text => [text], Kind.Letter => [letter], Kind.Index => [index], _ => new[] { text, letter, index } }).Where(place => place >= 0 && place < choices.Count).Distinct()];
        return meant switch
        {
            [var one] => choices[one],
            [] => throw Wrong(number, options.Answer, $"is '{TerminalText.OnOneLine(answer)}', which is none of its {choices.Count} choices.", "It holds a choice's text, its letter, or its index from 0."),
            _ => throw Wrong(number, options.Answer, $"is '{TerminalText.OnOneLine(answer)}', which could mean {string.Join(" or ", meant.Select(place => $"'{choices[place]}'"))}.", "Say 'answer_is: text', 'letter' or 'index'."),
        };
    }

    ForgeException Wrong(int number, string column, string what, string instead) => new(options.File.Path, [new Problem(column, $"of row {number} {what}", instead)]);
}
