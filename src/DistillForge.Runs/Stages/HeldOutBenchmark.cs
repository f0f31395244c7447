using System.Text.Json;
using DistillForge.Core;
using DistillForge.Data;
using DistillForge.Evaluation;

namespace DistillForge.Runs.Stages;

/// <summary>Held-out rows whose right answer is known: what the template would have answered.</summary>
sealed class HeldOutBenchmark(IReadOnlyList<Question> questions) : IBenchmark
{
    public const string Name = "held-out";

    /// <summary>Null where the run has no held-out rows with known answers.</summary>
    public static HeldOutBenchmark? TryRead(RunFolder folder)
    {
        var known = Asked(folder.Path).Where(question => question.Expected.Length > 0).ToList();
        return known.Count == 0 ? null : new HeldOutBenchmark(known);
    }

    /// <summary>Every held-out prompt, with what is known of its answer.</summary>
    internal static IEnumerable<Question> Asked(string folder)
    {
        var prompts = Path.Combine(folder, "held-out", "prompts.parquet");
        var examples = Path.Combine(folder, "held-out", "examples", "0.parquet");
        return File.Exists(prompts)
            ? PromptsFile.ReadAsync([prompts], CancellationToken.None).Where(prompt => prompt.After is null).Select(prompt => new Question(prompt.Id, prompt.Messages, prompt.Expected ?? "", prompt.Category)).ToBlockingEnumerable()
            : File.Exists(examples) ? ExamplesFile.ReadAsync([examples], CancellationToken.None).Select(row => new Question(row.Id, row.Prompt, row.Expected ?? "", row.Category)).ToBlockingEnumerable() : [];
    }

    public IEnumerable<Question> Questions() => questions;

    public double Grade(Question question, string answer) => answer.Trim() == question.Expected.Trim() ? 1 : 0;
}

/// <summary>Held-out prompts without known answers: what models say to them is compared, not graded.</summary>
sealed class HeldOutTalk(IReadOnlyList<Question> questions) : IBenchmark
{
    /// <summary>Null where the run has none.</summary>
    public static HeldOutTalk? TryRead(RunFolder folder, int most)
        => HeldOutBenchmark.Asked(folder.Path).Take(most).ToList() is { Count: > 0 } asked ? new HeldOutTalk(asked) : null;

    /// <summary>What any run held out, graded where the right answers are known.</summary>
    /// <exception cref="ForgeException">Nothing.</exception>
    public static IBenchmark OfRun(string folder, int most)
        => HeldOutBenchmark.Asked(folder).Take(most).ToList() is { Count: > 0 } asked ? new HeldOutTalk(asked)
            : throw new ForgeException(new Problem(folder, "held no prompts out.", "Give --data questions.jsonl."));

    public IEnumerable<Question> Questions() => questions;

    public double Grade(Question question, string answer) => question.Expected.Length > 0 && answer.Trim() == question.Expected.Trim() ? 1 : 0;
}

/// <summary>What each model answered wrong, side by side; one JSON line each.</summary>
static class MistakesFile
{
    static readonly JsonSerializerOptions Json = new() { PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower, Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    public static async Task WriteAsync(string path, IReadOnlyList<(string Model, IReadOnlyList<TaskScore> Tasks)> models, CancellationToken cancellationToken)
    {
        var teacher = models.Where(model => model.Model == "teacher").SelectMany(model => model.Tasks).SelectMany(task => task.Answers.Select(answer => (Key: (task.Benchmark, answer.Question.Id), answer.Answer)))
            .DistinctBy(answer => answer.Key).ToDictionary(answer => answer.Key, answer => answer.Answer);
        var lines = from model in models
                    from task in model.Tasks
                    from mistake in task.Mistakes
                    select JsonSerializer.Serialize(new { model = model.Model, benchmark = task.Benchmark, question = mistake.Question.Messages[^1].Content, expected = mistake.Question.Expected, answer = mistake.Answer, score = mistake.Score, why = mistake.Why, figures = mistake.Figures.Count > 0 ? mistake.Figures : null, failure = mistake.Failure, teacher_answer = teacher.GetValueOrDefault((task.Benchmark, mistake.Question.Id)), category = mistake.Question.Category }, Json);
        await File.WriteAllLinesAsync(path + ".partial", lines, cancellationToken);
        File.Move(path + ".partial", path, overwrite: true);
    }
}

/// <summary>Every question's score, model beside model, without its text; one JSON line each, for tests of one's own.</summary>
static class TaskScoresFile
{
    public const string Name = "task-scores.jsonl";

    public static async Task WriteAsync(string path, IReadOnlyList<(string Model, IReadOnlyList<TaskScore> Tasks)> models, CancellationToken cancellationToken)
    {
        var rows = models.SelectMany(model => model.Tasks.SelectMany(task => task.Answers.Select(answer => (task.Benchmark, answer.Question.Id, model.Model, answer.Score, answer.Question.Category))))
            .GroupBy(row => (row.Benchmark, row.Id));
        await File.WriteAllLinesAsync(path + ".partial", rows.Select(row => JsonSerializer.Serialize(new { benchmark = row.Key.Benchmark, id = row.Key.Id, category = row.First().Category, scores = row.DistinctBy(one => one.Model).ToDictionary(one => one.Model, one => one.Score) })), cancellationToken);
        File.Move(path + ".partial", path, overwrite: true);
    }
}
