using System.Text;
using DistillForge.Core;

namespace DistillForge.Teachers;

/// <summary>A model on this machine as a teacher: as many prompts in flight as it batches, answers in the order in which they are finished.</summary>
/// <param name="budget">Shared by all teachers of a run; null counts nothing.</param>
[Component("local")]
public sealed class LocalTeacher(LocalTeacher.Options options, ILanguageModel model, Sampling sampling, BudgetMeter? budget = null) : ITeacher
{
    /// <summary>What every answer says about where it comes from.</summary>
    /// <param name="Author">Who answers, e.g. <c>home-teacher</c>.</param>
    /// <param name="Sha256">Of the weights; the teacher's identity.</param>
    /// <param name="Template">Fingerprint of the chat template.</param>
    /// <param name="InFlight">Prompts that are asked and not yet taken as answers; twice what is decoded side by side keeps the engine busy.</param>
    /// <param name="Fit">Makes a conversation fit into the context; null leaves it as it is.</param>
    public sealed record Options(
        string Author = "local",
        string Sha256 = "",
        string? License = null,
        string? Terms = null,
        string Template = "",
        int InFlight = 64,
        Func<IReadOnlyList<Message>, IReadOnlyList<Message>>? Fit = null);

    public string Identity => options.Sha256;

    /// <exception cref="BudgetExhaustedException">After the last answer that the budget allowed.</exception>
    public IAsyncEnumerable<Answer> AnswerAsync(IAsyncEnumerable<Prompt> prompts, CancellationToken cancellationToken)
        => AnswerFlight.RunAsync(prompts, Math.Max(1, options.InFlight), together: 1, AskAsync, cancellationToken);

    async Task AskAsync(IReadOnlyList<Prompt> prompts, Action<Answer> answered, CancellationToken noMore, CancellationToken cancellationToken)
    {
        foreach (var prompt in prompts)
        {
            noMore.ThrowIfCancellationRequested();
            using var waiting = CancellationTokenSource.CreateLinkedTokenSource(noMore, cancellationToken);
            using var reserved = budget is null ? null : await budget.ReserveAsync(0, MostTokens(prompt), waiting.Token);
            var answer = await AskAsync(prompt, cancellationToken);
            reserved?.Settle(0, answer.Example is { } example ? example.PromptTokens + example.CompletionTokens : 0);
            answered(answer);
        }
    }

    async Task<Answer> AskAsync(Prompt prompt, CancellationToken cancellationToken)
    {
        try
        {
            var asked = options.Fit is { } fit ? prompt with { Messages = fit(prompt.Messages) } : prompt;
            return Answer.Of(Write(asked, await model.CompleteAsync(asked, sampling, cancellationToken)));
        }
        catch (CompletionFailedException failure)
        {
            return Answer.Of(new Failure(prompt.Id, failure.Code, failure.Message));
        }
    }

    // No tokenizer makes more tokens than bytes; a template's marks are some tokens a message.
    long MostTokens(Prompt prompt) => sampling.MaxTokens + 8 + prompt.Messages.Sum(message => 8 + Encoding.UTF8.GetByteCount(message.Content));

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
}
