using DistillForge.Data;
using DistillForge.Data.Prompts;

namespace DistillForge.Evaluation.Benchmarks;

/// <summary>Where a benchmark's questions come from: a table of rows, and which columns mean what.</summary>
public abstract record TableOptions : ICheckedOptions
{
    /// <summary>CSV, TSV, JSON lines or Parquet; found beside the recipe, in the working folder, or in DistillForge's.</summary>
    public required RecipeFile File { get; init; }

    /// <summary>Column that is asked.</summary>
    public string Question { get; init; } = "question";

    /// <summary>Column with the right answer.</summary>
    public string Answer { get; init; } = "answer";

    /// <summary>Column to report by; a file without it is fine.</summary>
    public string Category { get; init; } = "category";

    /// <summary>Column with the question in other words, for the measurement of robustness; a file without it is fine.</summary>
    [AddedLater]
    public string Paraphrase { get; init; } = "paraphrase";

    /// <summary>Said before every question; empty for nothing.</summary>
    public string System { get; init; } = "";

    /// <summary>Handlebars over the row's columns, e.g. <c>{{question}} Answer with a number.</c>; null asks the question's column as it is.</summary>
    public string? Prompt { get; init; }

    /// <summary>What it is called in tables; else the benchmark's name.</summary>
    public string? Title { get; init; }

    /// <summary>Of the file's beginning; 0 takes all rows.</summary>
    public int Most { get; init; }

    public virtual IEnumerable<Problem> Check()
    {
        if (Most < 0)
        {
            yield return new Problem("most", $"is {Most}; it counts questions, and 0 takes all.");
        }

        if (Prompt is { } prompt && QuestionTemplate.Wrong(prompt) is { } wrong)
        {
            yield return new Problem("prompt", wrong);
        }
    }
}

/// <summary>Questions from a table of rows.</summary>
static class QuestionFile
{
    const int LongestQuestion = 1 << 20;

    /// <param name="keep">Which rows count; null for all.</param>
    public static IEnumerable<Question> Read(string file, string question, string answer, string category, Func<IReadOnlyDictionary<string, SlotValue>, bool>? keep = null)
    {
        var path = Path.Combine(Home.Root, file);
        return Rows(path, [question, answer], keep).Select(row => Of(path, row.Number, row.Row, row.Row[question].Text, row.Row[answer].Text, category, system: "", question, "paraphrase"));
    }

    /// <summary>As the options say, with choices to choose from where there are some.</summary>
    public static IEnumerable<Question> Read(TableOptions options, Func<int, IReadOnlyDictionary<string, SlotValue>, (string Expected, IReadOnlyList<string> Choices)>? answers = null)
    {
        var template = options.Prompt is { } prompt ? new QuestionTemplate(options.File.Path, prompt) : null;
        var rows = Rows(options.File.Path, template is null ? [options.Question, options.Answer] : [options.Answer], keep: null);
        foreach (var (number, row) in options.Most > 0 ? rows.Take(options.Most) : rows)
        {
            var (expected, choices) = answers?.Invoke(number, row) ?? (row[options.Answer].Text, []);
            var asked = template?.Fill(number, row, choices) ?? row[options.Question].Text;
            yield return Of(options.File.Path, number, row, asked, expected, options.Category, options.System, options.Question, options.Paraphrase) with { Choices = choices };
        }
    }

    static IEnumerable<(int Number, IReadOnlyDictionary<string, SlotValue> Row)> Rows(string path, string[] needed, Func<IReadOnlyDictionary<string, SlotValue>, bool>? keep)
    {
        var number = 0;
        foreach (var row in DistillForge.Data.Prompts.Rows.Read(path))
        {
            number++;
            foreach (var column in needed.Where(column => !row.ContainsKey(column)))
            {
                throw Missing(path, number, column, row);
            }

            if (keep is null || keep(row))
            {
                yield return (number, row);
            }
        }
    }

    public static ForgeException Missing(string path, int number, string column, IReadOnlyDictionary<string, SlotValue> row)
        => new(path, [new Problem(column, $"is no column of row {number}.", NearName.Suggest(column, row.Keys) ?? $"Columns: {string.Join(", ", row.Keys)}.")]);

    static Question Of(string path, int number, IReadOnlyDictionary<string, SlotValue> row, string asked, string expected, string category, string system, string question, string paraphrase)
    {
        if (asked.Length > LongestQuestion || expected.Length > LongestQuestion)
        {
            throw new ForgeException(path, [new Problem($"row {number}", $"has {Math.Max(asked.Length, expected.Length):N0} characters; a question or answer may have {LongestQuestion:N0}.")]);
        }

        Message[] messages = system.Length > 0 ? [Message.System(system), Message.User(asked)] : [Message.User(asked)];
        var whole = new Question($"{Path.GetFileNameWithoutExtension(path)}/{number}", messages, expected, row.TryGetValue(category, out var slice) ? slice.Text : null) { Paraphrase = row.TryGetValue(paraphrase, out var other) ? other.Text : null };
        return row.TryGetValue(question, out var own) && own.Text.Length > 0 && asked.Contains(own.Text, StringComparison.Ordinal) ? whole with { Own = own.Text } : whole;
    }
}

/// <summary>A prompt template over a row's columns; <c>choices</c> is a list of <c>letter</c> and <c>text</c>.</summary>
sealed class QuestionTemplate(string path, string source)
{
    readonly HandlebarsText text = new(source);

    /// <returns>Null where it is a template.</returns>
    public static string? Wrong(string source)
    {
        try
        {
            _ = new HandlebarsText(source);
            return null;
        }
        catch (FormatException wrong)
        {
            return wrong.Message;
        }
    }

    /// <exception cref="ForgeException">It reads a column that is not there, or writes too much.</exception>
    public string Fill(int number, IReadOnlyDictionary<string, SlotValue> row, IReadOnlyList<string>? choices = null)
    {
        var slots = row.ToDictionary(column => column.Key, column => (object)column.Value.Text);
        if (choices is { Count: > 0 })
        {
            slots["choices"] = choices.Select((choice, i) => new Dictionary<string, object> { ["letter"] = ((char)('A' + i)).ToString(), ["text"] = choice }).ToList();
        }

        try
        {
            return text.Render(slots);
        }
        catch (FormatException wrong)
        {
            throw new ForgeException(path, [new Problem("prompt", $"for row {number} {wrong.Message}")]);
        }
    }
}
