using System.Diagnostics;
using System.Globalization;
using DistillForge.Core;
using DistillForge.Evaluation;
using DistillForge.Llama;

namespace DistillForge.Runs.Stages;

/// <summary>What one GGUF answers, and what it costs to run it here.</summary>
/// <param name="Talk">Answers to held-out prompts that nobody knows the right answer to; empty where there are questions with known ones.</param>
sealed record MeasuredModel(ModelScores Scores, IReadOnlyList<TaskScore> Tasks, IReadOnlyList<GradedAnswer> Talk)
{
    /// <summary>What the first figure of every table is about.</summary>
    public const string ExactMeasure = "exact match";

    /// <summary>Answers to questions in another form, each beside that to the question as it is.</summary>
    public IReadOnlyList<PerturbedAnswer> Perturbed { get; private init; } = [];

    /// <summary>What measuring took, by part: <c>questions</c>, <c>speed</c> and <c>robustness</c>.</summary>
    public IReadOnlyDictionary<string, double> Seconds { get; private init; } = new Dictionary<string, double>();

    const int FirstTokenQuestions = 16;

    /// <param name="questions">Of each benchmark at most so many, and no speed: for a model that is only there to be compared with.</param>
    /// <param name="perturbed">Asked once more in another form.</param>
    public static async Task<MeasuredModel> OfAsync(
        LlamaModel model,
        IReadOnlyList<(string Name, IBenchmark Benchmark)> benchmarks,
        IBenchmark? talk,
        int maxTokens,
        int? questions,
        IProgressLog progress,
        CancellationToken cancellationToken,
        IReadOnlyList<PerturbedQuestion>? perturbed = null)
    {
        var energy = EnergyCounter.Start();
        var (seconds, start) = (new Dictionary<string, double>(), Stopwatch.GetTimestamp());
        var tasks = new List<TaskScore>();
        foreach (var (name, benchmark) in benchmarks)
        {
            var asked = questions is { } most ? new FirstQuestions(benchmark, most) : benchmark;
            tasks.Add(await TaskScore.MeasureAsync(name, asked, model, maxTokens, model.Parallel, progress, cancellationToken));
        }

        var said = talk is null ? null : await TaskScore.MeasureAsync(HeldOutBenchmark.Name, talk, model, maxTokens, model.Parallel, progress, cancellationToken);
        var answers = tasks.Sum(task => task.Answers.Count) + (said?.Answers.Count ?? 0);
        var scores = Of(tasks) with { Parameters = model.Parameters, Bytes = new FileInfo(model.Path).Length, JoulesPerAnswer = answers == 0 ? null : energy?.Joules / answers };
        Took("questions");
        if (questions is null)
        {
            var speed = await model.MeasureSpeedAsync(cancellationToken);
            scores = scores with
            {
                TokensPerSecond = Math.Round(speed.Single, 1),
                PromptTokensPerSecond = Math.Round(speed.Prompt, 1),
                FirstTokenMilliseconds = await FirstTokenAsync(model, tasks.SelectMany(task => task.Answers).Concat(said?.Answers ?? []), cancellationToken),
                MemoryBytes = PeakMemory(model.WorkerProcessId),
            };
        }

        Took("speed");
        var otherwise = await PerturbedAsync();
        Took("robustness");
        return new(scores, tasks, said?.Answers ?? []) { Perturbed = otherwise, Seconds = seconds };

        void Took(string part) => (seconds[part], start) = (Stopwatch.GetElapsedTime(start).TotalSeconds, Stopwatch.GetTimestamp());

        // Last, so that no figure above depends on whether it is asked for.
        async Task<IReadOnlyList<PerturbedAnswer>> PerturbedAsync()
        {
            var answered = tasks.Concat(said is null ? [] : [said]).ToDictionary(task => task.Benchmark, task => task.Answers);
            var all = new List<PerturbedAnswer>();
            foreach (var asked in (perturbed ?? []).GroupBy(question => question.Benchmark))
            {
                var benchmark = benchmarks.FirstOrDefault(named => named.Name == asked.Key).Benchmark ?? talk!;
                all.AddRange(await PerturbedAnswer.MeasureAsync(benchmark, [.. asked], answered[asked.Key].DistinctBy(answer => answer.Question.Id).ToDictionary(answer => answer.Question.Id), model, maxTokens, model.Parallel, progress, cancellationToken));
            }

            return all;
        }
    }

    /// <summary>How far its answers are those of the teacher; null where they were not asked the same.</summary>
    public AnswerAgreement? AgreementWith(MeasuredModel teacher)
    {
        var theirs = teacher.Answers.ToDictionary(answer => answer.Key, answer => answer.Answer.Answer);
        return AnswerAgreement.Of(Answers.Where(answer => theirs.ContainsKey(answer.Key)).Select(answer => (theirs[answer.Key].Trim(), answer.Answer.Answer.Trim())));
    }

    /// <summary>What it answered in words of its own, each question once; a choice that two models take is no text that both wrote.</summary>
    public IEnumerable<(string Key, GradedAnswer Answer)> Answers
        => Tasks.Where(task => task.Answers.All(answer => answer.Question.Choices.Count == 0)).SelectMany(task => task.Answers.Select(answer => ($"{task.Benchmark}/{answer.Question.Id}", answer))).Concat(Talk.Select(answer => (answer.Question.Id, answer))).Where(answer => answer.answer.Failure is null).DistinctBy(answer => answer.Item1);

    static ModelScores Of(List<TaskScore> tasks)
    {
        // Shares of right answers are not mixed with F1 and the like, which have their own table.
        tasks = tasks.FindAll(task => task.Measure == ExactMeasure);
        var primary = tasks.FirstOrDefault();
        var byTask = tasks.Count > 1 || primary?.Benchmark == HeldOutBenchmark.Name
            ? tasks.ToDictionary(task => task.Benchmark, task => task.Mean)
            : primary?.ByCategory.ToDictionary(category => category.Benchmark, category => category.Mean);
        return new(0, 0, primary?.Mean, null, ExactMatchInterval: primary is null ? null : Range95.Of(primary.RightInterval), ExactMatchByCategory: byTask) { Questions = primary?.Answers.Count };
    }

    // One at a time, as one person asks.
    static async Task<double?> FirstTokenAsync(LlamaModel model, IEnumerable<GradedAnswer> answered, CancellationToken cancellationToken)
    {
        var questions = answered.Where(answer => answer.Failure is null).Take(FirstTokenQuestions).ToList();
        var times = new List<double>();
        foreach (var question in questions)
        {
            var start = Stopwatch.GetTimestamp();
            await model.CompleteAsync(new Prompt(question.Question.Id, question.Question.Messages), new Sampling(Temperature: 0, MaxTokens: 1), cancellationToken);
            times.Add(Stopwatch.GetElapsedTime(start).TotalMilliseconds);
        }

        times.Sort();
        return times.Count == 0 ? null : Math.Round(times[times.Count / 2], 2);
    }

    // Linux counts it for each process; elsewhere nobody does.
    static long? PeakMemory(int process)
    {
        try
        {
            var line = File.ReadLines($"/proc/{process}/status").FirstOrDefault(line => line.StartsWith("VmHWM:", StringComparison.Ordinal));
            return line is null ? null : 1024 * long.Parse(line["VmHWM:".Length..].Replace("kB", "").Trim(), CultureInfo.InvariantCulture);
        }
        catch (Exception e) when (e is IOException or FormatException)
        {
            return null;
        }
    }
}

/// <summary>The beginning of a benchmark.</summary>
sealed class FirstQuestions(IBenchmark inner, int most) : IBenchmark
{
    public string Measure => inner.Measure;

    public string? Title => inner.Title;

    public Grade Judge(Question question, string answer) => inner.Judge(question, answer);

    public IEnumerable<Question> Questions() => inner.Questions().Take(most);

    public double Grade(Question question, string answer) => inner.Grade(question, answer);
}
