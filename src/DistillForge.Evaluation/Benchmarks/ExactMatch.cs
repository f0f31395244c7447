using DistillForge.Data;

namespace DistillForge.Evaluation.Benchmarks;

/// <summary>Questions and answers from anybody's JSONL, CSV, TSV or Parquet file; an answer is right when it is the expected text.</summary>
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
    /// <param name="Prompt">Handlebars over the row's columns; null asks the question's column as it is.</param>
    /// <param name="Title">What it is called in tables.</param>
    /// <param name="Paraphrase">Column with the question in other words; a file without it is fine.</param>
    public sealed record Options(string File, string Question = "question", string Answer = "answer", string Category = "category", string System = "", bool IgnoreCase = false, bool Json = false,
        [property: AddedLater] string? Prompt = null, [property: AddedLater] string? Title = null, [property: AddedLater] string Paraphrase = "paraphrase") : ICheckedOptions
    {
        public IEnumerable<Problem> Check() => Prompt is { } prompt && QuestionTemplate.Wrong(prompt) is { } wrong ? [new Problem("prompt", wrong)] : [];
    }

    public string? Title => options.Title;

    public IEnumerable<Question> Questions() => QuestionFile.Read(options.File, options.Question, options.Answer, options.Category, options.System, prompt: options.Prompt, paraphrase: options.Paraphrase);

    public double Grade(Question question, string answer)
    {
        if (options.Json)
        {
            return CanonicalJson.Of(answer) is { } value && value == CanonicalJson.Of(question.Expected) ? 1 : 0;
        }

        return string.Equals(answer.Trim(), question.Expected.Trim(), options.IgnoreCase ? StringComparison.OrdinalIgnoreCase : StringComparison.Ordinal) ? 1 : 0;
    }
}
