using System.ClientModel;
using System.Text.Json;
using DistillForge.Core;
using Microsoft.Extensions.AI;

namespace DistillForge.Teachers;

/// <summary>
/// Any <see cref="IChatClient"/> as a teacher: a cloud's own client, a Semantic Kernel service (<c>AsChatClient</c>), our
/// <see cref="LocalChatClient"/>. Retries and limits are the client's own affair; traces come from clients that give them as
/// <see cref="ChatProperties.Trace"/>.
/// </summary>
public sealed class ChatClientTeacher : ITeacher
{
    readonly Options options;
    readonly IChatClient client;
    readonly Sampling sampling;
    readonly TimeProvider clock;
    readonly BudgetMeter budget;
    readonly Price? price;

    /// <param name="Identity">Names the teacher in row ids; null takes it from the client's metadata.</param>
    /// <param name="Author">Null: the client's model.</param>
    /// <param name="Template">Fingerprint of the chat template, where the client renders one that is known.</param>
    /// <param name="InFlight">Prompts asked side by side.</param>
    /// <param name="FaultsInARow">So many prompts one after another that failed by an exception of the client: it is given up, and the rest stays unanswered.</param>
    public sealed record Options(string? Identity = null, string? Author = null, string? License = null, string? Terms = null, string Template = "", int InFlight = 16, int FaultsInARow = 16);

    int faults;

    /// <param name="prices">By the client's model; what has none costs nothing.</param>
    public ChatClientTeacher(Options options, IChatClient client, Sampling sampling, TimeProvider clock, BudgetMeter? budget = null, PriceTable? prices = null)
    {
        (this.options, this.client, this.sampling, this.clock, this.budget) = (options, client, sampling, clock, budget ?? BudgetMeter.Unlimited(clock));
        var about = client.GetService(typeof(ChatClientMetadata)) as ChatClientMetadata;
        var model = about?.DefaultModelId ?? "chat-client";
        Identity = options.Identity ?? $"{about?.ProviderUri?.GetLeftPart(UriPartial.Path).TrimEnd('/') ?? about?.ProviderName ?? client.GetType().Name}#{model}";
        Author = options.Author ?? model;
        price = (prices ?? PriceTable.Empty).Find(model);
    }

    public string Identity { get; }

    string Author { get; }

    public IAsyncEnumerable<Answer> AnswerAsync(IAsyncEnumerable<Prompt> prompts, CancellationToken cancellationToken)
        => AnswerFlight.RunAsync(prompts, Math.Max(1, options.InFlight), together: 1, async (group, answered, noMore, stop) => answered(await AskAsync(group[0], noMore, stop)), cancellationToken);

    async Task<Answer> AskAsync(Prompt prompt, CancellationToken noMore, CancellationToken cancellationToken)
    {
        noMore.ThrowIfCancellationRequested();
        var most = prompt.Messages.Sum(message => System.Text.Encoding.UTF8.GetByteCount(message.Content) + 24L);
        using var reservation = await budget.ReserveAsync(price?.Of(most, sampling.MaxTokens) ?? 0, most + sampling.MaxTokens, noMore);
        var start = clock.GetTimestamp();
        try
        {
            var response = await client.GetResponseAsync(prompt.Messages.Select(message => new ChatMessage(new ChatRole(message.Role), message.Content)), Asked(prompt), cancellationToken);
            Volatile.Write(ref faults, 0);
            return Write(prompt, response, clock.GetElapsedTime(start), reservation);
        }
        catch (CompletionFailedException failure)
        {
            reservation.Settle(0, 0);
            return Answer.Of(new Failure(prompt.Id, failure.Code, failure.Message));
        }
        catch (Exception error) when (IsOfTheClient(error, cancellationToken))
        {
            return Fault(prompt, error);
        }
    }

    // A client throws what it likes; its text may hold anything, a key too, so only its kind is told.
    Answer Fault(Prompt prompt, Exception error)
    {
        var status = error switch
        {
            ClientResultException result => result.Status,
            HttpRequestException { StatusCode: { } code } => (int)code,
            _ => 0,
        };
        var detail = status > 0 ? $"{error.GetType().Name}, status {status}" : error.GetType().Name;
        return Interlocked.Increment(ref faults) >= options.FaultsInARow
            ? throw new ForgeException(new Problem(Author, $"failed {options.FaultsInARow} times in a row: {detail}.", "Answered rows are kept; run again when it is back."), ExitCode.Unavailable)
            : Answer.Of(new Failure(prompt.Id, status is >= 400 and < 500 ? "request-refused" : "client-failed", detail));
    }

    // Ours and the caller's own stop are not the client's.
    static bool IsOfTheClient(Exception error, CancellationToken cancellationToken)
        => error is not ForgeException && !(error is OperationCanceledException && cancellationToken.IsCancellationRequested);

    ChatOptions Asked(Prompt prompt)
    {
        var asked = new ChatOptions
        {
            Temperature = sampling.Temperature,
            TopK = sampling.TopK > 0 ? sampling.TopK : null,
            TopP = sampling.TopP < 1 ? sampling.TopP : null,
            MaxOutputTokens = sampling.MaxTokens,
            StopSequences = sampling.Stop is { Count: > 0 } stop ? [.. stop] : null,
            Seed = prompt.Seed,
            AdditionalProperties = new AdditionalPropertiesDictionary { [ChatProperties.Sampling] = sampling },
        };
        if (sampling.JsonSchema is { } schema)
        {
            using var document = JsonDocument.Parse(schema);
            asked.ResponseFormat = ChatResponseFormat.ForJsonSchema(document.RootElement.Clone(), "answer");
        }

        return asked;
    }

    Answer Write(Prompt prompt, ChatResponse response, TimeSpan elapsed, BudgetMeter.Reservation reservation)
    {
        var (input, output, cached) = (Tokens(response.Usage?.InputTokenCount), Tokens(response.Usage?.OutputTokenCount), Tokens(response.Usage?.CachedInputTokenCount));
        var cost = price?.Of(input, output, Math.Min(input, cached)) ?? 0;
        if (response.Usage is not null)
        {
            reservation.Settle(cost, (long)input + output);
        }

        return Answer.Of(new Example
        {
            Id = prompt.Id,
            Prompt = prompt.Messages,
            Completion = [Message.Assistant(response.Text)],
            Author = Author,
            License = options.License,
            Terms = options.Terms,
            FinishReason = response.FinishReason?.Value is "length" or "content_filter" ? response.FinishReason.Value.Value : "stop",
            Sampling = sampling.Describe(),
            Seed = prompt.Seed,
            PromptTokens = input,
            CompletionTokens = output,
            CostUsd = cost,
            Seconds = elapsed.TotalSeconds,
            Source = prompt.Source,
            Template = options.Template,
            Expected = prompt.Expected,
            Category = prompt.Category,
            Trace = response.GetTrace() is { } trace && trace.Check() is null ? trace with { Id = prompt.Id } : null,
        });
    }

    static int Tokens(long? count) => (int)Math.Clamp(count ?? 0, 0, int.MaxValue);
}
