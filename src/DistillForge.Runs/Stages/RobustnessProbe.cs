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
    /// <param name="talk">Held-out prompts that nobody knows the right answer to: only whether an answer stays is measured.</param>
    public static async Task<RobustnessProbe> OfAsync(RunContext run, IReadOnlyList<(string Name, IBenchmark Benchmark)> benchmarks, IBenchmark? talk, CancellationToken cancellationToken)
    {
        var (settings, seed) = (run.Recipe.Evaluate.Robustness, Seeds.Derive(run.Recipe.Seed, "robustness"));
        var probe = Of(settings, seed, benchmarks, talk);
        if (settings.Paraphraser is not { } by)
        {
            return probe;
        }

        // Those that no rule could change, too: the rules know English only.
        var drawn = Asked(benchmarks, talk).SelectMany(named => PerturbedQuestion.Drawn(named.Name, Distinct(named.Benchmark), settings.Questions, seed).Select(question => (named.Name, question)));
        var written = await ByModelAsync(run, by, [.. drawn.Where(one => one.question.Paraphrase is not { Length: > 0 })], cancellationToken);
        return probe with { Questions = [.. probe.Questions.Where(question => question.Kind != RobustnessSettings.Paraphrase), .. written] };
    }

    /// <summary>How many questions a model says in other words, at most.</summary>
    public static long MostParaphrased(RobustnessSettings settings, IReadOnlyList<(string Name, IBenchmark Benchmark)> benchmarks, long heldOut)
        => settings.Paraphraser is null ? 0 : benchmarks.Count == 0 ? Math.Min(settings.Questions, heldOut) : benchmarks.Sum(named => PerturbedQuestion.Drawn(named.Name, Distinct(named.Benchmark), settings.Questions, 0).LongCount(question => question.Paraphrase is not { Length: > 0 }));

    /// <summary>Without a model's help.</summary>
    public static RobustnessProbe Of(RobustnessSettings settings, long seed, IReadOnlyList<(string Name, IBenchmark Benchmark)> benchmarks, IBenchmark? talk)
    {
        var asked = Asked(benchmarks, talk);
        var perturbations = Perturbations(settings);
        var questions = asked.SelectMany(named => PerturbedQuestion.Of(named.Name, Distinct(named.Benchmark), perturbations, settings.Questions, seed)).ToList();
        return new([.. questions], asked.ToDictionary(named => named.Name, named => (named.Benchmark.Measure, named.Benchmark != talk)));
    }

    /// <summary>What the probe depends on beside the recipe's text.</summary>
    public static IReadOnlyDictionary<string, string> Content(RunContext run)
        => run.Recipe.Evaluate.Robustness.Paraphraser is { } by ? new Dictionary<string, string> { ["paraphrases by"] = run.IdentityOf(by) } : new Dictionary<string, string>();

    /// <returns>Null where nothing was asked.</returns>
    public IReadOnlyList<RobustnessResult>? Results(IReadOnlyList<(string Name, MeasuredModel? Model)> models, long seed, string teacher = "teacher", string student = "student")
        => Questions.Count == 0 ? null : RobustnessResult.Of([.. models.Where(model => model.Model is not null).Select(model => (model.Name, model.Model!.Perturbed))], name => Benchmarks[name], seed, teacher, student);

    // The run's own held-out prompts are asked where there is nothing else.
    static List<(string Name, IBenchmark Benchmark)> Asked(IReadOnlyList<(string Name, IBenchmark Benchmark)> benchmarks, IBenchmark? talk)
        => [.. benchmarks.Count > 1 ? benchmarks.Where(named => named.Name != HeldOutBenchmark.Name) : benchmarks, .. talk is null || benchmarks.Count > 0 ? Array.Empty<(string, IBenchmark)>() : [(HeldOutBenchmark.Name, talk)]];

    static List<Question> Distinct(IBenchmark benchmark) => [.. benchmark.Questions().DistinctBy(question => question.Id)];

    static List<(string Kind, IPerturbation Perturbation)> Perturbations(RobustnessSettings settings) => settings.Questions == 0 ? []
        : settings.Perturbations.Count == 0 ? [.. Components.Perturbations.Names.Select(name => (name, Components.Perturbations.Create(name, null)))]
        : [.. settings.Perturbations.Select(setting => (setting.Name, Components.Perturbations.Create(setting.Name, setting.Options)))];

    static async Task<IReadOnlyList<PerturbedQuestion>> ByModelAsync(RunContext run, TeacherSource by, IReadOnlyList<(string Benchmark, Question Clean)> questions, CancellationToken cancellationToken)
    {
        await using var model = new Paraphrasing(run, by);
        var said = await model.RewordAsync([.. questions.Select(question => (question.Clean.Id, question.Clean.Own))], cancellationToken);
        var written = questions.Zip(said).Select(pair => (pair.Second.WhyNot, Question: pair.Second.Text is { } text ? PerturbedQuestion.Of(pair.First.Benchmark, $"{RobustnessSettings.Paraphrase} by {by.DisplayName}", pair.First.Clean, text) : null)).ToList();
        if (written.Count(one => one.Question is null) is > 0 and var without)
        {
            var why = written.Where(one => one.Question is null).GroupBy(one => one.WhyNot ?? "the same words, or none").OrderByDescending(group => group.Count()).Select(group => $"{group.Count():N0} {group.Key}");
            run.Progress.Say($"  {TerminalText.OnOneLine(by.DisplayName)} gave no paraphrase of {without:N0} of {questions.Count:N0} questions ({string.Join(", ", why)}); these are not asked in other words");
        }

        return [.. written.Select(one => one.Question).OfType<PerturbedQuestion>()];
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

    /// <returns>A question of a benchmark's own (no row of the run) and the student's right answer to it, the first that <paramref name="canShow"/>; null where there is none.</returns>
    public static (string Question, string Answer)? RightAnswer(string path, Func<string, string, bool> canShow)
        => !File.Exists(path) ? null : File.ReadLines(path).Select(line => JsonDocument.Parse(line).RootElement)
            .Where(line => line.GetProperty("benchmark").GetString() != HeldOutBenchmark.Name && line.GetProperty("scores").TryGetProperty("student", out var score) && score.GetDouble() >= 1)
            .Select(line => ((string, string)?)(line.GetProperty("question").GetString()!, line.GetProperty("answers").GetProperty("student").GetString()!.Trim()))
            .FirstOrDefault(pair => canShow(pair!.Value.Item1, pair.Value.Item2));

    /// <returns>A question as it is and as it was changed, of each kind; empty where there is no file.</returns>
    public static IReadOnlyDictionary<string, (string Question, string Changed)> Samples(string path)
        => !File.Exists(path) ? new Dictionary<string, (string, string)>() : File.ReadLines(path).Select(line => JsonDocument.Parse(line).RootElement)
            .Select(line => (Kind: line.GetProperty("kind").GetString()!, Question: line.GetProperty("question").GetString()!, Changed: line.GetProperty("changed").GetString()!))
            .DistinctBy(line => line.Kind).ToDictionary(line => line.Kind, line => (line.Question, line.Changed));
}
