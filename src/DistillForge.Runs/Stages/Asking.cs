using DistillForge.Core;
using DistillForge.Data;
using DistillForge.Teachers;

namespace DistillForge.Runs.Stages;

/// <summary>Takes answers from teachers into the journal and says how far that has come.</summary>
sealed class Asking(RunContext run, AnswerJournal journal, string name, int total, int answered)
{
    // Many appends share one fsync; the queue bounds what is not yet on disk.
    const int MostUnwritten = 256;

    readonly Queue<Task<bool>> written = new();
    readonly long start = run.Clock.GetTimestamp();
    int done = answered;
    int failed;
    long tokens;

    /// <summary>Asks until every prompt is answered.</summary>
    /// <exception cref="BudgetExhaustedException">All answers that the budget allowed are on disk.</exception>
    public async Task AskAsync(ReadyTeacher teacher, TeacherSource source, OpenPrompts open, CancellationToken cancellationToken)
    {
        var described = SamplingText.Of(run.Recipe.Generate, run.IsExact(source));
        try
        {
            await AddAsync(open.Lost, cancellationToken);
            await foreach (var answer in teacher.Teacher.AnswerAsync(open.AskAsync(cancellationToken), cancellationToken))
            {
                var treated = Treated(answer, teacher, described);
                await AddAsync(treated, cancellationToken);
                await AddAsync(open.Answered(treated), cancellationToken);
            }

            await FlushAsync();
        }
        catch (BudgetExhaustedException)
        {
            await FlushAsync();
            run.Progress.Say($"  the budget ends here: {done:N0} of {total:N0} rows are answered");
            throw;
        }
    }

    public async Task AddAsync(Answer answer, CancellationToken cancellationToken)
    {
        written.Enqueue(journal.AppendAsync(answer, cancellationToken));
        if (written.Count > MostUnwritten)
        {
            await written.Dequeue();
        }

        failed += answer.Failure is null ? 0 : 1;
        tokens += answer.Example?.CompletionTokens ?? 0;
        run.Progress.Report(name, ++done, total, "rows", $"{tokens / Math.Max(0.001, run.Clock.GetElapsedTime(start).TotalSeconds):N0} tokens/s{(failed > 0 ? $", {failed} failed" : "")}");
    }

    /// <summary>Ends when everything is on disk.</summary>
    public async Task FlushAsync()
    {
        await Task.WhenAll(written);
        written.Clear();
    }

    async Task AddAsync(IReadOnlyList<Failure> lost, CancellationToken cancellationToken)
    {
        foreach (var failure in lost)
        {
            await AddAsync(Answer.Of(failure), cancellationToken);
        }
    }

    Answer Treated(Answer answer, ReadyTeacher teacher, string described)
        => Reasoning.Treat(answer.Example is { } example ? Answer.Of(example with { Sampling = described }) : answer, run.Recipe.Generate.Reasoning, teacher.Tokenizer);
}

/// <summary>What a run may spend, all its sessions together.</summary>
static class Budgets
{
    /// <summary>Null where nothing is limited and nothing costs money.</summary>
    public static BudgetMeter? Open(RunContext run)
    {
        var limits = run.Recipe.Budget;
        return limits is { MaxCostUsd: null, MaxTokens: null, MaxHours: null } && run.Asked.All(asked => asked.Api is null)
            ? null
            : new BudgetMeter(new Budget(limits.MaxCostUsd, limits.MaxTokens, limits.MaxHours), run.Clock, run.Folder.In("spending.txt"));
    }
}
