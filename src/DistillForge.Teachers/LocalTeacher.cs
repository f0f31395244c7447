using System.Runtime.CompilerServices;
using System.Threading.Channels;
using DistillForge.Core;

namespace DistillForge.Teachers;

/// <summary>Who answers, and under which terms; goes into every row.</summary>
/// <param name="Template">Fingerprint of the chat template.</param>
/// <param name="AtOnce">Prompts in flight, so that the model can batch them.</param>
public sealed record LocalTeacherOptions(string Author, string AuthorSha256, string? License, string? Terms, string Template, int AtOnce);

/// <summary>A model on this machine answers; answers come in the order in which they are finished.</summary>
public sealed class LocalTeacher(ILanguageModel model, Sampling sampling, LocalTeacherOptions options) : ITeacher
{
    public string Identity => options.AuthorSha256;

    public async IAsyncEnumerable<Answer> AnswerAsync(IAsyncEnumerable<Prompt> prompts, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        // As many unread answers as prompts in flight: whoever reads slowly is asked slowly.
        var answers = Channel.CreateBounded<Answer>(options.AtOnce);
        var asking = AskAllAsync(prompts, answers.Writer, stop.Token);
        try
        {
            await foreach (var answer in answers.Reader.ReadAllAsync(cancellationToken))
            {
                yield return answer;
            }
        }
        finally
        {
            await stop.CancelAsync();
            await asking.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    // An error of the model (not of a row) ends the channel and reaches the reader from there.
    async Task AskAllAsync(IAsyncEnumerable<Prompt> prompts, ChannelWriter<Answer> answers, CancellationToken cancellationToken)
    {
        try
        {
            var parallel = new ParallelOptions { MaxDegreeOfParallelism = options.AtOnce, CancellationToken = cancellationToken };
            await Parallel.ForEachAsync(prompts, parallel, async (prompt, token) => await answers.WriteAsync(await AnswerAsync(prompt, token), token));
            answers.Complete();
        }
        catch (Exception error)
        {
            answers.Complete(error);
            throw;
        }
    }

    async Task<Answer> AnswerAsync(Prompt prompt, CancellationToken cancellationToken)
    {
        try
        {
            var completion = await model.CompleteAsync(prompt, sampling, cancellationToken);
            return Answer.Of(Row(prompt, completion));
        }
        catch (CompletionFailedException failure)
        {
            return Answer.Of(new Failure(prompt.Id, failure.Code, failure.Message));
        }
    }

    Example Row(Prompt prompt, Completion completion) => new()
    {
        Id = prompt.Id,
        Prompt = prompt.Messages,
        Completion = [Message.Assistant(completion.Text)],
        Author = options.Author,
        AuthorSha256 = options.AuthorSha256,
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
}
