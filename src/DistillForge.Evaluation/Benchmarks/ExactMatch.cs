using DistillForge.Data.Prompts;

namespace DistillForge.Evaluation.Benchmarks;

/// <summary>Questions and answers from anybody's JSONL, CSV or TSV file; an answer is right when it is the expected text.</summary>
[Component("exact-match")]
public sealed class ExactMatch(ExactMatch.Options options) : IBenchmark
{
    /// <param name="File">Relative to DistillForge's folder, or absolute.</param>
    /// <param name="Question">Column that is asked.</param>
    /// <param name="Answer">Column with the right answer.</param>
    /// <param name="Category">Column to report by; a file without it is fine.</param>
    /// <param name="System">Said before every question; empty for nothing.</param>
    /// <param name="IgnoreCase">Whether <c>Yes</c> is <c>yes</c>.</param>
    /// <param name="Json">Whether answers are JSON, so that the order of keys and spaces do not matter.</param>
    public sealed record Options(string File, string Question = "question", string Answer = "answer", string Category = "category", string System = "", bool IgnoreCase = false, bool Json = false);

    public IEnumerable<Question> Questions() => QuestionFile.Read(options.File, options.Question, options.Answer, options.Category, options.System);

    public double Grade(Question question, string answer)
    {
        if (options.Json)
        {
            return CanonicalJson.Of(answer) is { } value && value == CanonicalJson.Of(question.Expected) ? 1 : 0;
        }

        return string.Equals(answer.Trim(), question.Expected.Trim(), options.IgnoreCase ? StringComparison.OrdinalIgnoreCase : StringComparison.Ordinal) ? 1 : 0;
    }
}

/// <summary>Questions from a table of rows.</summary>
static class QuestionFile
{
    /// <param name="keep">Which rows count; null for all.</param>
    public static IEnumerable<Question> Read(string file, string question, string answer, string category, string system, Func<IReadOnlyDictionary<string, SlotValue>, bool>? keep = null)
    {
        var path = Path.Combine(Home.Root, file);
        var number = 0;
        foreach (var row in Rows.Read(path))
        {
            number++;
            foreach (var column in new[] { question, answer }.Where(column => !row.ContainsKey(column)))
            {
                throw new ForgeException(path, [new Problem(column, $"is no column of row {number}.", NearName.Suggest(column, row.Keys) ?? $"Columns: {string.Join(", ", row.Keys)}.")]);
            }

            if (keep is null || keep(row))
            {
                Message[] messages = system.Length > 0 ? [Message.System(system), Message.User(row[question].Text)] : [Message.User(row[question].Text)];
                yield return new Question($"{Path.GetFileNameWithoutExtension(file)}/{number}", messages, row[answer].Text, row.TryGetValue(category, out var slice) ? slice.Text : null);
            }
        }
    }
}
