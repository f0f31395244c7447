using System.Runtime.CompilerServices;
using DistillForge.Core;
using DistillForge.Llama;
using Microsoft.Extensions.AI;

namespace DistillForge.Teachers;

/// <summary>
/// A model on this machine as an <see cref="IChatClient"/>, for Semantic Kernel and whatever else speaks it. What the model thought of each
/// token comes as a <see cref="TokenTrace"/> in the response's additional properties (<see cref="ChatProperties.GetTrace"/>).
/// </summary>
/// <param name="model">Stays its owner's: disposing this client leaves it running.</param>
/// <param name="defaults">What a caller's <see cref="ChatOptions"/> leave open.</param>
public sealed class LocalChatClient(ILanguageModel model, Sampling defaults, string name = "local") : IChatClient
{
    int asked;

    /// <exception cref="CompletionFailedException">This conversation cannot be answered, e.g. because it is too long.</exception>
    /// <exception cref="NotSupportedException">The options ask for what a local model does not do: tools, or parts that are no text.</exception>
    public async Task<ChatResponse> GetResponseAsync(IEnumerable<ChatMessage> messages, ChatOptions? options = null, CancellationToken cancellationToken = default)
    {
        if (options?.Tools is { Count: > 0 })
        {
            throw new NotSupportedException("a local model calls no tools");
        }

        // Without a seed, each call draws anew, and a program draws the same each time that it runs.
        var seed = options?.Seed ?? Seeds.Derive(0, "chat", Interlocked.Increment(ref asked).ToString());
        var id = $"{name}-{seed}";
        var completion = await model.CompleteAsync(new Prompt(id, Conversation(messages, options), seed & long.MaxValue), Sampling(options), cancellationToken);
        return new ChatResponse(new ChatMessage(ChatRole.Assistant, completion.Text) { MessageId = id })
        {
            ResponseId = id,
            ModelId = name,
            FinishReason = new ChatFinishReason(completion.FinishReason),
            Usage = new UsageDetails { InputTokenCount = completion.PromptTokens, OutputTokenCount = completion.CompletionTokens, TotalTokenCount = completion.PromptTokens + completion.CompletionTokens },
            AdditionalProperties = completion.Trace is { } trace ? new AdditionalPropertiesDictionary { [ChatProperties.Trace] = trace } : null,
        };
    }

    /// <summary>The answer as updates. The engine hands over whole answers, so the text comes in one.</summary>
    public async IAsyncEnumerable<ChatResponseUpdate> GetStreamingResponseAsync(IEnumerable<ChatMessage> messages, ChatOptions? options = null, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        foreach (var update in (await GetResponseAsync(messages, options, cancellationToken)).ToChatResponseUpdates())
        {
            yield return update;
        }
    }

    public object? GetService(Type serviceType, object? serviceKey = null)
        => serviceKey is not null ? null
            : serviceType == typeof(ChatClientMetadata) ? new ChatClientMetadata("distillforge", null, (model as LlamaModel)?.Sha256 ?? name)
            : serviceType.IsInstanceOfType(this) ? this
            : serviceType.IsInstanceOfType(model) ? model
            : null;

    public void Dispose()
    {
    }

    static List<Message> Conversation(IEnumerable<ChatMessage> messages, ChatOptions? options)
    {
        List<Message> conversation = options?.Instructions is { Length: > 0 } instructions ? [Message.System(instructions)] : [];
        foreach (var message in messages)
        {
            if (message.Contents.FirstOrDefault(content => content is not (TextContent or TextReasoningContent or UsageContent)) is { } foreign)
            {
                throw new NotSupportedException($"a local model reads text, not {foreign.GetType().Name}");
            }

            conversation.Add(new Message(message.Role.Value, message.Text));
        }

        return conversation;
    }

    Sampling Sampling(ChatOptions? options)
    {
        if (options is null)
        {
            return defaults;
        }

        var basis = options.AdditionalProperties?.TryGetValue(ChatProperties.Sampling, out Sampling? given) == true && given is not null ? given : defaults;
        return basis with
        {
            Temperature = options.Temperature ?? basis.Temperature,
            TopK = options.TopK ?? basis.TopK,
            TopP = options.TopP ?? basis.TopP,
            MaxTokens = options.MaxOutputTokens ?? basis.MaxTokens,
            Stop = options.StopSequences is { Count: > 0 } stop ? [.. stop] : basis.Stop,
            JsonSchema = options.ResponseFormat switch
            {
                ChatResponseFormatJson { Schema: { } schema } => schema.GetRawText(),
                // Any object: what the caller asked for without saying which.
                ChatResponseFormatJson => """{"type":"object"}""",
                _ => basis.JsonSchema,
            },
        };
    }
}
