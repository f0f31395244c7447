namespace DistillForge.Evaluation.Benchmarks;

/// <summary>Questions and answers from anybody's JSONL, CSV, TSV or Parquet file; an answer is right when it is the expected text.</summary>
[Component("exact-match")]
public sealed class ExactMatch(ExactMatch.Options options) : IBenchmark
{
    public sealed record Options : TableOptions
    {
        /// <summary>Whether <c>Yes</c> is <c>yes</c>.</summary>
        public bool IgnoreCase { get; init; }

        /// <summary>Whether answers are JSON, so that the order of keys and spaces do not matter.</summary>
        public bool Json { get; init; }
    }

    public string? Title => options.Title;

    public IEnumerable<Question> Questions() => QuestionFile.Read(options);

    public double Grade(Question question, string answer)
    {
        if (options.Json)
        {
            return CanonicalJson.Of(answer) is { } value && value == CanonicalJson.Of(question.Expected) ? 1 : 0;
        }

        return string.Equals(answer.Trim(), question.Expected.Trim(), options.IgnoreCase ? StringComparison.OrdinalIgnoreCase : StringComparison.Ordinal) ? 1 : 0;
    }
}
