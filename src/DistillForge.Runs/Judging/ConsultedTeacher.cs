using System.Collections.Concurrent;
using System.Threading.Channels;
using DistillForge.Core;
using DistillForge.Data;
using DistillForge.Runs.Stages;
using DistillForge.Teachers;
using DistillForge.Text;

namespace DistillForge.Runs.Judging;

/// <summary>A teacher that is asked one question at a time by many callers: it is opened at the first one, and batches what comes side by side.</summary>
sealed class ConsultedTeacher(RunContext run, TeacherSource source, string identity, Lazy<BudgetMeter?> budget) : IJudge, IAsyncDisposable
{
    readonly Channel<Prompt> questions = Channel.CreateUnbounded<Prompt>();
    readonly ConcurrentDictionary<string, TaskCompletionSource<Answer>> waiting = new(StringComparer.Ordinal);
    readonly CancellationTokenSource stop = new();
    readonly Lock gate = new();
    Sampling? asked;
    Task? answering;

    public string Name => source.DisplayName;

    public string Identity => identity;

    public ITokenizer? Tokenizer { get; private set; }

    /// <exception cref="ForgeException">The model cannot be opened, or nobody answers any more.</exception>
    public Task<Answer> AskAsync(Prompt prompt, Sampling sampling, CancellationToken cancellationToken)
    {
        lock (gate)
        {
            asked ??= sampling;
            if (asked != sampling)
            {
                throw new InvalidOperationException($"{Name} was opened for other questions");
            }

            answering ??= Task.Run(AnswerAsync, CancellationToken.None);
        }

        var answer = new TaskCompletionSource<Answer>(TaskCreationOptions.RunContinuationsAsynchronously);
        waiting[prompt.Id] = answer;
        // After the writer is closed nobody answers: the reason is in the task that closed it.
        return questions.Writer.TryWrite(prompt) ? answer.Task.WaitAsync(cancellationToken) : WhyAsync();
    }

    async Task<Answer> WhyAsync()
    {
        await questions.Reader.Completion;
        throw new OperationCanceledException();
    }

    async Task AnswerAsync()
    {
        try
        {
            await using var teacher = await ReadyTeacher.OpenAsync(run, source, asked!, budget.Value, stop.Token);
            Tokenizer = teacher.Tokenizer;
            await foreach (var answer in teacher.Teacher.AnswerAsync(questions.Reader.ReadAllAsync(stop.Token), stop.Token))
            {
                if (waiting.TryRemove(answer.Id, out var caller))
                {
                    caller.SetResult(answer);
                }
            }
        }
        catch (Exception exception) when (End(exception))
        {
            // Told to everybody who waits.
        }
    }

    bool End(Exception exception)
    {
        questions.Writer.TryComplete(exception);
        while (questions.Reader.TryRead(out _))
        {
            // What nobody will answer any more; a reader that is drained completes.
        }

        foreach (var caller in waiting.Values)
        {
            caller.TrySetException(exception);
        }

        return true;
    }

    public async ValueTask DisposeAsync()
    {
        questions.Writer.TryComplete();
        await stop.CancelAsync();
        if (answering is not null)
        {
            await answering;
        }

        stop.Dispose();
    }
}
