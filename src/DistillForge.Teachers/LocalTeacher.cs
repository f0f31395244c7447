using System.Runtime.CompilerServices;
using System.Threading.Channels;
using DistillForge.Core;

namespace DistillForge.Teachers;

/// <summary>A model on this machine as a teacher: as many prompts in flight as it batches, answers in the order in which they are finished.</summary>
[Component("local")]
public sealed class LocalTeacher(LocalTeacher.Options options, ILanguageModel model, Sampling sampling) : ITeacher
{
    /// <summary>What every answer says about where it comes from.</summary>
    /// <param name="Author">Who answers, e.g. <c>home-teacher</c>.</param>
    /// <param name="Sha256">Of the weights; the teacher's identity.</param>
    /// <param name="Template">Fingerprint of the chat template.</param>
    /// <param name="InFlight">Prompts that are asked and not yet taken as answers; twice what is decoded side by side keeps the engine busy.</param>
    public sealed record Options(string Author = "local", string Sha256 = "", string? License = null, string? Terms = null, string Template = "", int InFlight = 64);

    public string Identity => options.Sha256;

    public async IAsyncEnumerable<Answer> AnswerAsync(IAsyncEnumerable<Prompt> prompts, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        using var flight = new Flight(Math.Max(1, options.InFlight));
        var asking = AskAllAsync(prompts, flight, stop.Token);
        try
        {
            await foreach (var answer in flight.Answers.ReadAllAsync(cancellationToken))
            {
                yield return answer;
                flight.Land();
            }
        }
        finally
        {
            await stop.CancelAsync();
            await asking;
        }
    }

    // Never throws: what goes wrong ends the stream of answers.
    async Task AskAllAsync(IAsyncEnumerable<Prompt> prompts, Flight flight, CancellationToken cancellationToken)
    {
        try
        {
            await foreach (var prompt in prompts.WithCancellation(cancellationToken))
            {
                await flight.TakeOffAsync(cancellationToken);
                _ = AskAsync(prompt, flight, cancellationToken);
            }

            await flight.AllLandedAsync(cancellationToken);
            flight.End(null);
        }
        catch (Exception why)
        {
            flight.End(why);
        }

        await flight.AllAnsweredAsync();
    }

    async Task AskAsync(Prompt prompt, Flight flight, CancellationToken cancellationToken)
    {
        try
        {
            flight.Add(Answer.Of(Write(prompt, await model.CompleteAsync(prompt, sampling, cancellationToken))));
        }
        catch (CompletionFailedException failure)
        {
            flight.Add(Answer.Of(new Failure(prompt.Id, failure.Code, failure.Message)));
        }
        catch (Exception why)
        {
            flight.End(why);
        }
        finally
        {
            flight.Answered();
        }
    }

    Example Write(Prompt prompt, Completion completion) => new()
    {
        Id = prompt.Id,
        Prompt = prompt.Messages,
        Completion = [Message.Assistant(completion.Text)],
        Author = options.Author,
        AuthorSha256 = options.Sha256.Length > 0 ? options.Sha256 : null,
        License = options.License,
        Terms = options.Terms,
        FinishReason = completion.FinishReason,
        Sampling = sampling.Describe(),
        Seed = prompt.Seed,
        PromptTokens = completion.PromptTokens,
        CompletionTokens = completion.CompletionTokens,
        Seconds = completion.Elapsed.TotalSeconds,
        Source = prompt.Source,
        Template = options.Template,
        Expected = prompt.Expected,
        Category = prompt.Category,
        Trace = completion.Trace is { } trace ? trace with { Id = prompt.Id } : null,
    };

    /// <summary>
    /// The prompts between being asked and their answers being taken. A seat is free again only when its answer was taken, so prompts
    /// are read as fast as answers are used.
    /// </summary>
    sealed class Flight(int seats) : IDisposable
    {
        readonly SemaphoreSlim free = new(seats);
        readonly Channel<Answer> answers = Channel.CreateUnbounded<Answer>();
        readonly TaskCompletionSource allAnswered = new(TaskCreationOptions.RunContinuationsAsynchronously);
        int open = 1; // and one for the prompts themselves

        public ChannelReader<Answer> Answers => answers.Reader;

        public async Task TakeOffAsync(CancellationToken cancellationToken)
        {
            await free.WaitAsync(cancellationToken);
            Interlocked.Increment(ref open);
        }

        public void Add(Answer answer) => answers.Writer.TryWrite(answer);

        public void Land() => free.Release();

        public async Task AllLandedAsync(CancellationToken cancellationToken)
        {
            for (var seat = 0; seat < seats; seat++)
            {
                await free.WaitAsync(cancellationToken);
            }
        }

        public void End(Exception? why) => answers.Writer.TryComplete(why);

        public void Answered()
        {
            if (Interlocked.Decrement(ref open) == 0)
            {
                allAnswered.TrySetResult();
            }
        }

        /// <summary>Nobody works on a prompt any more.</summary>
        public Task AllAnsweredAsync()
        {
            Answered();
            return allAnswered.Task;
        }

        public void Dispose() => free.Dispose();
    }
}
