namespace DistillForge.Evaluation;

/// <summary>One question, its answer, and what the answer is worth.</summary>
/// <param name="Score">0 (wrong) … 1 (right); 0 where there is no answer.</param>
/// <param name="Failure">Why there is no answer, else null.</param>
public sealed record GradedAnswer(Question Question, string Answer, double Score, int Tokens = 0, string? Failure = null);

/// <summary>How a model did in a benchmark: every answer, in the order of the questions, so that two models can be paired.</summary>
public sealed record TaskScore(string Benchmark, IReadOnlyList<GradedAnswer> Answers)
{
    /// <summary>Mean of all scores; with right-or-wrong grades the share of right answers.</summary>
    public double Mean => Answers.Count == 0 ? 0 : Answers.Average(answer => answer.Score);

    public int Right => Answers.Count(answer => answer.Score >= 1);

    /// <summary>95 % Wilson interval of the share of right answers.</summary>
    public Interval RightInterval => Interval.Wilson(Right, Answers.Count);

    /// <summary>[questions] for a paired comparison.</summary>
    public double[] Values => [.. Answers.Select(answer => answer.Score)];

    /// <summary>What was not fully right, with what was expected and what came.</summary>
    public IEnumerable<GradedAnswer> Mistakes => Answers.Where(answer => answer.Score < 1);

    /// <summary>Each category's own score.</summary>
    public IEnumerable<TaskScore> ByCategory
        => Answers.GroupBy(answer => answer.Question.Category ?? "").OrderBy(group => group.Key, StringComparer.Ordinal).Select(group => new TaskScore(group.Key, [.. group]));

    /// <summary>Asks every question greedily and grades the answers.</summary>
    /// <param name="atOnce">Questions in flight, so that the model can batch them.</param>
    public static async Task<TaskScore> MeasureAsync(
        string benchmark,
        IBenchmark questions,
        ILanguageModel model,
        int maxTokens,
        int atOnce,
        IProgressLog progress,
        CancellationToken cancellationToken)
    {
        var asked = questions.Questions().ToList();
        var sampling = new Sampling(Temperature: 0, MaxTokens: maxTokens);
        var answers = new List<GradedAnswer>(asked.Count);
        await foreach (var answer in InFlight.InOrderAsync(asked.ToAsyncEnumerable(), atOnce, (question, token) => AskAsync(questions, question, model, sampling, token), cancellationToken))
        {
            answers.Add(answer);
            progress.Report($"evaluate {benchmark}", answers.Count, asked.Count, "questions");
        }

        return new TaskScore(benchmark, answers);
    }

    static async Task<GradedAnswer> AskAsync(IBenchmark benchmark, Question question, ILanguageModel model, Sampling sampling, CancellationToken cancellationToken)
    {
        try
        {
            var completion = await model.CompleteAsync(new Prompt(question.Id, question.Messages, Expected: question.Expected, Category: question.Category), sampling, cancellationToken);
            return new(question, completion.Text, benchmark.Grade(question, completion.Text), completion.CompletionTokens);
        }
        catch (CompletionFailedException failure)
        {
            return new(question, "", 0, Failure: $"{failure.Code}: {failure.Message}");
        }
    }
}
