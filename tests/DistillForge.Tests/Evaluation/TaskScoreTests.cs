using DistillForge.Evaluation;

namespace DistillForge.Tests;

public class TaskScoreTests
{
    sealed class Shouting(params string[] questions) : IBenchmark
    {
        public IEnumerable<Question> Questions() => questions.Select((text, i) => new Question($"q{i}", [Message.User(text)], text.Contains("wrong") ? "?" : text.ToUpperInvariant(), i % 2 == 0 ? "even" : "odd"));

        public double Grade(Question question, string answer) => answer == question.Expected ? 1 : 0;
    }

    static Task<TaskScore> Measure(IBenchmark benchmark, ILanguageModel model, int atOnce = 4)
        => TaskScore.MeasureAsync("shouting", benchmark, model, maxTokens: 8, atOnce, SilentProgress.Instance, CancellationToken.None);

    [Fact]
    public async Task Mistakes_are_listed_with_what_was_expected_and_what_came()
    {
        var score = await Measure(new Shouting("a", "b wrong", "c", "unanswerable"), new TableModel(1));

        Assert.Equal(0.5, score.Mean);
        Assert.Equal([1.0, 0, 1, 0], score.Values);
        Assert.Equal([("?", "B WRONG", null), ("UNANSWERABLE", "", "prompt-too-long: too long")], score.Mistakes.Select(mistake => (mistake.Question.Expected, mistake.Answer, mistake.Failure)));
        Assert.Equal([("even", 1.0), ("odd", 0.0)], score.ByCategory.Select(category => (category.Benchmark, category.Mean)));
    }

    [Fact]
    public async Task Questions_are_in_flight_together_and_never_more_than_asked()
    {
        var model = new TableModel(1);

        var score = await Measure(new Shouting([.. Enumerable.Range(0, 60).Select(i => $"q{i}")]), model, atOnce: 7);

        Assert.Equal(Enumerable.Range(0, 60).Select(i => $"Q{i}"), score.Answers.Select(answer => answer.Answer));
        Assert.Equal(7, model.MostAtOnce);
    }

    [Fact]
    public async Task Cancelling_stops_at_once()
    {
        using var stop = new CancellationTokenSource(TimeSpan.FromMilliseconds(30));
        var many = new Shouting([.. Enumerable.Range(0, 100_000).Select(i => $"q{i}")]);

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => TaskScore.MeasureAsync("shouting", many, new TableModel(1), 8, 4, SilentProgress.Instance, stop.Token));
    }
}
