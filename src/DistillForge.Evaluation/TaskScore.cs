namespace DistillForge.Evaluation;

/// <summary>One question, its answer, and what the answer is worth.</summary>
/// <param name="Score">0 (wrong) … 1 (right); 0 where there is no answer.</param>
/// <param name="Failure">Why there is no answer, else null.</param>
public sealed record GradedAnswer(Question Question, string Answer, double Score, int Tokens = 0, string? Failure = null)
{
    /// <summary>Beside the score, by name; see <see cref="Grade.Figures"/>.</summary>
    public IReadOnlyDictionary<string, double> Figures { get; init; } = NoFigures;

    /// <summary>What is wrong with it; null where nothing more is to be said.</summary>
    public string? Why { get; init; }

    static readonly IReadOnlyDictionary<string, double> NoFigures = new Dictionary<string, double>();
}

/// <summary>How a model did in a benchmark: every answer, in the order of the questions, so that two models can be paired.</summary>
public sealed record TaskScore(string Benchmark, IReadOnlyList<GradedAnswer> Answers)
{
    /// <summary>Mean of all scores; with right-or-wrong grades the share of right answers.</summary>
    public double Mean => Answers.Count == 0 ? 0 : Answers.Average(answer => answer.Score);

    /// <summary>What the scores are, see <see cref="IBenchmark.Measure"/>.</summary>
    public string Measure { get; init; } = "exact match";

    public int Right => Answers.Count(answer => answer.Score >= 1);

    /// <summary>95 % Wilson interval of the share of right answers.</summary>
    public Interval RightInterval => Interval.Wilson(Right, Answers.Count);

    /// <summary>95 % interval of <see cref="Mean"/>: Wilson's where every answer is right or wrong, else a percentile bootstrap over questions.</summary>
    public Interval MeanInterval(long seed)
        => Answers.All(answer => answer.Score is 0 or 1) ? RightInterval : PairedBootstrap.Difference(Values, new double[Answers.Count], seed);

    /// <summary>Means of whatever else the benchmark says, each over the answers that have it.</summary>
    public IReadOnlyDictionary<string, double> Figures
        => Answers.SelectMany(answer => answer.Figures).GroupBy(figure => figure.Key).ToDictionary(figure => figure.Key, figure => figure.Average(value => value.Value));

    /// <summary>[questions] for a paired comparison.</summary>
    public double[] Values => [.. Answers.Select(answer => answer.Score)];

    /// <summary>What was not fully right, with what was expected and what came.</summary>
    public IEnumerable<GradedAnswer> Mistakes => Answers.Where(answer => answer.Score < 1);

    /// <summary>Each category's own score.</summary>
    public IEnumerable<TaskScore> ByCategory
        => Answers.GroupBy(answer => answer.Question.Category ?? "").OrderBy(group => group.Key, StringComparer.Ordinal).Select(group => new TaskScore(group.Key, [.. group]) { Measure = Measure });

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

        return new TaskScore(benchmark, answers) { Measure = questions.Measure };
    }

    /// <summary>Asks one question and grades the answer; one that cannot be answered has a failure.</summary>
    internal static async Task<GradedAnswer> AskAsync(IBenchmark benchmark, Question question, ILanguageModel model, Sampling sampling, CancellationToken cancellationToken)
    {
        try
        {
            if (question.Choices.Count > 0)
            {
                return await ChoiceReader.AskAsync(benchmark, question, model, cancellationToken);
            }

            var completion = await model.CompleteAsync(new Prompt(question.Id, question.Messages, Expected: question.Expected, Category: question.Category), sampling, cancellationToken);
            var grade = benchmark.Judge(question, completion.Text);
            return new(question, completion.Text, grade.Score, completion.CompletionTokens) { Figures = grade.Figures ?? new Dictionary<string, double>(), Why = grade.Why };
        }
        catch (CompletionFailedException failure)
        {
            return new(question, "", 0, Failure: $"{failure.Code}: {failure.Message}");
        }
    }
}
