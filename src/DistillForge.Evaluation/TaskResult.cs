using System.Text.Json.Serialization;

namespace DistillForge.Evaluation;

/// <summary>One benchmark, model beside model.</summary>
/// <param name="Measure">What the scores are, e.g. <c>exact match</c> or <c>F1</c>.</param>
/// <param name="Models">In the order in which they are shown.</param>
/// <param name="StudentMinusBaseline">Paired bootstrap over the same questions; null where one of them was not asked.</param>
public sealed record TaskResult(
    string Benchmark,
    string Measure,
    IReadOnlyDictionary<string, TaskFigure> Models,
    Difference? StudentMinusTeacher,
    Difference? StudentMinusBaseline)
{
    /// <param name="models">Each model's tasks; a model that was asked fewer questions is not paired with others.</param>
    /// <param name="seed">Of the bootstrap.</param>
    public static IReadOnlyList<TaskResult> Of(IReadOnlyList<(string Model, IReadOnlyList<TaskScore> Tasks)> models, long seed, string first = "teacher", string second = "student", string third = "baseline")
    {
        var names = models.SelectMany(model => model.Tasks).Select(task => task.Benchmark).Distinct().ToList();
        return [.. names.Select(name => OfOne(name, [.. from model in models from task in model.Tasks where task.Benchmark == name select (model.Model, task)]))];

        TaskResult OfOne(string name, List<(string Model, TaskScore Task)> tasks) => new(
            name,
            tasks[0].Task.Measure,
            tasks.ToDictionary(task => task.Model, task => TaskFigure.Of(task.Task, seed)),
            Paired(tasks, second, first),
            Paired(tasks, second, third));

        Difference? Paired(List<(string Model, TaskScore Task)> tasks, string from, string to)
            => tasks.FirstOrDefault(task => task.Model == from).Task is { Answers.Count: > 0 } ours && tasks.FirstOrDefault(task => task.Model == to).Task is { } theirs && theirs.Answers.Count == ours.Answers.Count
                ? Difference.Of(PairedBootstrap.Difference(ours.Values, theirs.Values, seed)) : null;
    }
}

/// <summary>How one model did in one benchmark.</summary>
/// <param name="Mean">0 … 1.</param>
/// <param name="Interval">95 %.</param>
/// <param name="Failed">Questions without an answer, e.g. because they were too long; they count as wrong.</param>
/// <param name="Figures">Others beside the score, each a mean over the answers that have it; null where there are none.</param>
public sealed record TaskFigure(
    double Mean,
    Range95 Interval,
    int Questions,
    int Failed,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] IReadOnlyDictionary<string, double>? Figures = null)
{
    internal static TaskFigure Of(TaskScore task, long seed)
        => new(task.Mean, Range95.Of(task.MeanInterval(seed)), task.Answers.Count, task.Answers.Count(answer => answer.Failure is not null), task.Figures is { Count: > 0 } figures ? figures : null);
}
