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
        var prompts = folder.In("held-out/prompts.parquet");
        var examples = folder.In("held-out/examples/0.parquet");
        var questions = File.Exists(prompts)
            ? PromptsFile.ReadAsync([prompts], CancellationToken.None).Where(prompt => prompt.After is null).Select(prompt => new Question(prompt.Id, prompt.Messages, prompt.Expected ?? "", prompt.Category)).ToBlockingEnumerable()
            : File.Exists(examples) ? ExamplesFile.ReadAsync([examples], CancellationToken.None).Select(row => new Question(row.Id, row.Prompt, row.Expected ?? "", row.Category)).ToBlockingEnumerable() : [];
        var known = questions.Where(question => question.Expected.Length > 0).ToList();
        return known.Count == 0 ? null : new HeldOutBenchmark(known);
    }

    public IEnumerable<Question> Questions() => questions;

    public double Grade(Question question, string answer) => answer.Trim() == question.Expected.Trim() ? 1 : 0;
}

/// <summary>What each model answered wrong, side by side; one JSON line each.</summary>
static class MistakesFile
{
    static readonly JsonSerializerOptions Json = new() { PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower, Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    public static async Task WriteAsync(string path, IReadOnlyList<(string Model, IReadOnlyList<TaskScore> Tasks)> models, CancellationToken cancellationToken)
    {
        var lines = from model in models
                    from task in model.Tasks
                    from mistake in task.Mistakes
                    select JsonSerializer.Serialize(new { model = model.Model, benchmark = task.Benchmark, question = mistake.Question.Messages[^1].Content, expected = mistake.Question.Expected, answer = mistake.Answer, failure = mistake.Failure }, Json);
        await File.WriteAllLinesAsync(path + ".partial", lines, cancellationToken);
        File.Move(path + ".partial", path, overwrite: true);
    }
}
