using DistillForge.Core;
using DistillForge.Data;
using DistillForge.Evaluation;
using DistillForge.Evaluation.Benchmarks;
using DistillForge.Llama;
using DistillForge.Runs.Stages;
using DistillForge.Text;

namespace DistillForge.Runs.Comparisons;

/// <summary>What is to be compared.</summary>
/// <param name="Models">GGUF files and run folders; the others are compared with the first.</param>
/// <param name="Data">Questions and answers: CSV, TSV, JSONL or Parquet; null takes what the first run held out.</param>
/// <param name="Question">Column that is asked.</param>
/// <param name="Answer">Column with the right answer.</param>
/// <param name="Most">Questions, and rows of tokens, at most.</param>
/// <param name="Recipe">Its benchmarks are asked, instead of data or what a run held out; null for none.</param>
/// <param name="Robustness">Questions that are asked again in other forms; 0: none.</param>
public sealed record CompareRequest(IReadOnlyList<string> Models, string? Data, string Question, string Answer, int MaxTokens, int Most, string? Recipe = null, int Robustness = 0);

/// <summary>Any models side by side: what they answer, what they think of the same tokens, what they cost.</summary>
public static class Comparing
{
    /// <exception cref="ForgeException">A path is none that can be compared, or there is nothing to compare on.</exception>
    public static async Task<CompareResult> RunAsync(CompareRequest request, IProgressLog progress, CancellationToken cancellationToken)
    {
        var settings = Settings.Load();
        var models = ComparedModel.Find(request.Models);
        var run = models.Select(model => model.Run).FirstOrDefault(folder => folder is not null);
        var (name, questions) = Questions(request, run);
        List<(string Name, IBenchmark Benchmark)> benchmarks = request.Recipe is { } recipe ? [.. Components.Named(RecipeReader.Read(recipe, Components.Known).Evaluate.Benchmarks).Select(named => (named.Name, (IBenchmark)new FirstQuestions(named.Benchmark, request.Most)))]
            : request.Data is not null || questions.Questions().All(question => question.Expected.Length > 0) ? [(name, questions)] : [];
        var talk = benchmarks.Count == 0 ? questions : null;
        var seed = Seeds.Derive(0, "compare");
        var probe = RobustnessProbe.Of(new RobustnessSettings { Questions = request.Robustness }, seed, benchmarks, talk);
        var measured = new List<MeasuredModel>();
        foreach (var model in models)
        {
            await using var opened = await LlamaModel.OpenAsync(model.Gguf, new LlamaOptions(settings.EffectiveThreads), cancellationToken);
            measured.Add(await MeasuredModel.OfAsync(opened, benchmarks, talk, request.MaxTokens, questions: null, new Relabelled(progress, model.Name), cancellationToken, probe.Questions));
        }

        var (fidelity, strangers) = await FidelityAsync(models, questions, run, request, settings, progress, cancellationToken);
        var asked = benchmarks.Count == 0 ? questions.Questions().Count() : benchmarks.Sum(named => named.Benchmark.Questions().Count());
        var (first, second) = (models[0].Name, models.Count < 2 ? "" : models[1].Name);
        List<(string, IReadOnlyList<TaskScore>)> tasks = [.. models.Select((model, i) => (model.Name, measured[i].Tasks))];
        return new(
            [.. models.Select((model, i) => new NamedScores(model.Name, model.Gguf, EvaluateStage.With(measured[i], i == 0 ? null : measured[0], fidelity?.Of(model.Name))))],
            fidelity?.Reports ?? [],
            second.Length == 0 ? [] : TaskSlice.Of(tasks, first, second),
            [$"{asked:N0} questions of {((request.Recipe ?? request.Data) is { } file ? Path.GetFileName(file) : $"what {Path.GetFileName(run)} held out")}; everything is beside {first}.", .. strangers])
        {
            Tasks = TaskResult.Of(tasks, seed, first, second, ""),
            Losses = second.Length == 0 ? null : KnownLosses.Of(measured[0].Tasks, measured[1].Tasks, fidelity?.Reports[0].Model == second ? [.. fidelity.Rows.Select(row => (fidelity.Categories.GetValueOrDefault(row.Id), row))] : [], seed),
            Robustness = probe.Results([.. models.Select((model, i) => (model.Name, (MeasuredModel?)measured[i]))], seed, first, second),
        };
    }

    static (string Name, IBenchmark Questions) Questions(CompareRequest request, string? run)
        => request.Data is { } data ? (Path.GetFileNameWithoutExtension(data), new FirstQuestions(new ExactMatch(new() { File = new RecipeFile(data, Path.GetFullPath(data)), Question = request.Question, Answer = request.Answer }), request.Most))
            : run is not null ? (HeldOutBenchmark.Name, HeldOutTalk.OfRun(run, request.Most))
            : request.Recipe is { } recipe && Components.Named(RecipeReader.Read(recipe, Components.Known).Evaluate.Benchmarks).FirstOrDefault() is { Benchmark: { } first } named ? (named.Name, new FirstQuestions(first, request.Most))
            : throw new ForgeException(new Problem("compare", "has no questions to compare on.", "Name a run among the models, give --data questions.jsonl, or --recipe with benchmarks."));

    // Token by token only models with one vocabulary can be compared.
    static async Task<(FidelityMeasurement?, IEnumerable<string> Notes)> FidelityAsync(IReadOnlyList<ComparedModel> models, IBenchmark questions, string? run, CompareRequest request, Settings settings, IProgressLog progress, CancellationToken cancellationToken)
    {
        var vocabulary = Vocabulary.Read(models[0].Gguf);
        List<(string Name, string Gguf)> comparable = [.. models.Skip(1).Where(model => Vocabulary.Read(model.Gguf).Fingerprint == vocabulary.Fingerprint).Select(model => (model.Name, model.Gguf))];
        List<string> notes = [.. models.Skip(1).Where(model => comparable.All(other => other.Name != model.Name)).Select(model => $"{model.Name} has another vocabulary than {models[0].Name}: they are compared by their answers alone.")];
        if (comparable.Count == 0)
        {
            return (null, notes);
        }

        var rows = request.Data is null && run is not null ? await HeldOutAsync(run, vocabulary.Fingerprint, request.Most, cancellationToken) : Answered(questions, vocabulary);
        return rows.Count == 0
            ? (null, [.. notes, "There are no answers whose tokens could be read."])
            : (await FidelityMeasurement.OfAsync(comparable, (gguf, beside) => LlamaModel.OpenAsync(gguf, new LlamaOptions(Math.Max(1, settings.EffectiveThreads / beside), Exact: true), cancellationToken), models[0].Gguf,
                rows.Select(row => (row.Id, row.Tokens)).ToAsyncEnumerable(), rows.ToDictionary(row => row.Id, row => row.Category), pruned: null, progress, cancellationToken), notes);
    }

    static async Task<List<(string Id, TokenSequence Tokens, string? Category)>> HeldOutAsync(string run, string vocabulary, int most, CancellationToken cancellationToken)
    {
        var categories = HeldOutBenchmark.Asked(run).DistinctBy(question => question.Id).ToDictionary(question => question.Id, question => question.Category);
        var folder = Path.Combine(run, "held-out", "traces");
        return !Directory.Exists(folder) ? [] : await TracesFile.ReadAsync(WantedRows.Shards(folder), cancellationToken)
            .Where(trace => trace.Vocabulary == vocabulary && trace.CompletionLength > 0).Take(most)
            .Select(trace => (trace.Id, new TokenSequence(trace.Vocabulary, trace.TokenIds, trace.PromptLength), categories.GetValueOrDefault(trace.Id))).ToListAsync(cancellationToken);
    }

    static List<(string Id, TokenSequence Tokens, string? Category)> Answered(IBenchmark questions, Vocabulary vocabulary)
    {
        if (vocabulary.Kind != "gpt2" || vocabulary.ChatTemplate is null)
        {
            return [];
        }

        var dialogue = Dialogue.For(vocabulary);
        return [.. questions.Questions().Where(question => question.Expected.Length > 0).Select(question => (question.Id, dialogue.Sequence(question.Messages, question.Expected), question.Category))];
    }
}
