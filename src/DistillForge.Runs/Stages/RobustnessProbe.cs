using System.Text.Json;
using DistillForge.Core;
using DistillForge.Data;
using DistillForge.Evaluation;
using DistillForge.Runs.Judging;

namespace DistillForge.Runs.Stages;

/// <summary>Which questions every model of a run is asked once more in another form, and what came of it.</summary>
/// <param name="Questions">The same ones for every model.</param>
/// <param name="Benchmarks">What they belong to: measure, and whether the right answers are known.</param>
sealed record RobustnessProbe(IReadOnlyList<PerturbedQuestion> Questions, IReadOnlyDictionary<string, (string Measure, bool IsGraded)> Benchmarks)
{
    const string Paraphrase = "paraphrase";
    const int MostParaphraseTokens = 256;

    /// <param name="talk">Held-out prompts that nobody knows the right answer to: only whether an answer stays is measured.</param>
    public static async Task<RobustnessProbe> OfAsync(RunContext run, IReadOnlyList<(string Name, IBenchmark Benchmark)> benchmarks, IBenchmark? talk, CancellationToken cancellationToken)
    {
        var settings = run.Recipe.Evaluate.Robustness;
        var probe = Of(settings, Seeds.Derive(run.Recipe.Seed, "robustness"), benchmarks, talk);
        if (settings.By is { } by && probe.Questions.Any(question => question.Kind == Paraphrase))
        {
            var written = await ByModelAsync(run, by, [.. probe.Questions.Select(question => (question.Benchmark, question.Clean)).Distinct().Where(question => question.Clean.Paraphrase is not { Length: > 0 })], cancellationToken);
            return probe with { Questions = [.. probe.Questions.Where(question => question.Kind != Paraphrase), .. written] };
        }

        return probe;
    }

    /// <summary>Without a model's help.</summary>
    public static RobustnessProbe Of(RobustnessSettings settings, long seed, IReadOnlyList<(string Name, IBenchmark Benchmark)> benchmarks, IBenchmark? talk)
    {
        // The run's own held-out prompts are asked where there is nothing else.
        List<(string Name, IBenchmark Benchmark)> asked = [.. benchmarks.Count > 1 ? benchmarks.Where(named => named.Name != HeldOutBenchmark.Name) : benchmarks, .. talk is null || benchmarks.Count > 0 ? Array.Empty<(string, IBenchmark)>() : [(HeldOutBenchmark.Name, talk)]];
        var perturbations = Perturbations(settings);
        var questions = asked.SelectMany(named => PerturbedQuestion.Of(named.Name, [.. named.Benchmark.Questions().DistinctBy(question => question.Id)], perturbations, settings.Questions, seed)).ToList();
        return new([.. questions], asked.ToDictionary(named => named.Name, named => (named.Benchmark.Measure, named.Benchmark != talk)));
    }

    /// <summary>What the probe depends on beside the recipe's text.</summary>
    public static IReadOnlyDictionary<string, string> Content(RunContext run)
        => run.Recipe.Evaluate.Robustness is { Questions: > 0, By: { } by } ? new Dictionary<string, string> { ["paraphrases by"] = run.IdentityOf(by) } : new Dictionary<string, string>();

    /// <returns>Null where nothing was asked.</returns>
    public IReadOnlyList<RobustnessResult>? Results(IReadOnlyList<(string Name, MeasuredModel? Model)> models, long seed, string teacher = "teacher", string student = "student")
        => Questions.Count == 0 ? null : RobustnessResult.Of([.. models.Where(model => model.Model is not null).Select(model => (model.Name, model.Model!.Perturbed))], name => Benchmarks[name], seed, teacher, student);

    static List<(string Kind, IPerturbation Perturbation)> Perturbations(RobustnessSettings settings) => settings.Questions == 0 ? []
        : settings.Perturbations.Count == 0 ? [.. Components.Perturbations.Names.Select(name => (name, Components.Perturbations.Create(name, null)))]
        : [.. settings.Perturbations.Select(setting => (setting.Name, Components.Perturbations.Create(setting.Name, setting.Options)))];

    static async Task<IReadOnlyList<PerturbedQuestion>> ByModelAsync(RunContext run, TeacherSource by, IReadOnlyList<(string Benchmark, Question Clean)> questions, CancellationToken cancellationToken)
    {
        await using var model = new ConsultedTeacher(run, by, run.IdentityOf(by));
        var sampling = new Sampling(Temperature: 0, MaxTokens: MostParaphraseTokens);
        var answers = await Task.WhenAll(questions.Select(question => model.AskAsync(new Prompt(
            $"{question.Benchmark}/{question.Clean.Id}", [Message.User($"Say the following in other words that mean the same. Keep every name and number. Write the new wording and nothing else.\n\n{question.Clean.Own}")]), sampling, cancellationToken)));
        var failed = answers.Count(answer => answer.Example is null);
        if (failed > 0)
        {
            run.Progress.Say($"  {by.DisplayName} gave no paraphrase of {failed:N0} of {questions.Count:N0} questions; they are not asked in other words");
        }

        return [.. questions.Zip(answers).Select(pair => PerturbedQuestion.Of(pair.First.Benchmark, $"{Paraphrase} by {by.DisplayName}", pair.First.Clean, pair.Second.Example?.Text.Trim() ?? "")).OfType<PerturbedQuestion>()];
    }
}

/// <summary>Every perturbed question with everybody's answers to it and to the question as it is; one JSON line each.</summary>
static class RobustnessFile
{
    public const string Name = "robustness.jsonl";

    static readonly JsonSerializerOptions Json = new() { Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <param name="models">All were asked the same, in the same order; those without answers are left out.</param>
    public static async Task WriteAsync(string path, IReadOnlyList<(string Model, IReadOnlyList<PerturbedAnswer> Answers)> models, CancellationToken cancellationToken)
    {
        var asked = models.Where(model => model.Answers.Count > 0).ToList();
        var lines = Enumerable.Range(0, asked.Count == 0 ? 0 : asked[0].Answers.Count).Select(i =>
        {
            var question = asked[0].Answers[i].Asked;
            Dictionary<string, object> Each(Func<PerturbedAnswer, object> value) => asked.ToDictionary(model => model.Model, model => value(model.Answers[i]));
            return JsonSerializer.Serialize(new
            {
                benchmark = question.Benchmark,
                kind = question.Kind,
                id = question.Clean.Id,
                question = question.Clean.Messages[^1].Content,
                changed = question.Changed.Messages[^1].Content,
                expected = question.Clean.Expected,
                answers = Each(answer => answer.Clean.Answer),
                changed_answers = Each(answer => answer.Changed.Answer),
                scores = Each(answer => answer.Clean.Score),
                changed_scores = Each(answer => answer.Changed.Score),
            }, Json);
        });
        await File.WriteAllLinesAsync(path + ".partial", lines, cancellationToken);
        File.Move(path + ".partial", path, overwrite: true);
    }

    /// <returns>A question as it is and as it was changed, of each kind; empty where there is no file.</returns>
    public static IReadOnlyDictionary<string, (string Question, string Changed)> Samples(string path)
        => !File.Exists(path) ? new Dictionary<string, (string, string)>() : File.ReadLines(path).Select(line => JsonDocument.Parse(line).RootElement)
            .Select(line => (Kind: line.GetProperty("kind").GetString()!, Question: line.GetProperty("question").GetString()!, Changed: line.GetProperty("changed").GetString()!))
            .DistinctBy(line => line.Kind).ToDictionary(line => line.Kind, line => (line.Question, line.Changed));
}
