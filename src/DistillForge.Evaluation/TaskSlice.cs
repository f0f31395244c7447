namespace DistillForge.Evaluation;

/// <summary>One category of one benchmark, model beside model.</summary>
/// <param name="Scores">Model → mean score, 0 … 1.</param>
/// <param name="Lost">Teacher minus student; null where one of them was not asked.</param>
public sealed record TaskSlice(string Benchmark, string Category, int Questions, IReadOnlyDictionary<string, double> Scores, double? Lost)
{
    /// <param name="models">In the order in which they are shown; those without tasks are left out.</param>
    /// <param name="from">Whose score is lost.</param>
    /// <param name="to">Who lost it.</param>
    /// <returns>What the student lost most of its teacher's first.</returns>
    public static IReadOnlyList<TaskSlice> Of(IReadOnlyList<(string Model, IReadOnlyList<TaskScore> Tasks)> models, string from = "teacher", string to = "student")
    {
        var scored = from model in models
                     from task in model.Tasks
                     from category in task.ByCategory
                     where category.Benchmark.Length > 0
                     select (task.Benchmark, Category: category.Benchmark, model.Model, category.Mean, category.Answers.Count);
        var slices = scored.GroupBy(score => (score.Benchmark, score.Category)).Select(group =>
        {
            var means = group.ToDictionary(score => score.Model, score => score.Mean);
            double? lost = means.TryGetValue(from, out var teacher) && means.TryGetValue(to, out var student) ? teacher - student : null;
            return new TaskSlice(group.Key.Benchmark, group.Key.Category, group.First().Count, means, lost);
        });
        return [.. slices.OrderByDescending(slice => slice.Lost ?? 0).ThenBy(slice => slice.Benchmark, StringComparer.Ordinal).ThenBy(slice => slice.Category, StringComparer.Ordinal)];
    }
}
