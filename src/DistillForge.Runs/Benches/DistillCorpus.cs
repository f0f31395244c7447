using DistillForge.Core;
using DistillForge.Data;
using DistillForge.Llama;
using DistillForge.Text;

namespace DistillForge.Runs.Benches;

/// <summary>The rows of the distill bench: what the teacher answers at temperature 1, and what it thinks of the known answers.</summary>
/// <param name="Answers">By question, as many as the teacher could answer.</param>
/// <param name="Gold">By question: the known answer, read by the teacher.</param>
/// <param name="TestAnswers">The teacher's answers to test questions, to measure the KL on.</param>
sealed record DistillCorpus(DistillTask Task, Vocabulary Vocabulary, IReadOnlyDictionary<string, TokenTrace> Answers, IReadOnlyDictionary<string, TokenTrace> Gold, IReadOnlyDictionary<string, TokenTrace> TestAnswers)
{
    const int LongestAnswer = 64;

    // As a recipe captures that says nothing of it, and at the other temperature that a method trains at.
    static readonly Want.Head Capture = new GenerateSettings().ToCapture()! with { Temperatures = [1, DistillMethod.WarmTemperature] };

    public static async Task<DistillCorpus> CaptureAsync(DistillTask task, LlamaOptions options, BenchFolder folder, IProgressLog log, CancellationToken cancellationToken)
    {
        await using var teacher = await LlamaModel.OpenAsync(task.Gguf, options, cancellationToken);
        var key = FormattableString.Invariant($"{teacher.Sha256[..8]}-{Sha256.OfFile(task.Data)[..8]}-{task.Training.Count}-T{DistillMethod.WarmTemperature}");
        Task<TokenTrace?> Ask(Question question) => AnswerAsync(teacher, question, cancellationToken);
        Task<TokenTrace?> Read(Question question) => ReadAsync(teacher, question, cancellationToken);
        return new DistillCorpus(
            task,
            teacher.Tokens,
            await KeptAsync(folder.In($"answers-{key}.parquet"), "answers", task.Training, teacher.Parallel * 2, Ask, log, cancellationToken),
            await KeptAsync(folder.In($"gold-{key}.parquet"), "gold", task.Training, teacher.Parallel * 2, Read, log, cancellationToken),
            await KeptAsync(folder.In($"test-{key}-{task.Test.Count}.parquet"), "test", task.Test, teacher.Parallel * 2, Ask, log, cancellationToken));
    }

    /// <summary>What a student of this method and seed trains on; the seed draws whose answers are known.</summary>
    public IReadOnlyList<TokenTrace> Rows(DistillMethod method, long seed)
    {
        var order = Task.Training.Where(question => Answers.ContainsKey(question.Id) && Gold.ContainsKey(question.Id)).OrderBy(question => Seeds.Derive(seed, "share", question.Id)).ToList();
        var known = (int)Math.Round(method.Gold * order.Count);
        return [.. order.Take(known).Select(question => Gold[question.Id]), .. method.AsksTeacher ? order.Skip(known).Select(question => Answers[question.Id]) : []];
    }

    static async Task<IReadOnlyDictionary<string, TokenTrace>> KeptAsync(string path, string what, IReadOnlyList<Question> questions, int atOnce, Func<Question, Task<TokenTrace?>> ask, IProgressLog log, CancellationToken cancellationToken)
    {
        if (!File.Exists(path))
        {
            var traces = new List<TokenTrace>();
            await foreach (var (question, trace) in InFlight.RunAsync(questions, atOnce, ask))
            {
                log.Report(what, traces.Count, questions.Count, "rows");
                traces.AddRange(trace is null ? [] : [trace with { Id = question.Id }]);
            }

            await TracesFile.WriteAsync(path, traces.ToAsyncEnumerable(), cancellationToken);
        }

        return await TracesFile.ReadAsync([path], cancellationToken).ToDictionaryAsync(trace => trace.Id, cancellationToken: cancellationToken);
    }

    static async Task<TokenTrace?> AnswerAsync(LlamaModel teacher, Question question, CancellationToken cancellationToken)
    {
        try
        {
            var seed = Seeds.Derive(7, "distill", question.Id);
            return (await teacher.CompleteAsync(new Prompt(question.Id, question.Messages, seed), new Sampling(MaxTokens: LongestAnswer, Capture: Capture), cancellationToken)).Trace;
        }
        catch (CompletionFailedException)
        {
            // A question that is too long for the model: nobody sees it.
            return null;
        }
    }

    static async Task<TokenTrace?> ReadAsync(LlamaModel teacher, Question question, CancellationToken cancellationToken)
    {
        try
        {
            return await teacher.ScoreAsync(teacher.Dialogue.Sequence(question.Messages, question.Expected), Capture, cancellationToken);
        }
        catch (CompletionFailedException)
        {
            return null;
        }
    }
}
