using DistillForge.Core;
using DistillForge.Data;
using DistillForge.Runs.Stages;

namespace DistillForge.Runs;

/// <summary>What a few rows took, a row.</summary>
/// <param name="BytesPerRow">On the disk, answers and traces, as Parquet.</param>
sealed record Probe(double PromptTokens, double CompletionTokens, double RowsPerSecond, double BytesPerRow, string Basis)
{
    static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    /// <summary>Asks some of the open prompts, from all over the list, and throws the answers away.</summary>
    public static Task<Probe> MeasureAsync(RunContext run, ReadyTeacher teacher, List<Prompt> open, CancellationToken cancellationToken)
    {
        // Enough to fill every seat twice: the first answers come while the batch is still filling.
        var count = Math.Min(open.Count, Math.Clamp(3 * teacher.Model!.Parallel, 12, 48));
        var firstTurns = open.Where(prompt => prompt.After is null).ToList();
        var chosen = firstTurns.Count == 0 ? open : firstTurns;
        var sample = Enumerable.Range(0, Math.Min(count, chosen.Count)).Select(i => chosen[(int)((long)i * chosen.Count / Math.Min(count, chosen.Count))]).ToList();
        return MeasureAsync(run, stop => teacher.Teacher.AnswerAsync(sample.ToAsyncEnumerable(), stop), "answers", cancellationToken);
    }

    /// <param name="ask">Gives answers until it is stopped.</param>
    public static async Task<Probe> MeasureAsync(RunContext run, Func<CancellationToken, IAsyncEnumerable<Answer>> ask, string what, CancellationToken cancellationToken)
    {
        var (examples, failures) = (new List<Example>(), 0);
        var start = run.Clock.GetTimestamp();
        using var patience = new CancellationTokenSource(Patience, run.Clock);
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(patience.Token, cancellationToken);
        try
        {
            await foreach (var answer in ask(stop.Token))
            {
                examples.AddRange(answer.Example is { } example ? [example] : []);
                failures += answer.Failure is null ? 0 : 1;
            }
        }
        catch (OperationCanceledException) when (patience.IsCancellationRequested && !cancellationToken.IsCancellationRequested)
        {
            // What was answered until now is the sample.
        }

        var seconds = run.Clock.GetElapsedTime(start).TotalSeconds;
        if (examples.Count == 0)
        {
            throw failures > 0
                ? new ForgeException(new Problem("teacher", $"failed on all {failures} prompts that were tried.", "Run 'generate' with a few prompts and look at failures.parquet."))
                : new ForgeException(new Problem("teacher", $"gave no answer within {Patience.TotalSeconds:0} s.", "Lower generate.max_tokens, or take a smaller teacher."));
        }

        var rows = examples.Count + failures;
        return new Probe(
            examples.Average(example => (double)example.PromptTokens),
            examples.Average(example => (double)example.CompletionTokens),
            rows / Math.Max(1e-3, seconds),
            await BytesAsync(examples, cancellationToken) / examples.Count,
            $"{rows} {what} in {seconds:0.0} s{(failures > 0 ? $", {failures} of them failures" : "")}; they were thrown away");
    }

    static async Task<double> BytesAsync(List<Example> examples, CancellationToken cancellationToken)
    {
        var folder = Directory.CreateTempSubdirectory("distillforge-plan-");
        try
        {
            var (answers, traces) = (Path.Combine(folder.FullName, "examples.parquet"), Path.Combine(folder.FullName, "traces.parquet"));
            await ExamplesFile.WriteAsync(answers, examples.ToAsyncEnumerable(), cancellationToken);
            await TracesFile.WriteAsync(traces, examples.Select(example => example.Trace).OfType<TokenTrace>().ToAsyncEnumerable(), cancellationToken);
            return new FileInfo(answers).Length + new FileInfo(traces).Length;
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }
}

/// <summary>What scoring a dataset would take.</summary>
sealed class ScorePlanning(RunContext run)
{
    const int Sample = 32;

    public async Task<(PlannedTeacher Teacher, double DiskBytes, long HeldOut)> PlanAsync(CancellationToken cancellationToken)
    {
        var stage = new DatasetStage(run);
        var (rows, aside) = await stage.ReadAsync(cancellationToken);
        var done = await Planning.KnownAsync([run.ScoresOf(""), run.ScoresOf("held-out")], cancellationToken);
        var all = rows.Concat(aside).ToList();
        var open = all.Where(row => !done.Contains(row.Id)).ToList();
        if (open.Count == 0)
        {
            return (new PlannedTeacher(run.Teacher.DisplayName, all.Count, 0, 0, 0, 0, 0, "nothing is left to do"), 0, aside.Count);
        }

        await using var model = await run.OpenScorerAsync(run.Teacher, cancellationToken);
        var count = Math.Min(Sample, open.Count);
        var sample = Enumerable.Range(0, count).Select(i => open[(int)((long)i * open.Count / count)]).ToAsyncEnumerable();
        var probe = await Probe.MeasureAsync(run, stop => Scoring.ScoreAsync(model, run.Recipe.Generate.ToCapture() ?? new Want.Head(), sample, 2 * model.Parallel, stop).Select(Counted), "rows read", cancellationToken);
        var planned = new PlannedTeacher(run.Teacher.DisplayName, all.Count, open.Count, open.Count * probe.PromptTokens, open.Count * probe.CompletionTokens, open.Count / probe.RowsPerSecond, 0, probe.Basis);
        return (planned, open.Count * probe.BytesPerRow, aside.Count);
    }

    static Answer Counted(Answer answer) => answer.Example is { Trace: { } trace } example
        ? Answer.Of(example with { PromptTokens = trace.PromptLength, CompletionTokens = trace.CompletionLength })
        : answer;
}
