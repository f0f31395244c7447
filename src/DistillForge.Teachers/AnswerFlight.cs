using System.Runtime.CompilerServices;
using System.Threading.Channels;
using DistillForge.Core;

namespace DistillForge.Teachers;

/// <summary>
/// The prompts between being asked and their answers being taken. A seat is free again only when its answer was taken, so prompts are read
/// as fast as answers are used.
/// </summary>
sealed class AnswerFlight : IDisposable
{
    readonly SemaphoreSlim free;
    readonly int seats;
    readonly Channel<Answer> answers = Channel.CreateUnbounded<Answer>();
    readonly CancellationTokenSource noMore = new();
    readonly Lock gate = new();
    readonly TaskCompletionSource allAnswered = new(TaskCreationOptions.RunContinuationsAsynchronously);
    int open = 1; // and one for the prompts themselves
    Exception? why;

    AnswerFlight(int seats) => (this.seats, free) = (seats, new SemaphoreSlim(seats));

    /// <summary>Asks for some prompts at once and says each answer as it comes. What it throws ends the asking; prompts without an answer then have none.</summary>
    /// <param name="noMore">Cancelled when no further request may be sent; those that were sent may still be answered.</param>
    public delegate Task Ask(IReadOnlyList<Prompt> prompts, Action<Answer> answered, CancellationToken noMore, CancellationToken cancellationToken);

    /// <summary>Answers in the order in which they come. If the asking ended, all answers that were still under way come first, then its reason is thrown.</summary>
    /// <param name="seats">Prompts in flight, answers that nobody has taken included.</param>
    /// <param name="together">Prompts with the same messages, one after another, that are asked at once.</param>
    public static async IAsyncEnumerable<Answer> RunAsync(IAsyncEnumerable<Prompt> prompts, int seats, int together, Ask ask, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        using var flight = new AnswerFlight(Math.Max(seats, 2 * together));
        var asking = flight.AskAllAsync(prompts, together, ask, stop.Token);
        try
        {
            await foreach (var answer in flight.answers.Reader.ReadAllAsync(cancellationToken))
            {
                yield return answer;
                flight.free.Release();
            }
        }
        finally
        {
            await stop.CancelAsync();
            await asking;
        }
    }

    // Never throws: what goes wrong ends the stream of answers.
    async Task AskAllAsync(IAsyncEnumerable<Prompt> prompts, int together, Ask ask, CancellationToken cancellationToken)
    {
        try
        {
            using var reading = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, noMore.Token);
            await foreach (var group in GroupsAsync(prompts, together, reading.Token))
            {
                Interlocked.Increment(ref open);
                _ = AskAsync(group, ask, cancellationToken);
            }
        }
        catch (Exception reason)
        {
            Stop(reason);
        }

        Answered();
        await allAnswered.Task;
        lock (gate)
        {
            answers.Writer.TryComplete(why);
        }
    }

    // Never throws either.
    async Task AskAsync(IReadOnlyList<Prompt> prompts, Ask ask, CancellationToken cancellationToken)
    {
        var answered = 0;
        try
        {
            await ask(prompts, Add, noMore.Token, cancellationToken);
            if (answered != prompts.Count)
            {
                throw new InvalidOperationException($"{prompts.Count} prompts got {answered} answers");
            }
        }
        catch (Exception reason)
        {
            Stop(reason);
        }
        finally
        {
            Answered();
        }

        void Add(Answer answer)
        {
            Interlocked.Increment(ref answered);
            answers.Writer.TryWrite(answer);
        }
    }

    void Answered()
    {
        if (Interlocked.Decrement(ref open) == 0)
        {
            allAnswered.SetResult();
        }
    }

    // The first reason counts: what comes after it is usually its consequence.
    void Stop(Exception reason)
    {
        lock (gate)
        {
            why ??= reason;
        }

        noMore.Cancel();
    }

    async IAsyncEnumerable<IReadOnlyList<Prompt>> GroupsAsync(IAsyncEnumerable<Prompt> prompts, int together, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        List<Prompt> group = [];
        await foreach (var prompt in prompts.WithCancellation(cancellationToken))
        {
            if (group.Count > 0 && (group.Count == together || !group[0].Messages.SequenceEqual(prompt.Messages)))
            {
                yield return group;
                group = [];
            }

            // Nobody waits for a seat while a group is held back that could take off.
            if (!await free.WaitAsync(0, cancellationToken))
            {
                if (group.Count > 0)
                {
                    yield return group;
                    group = [];
                }

                await free.WaitAsync(cancellationToken);
            }

            group.Add(prompt);
            if (group.Count == together)
            {
                yield return group;
                group = [];
            }
        }

        if (group.Count > 0)
        {
            yield return group;
        }
    }

    public void Dispose()
    {
        free.Dispose();
        noMore.Dispose();
    }
}
