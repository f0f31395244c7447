using System.Text.Json;

namespace DistillForge.Teachers;

/// <summary>The parts of a chat completion that are used. Everything in it was written by a stranger.</summary>
/// <param name="PromptTokens">−1 where the server did not say, or said nonsense.</param>
sealed record ChatAnswer(IReadOnlyList<ChatChoice> Choices, long PromptTokens, long CompletionTokens, long CachedTokens)
{
    // No answer of a chat model has more; it also keeps sums from overflowing.
    const long MostTokens = 1L << 40;

    /// <exception cref="JsonException">No JSON, or not the JSON of a chat completion.</exception>
    public static ChatAnswer Parse(byte[] body)
    {
        using var document = JsonDocument.Parse(body, new JsonDocumentOptions { MaxDepth = 64 });
        var root = document.RootElement;
        if (root.ValueKind != JsonValueKind.Object || !root.TryGetProperty("choices", out var choices) || choices.ValueKind != JsonValueKind.Array)
        {
            throw new JsonException(root.ValueKind == JsonValueKind.Object && root.TryGetProperty("error", out _) ? "an error with status 200" : "there are no choices");
        }

        var read = choices.EnumerateArray().Select((choice, place) => ChatChoice.Read(choice, place)).OrderBy(choice => choice.Index).ToList();
        if (read.Count == 0)
        {
            throw new JsonException("there are no choices");
        }

        var usage = root.TryGetProperty("usage", out var given) && given.ValueKind == JsonValueKind.Object ? given : default;
        var details = usage.ValueKind == JsonValueKind.Object && usage.TryGetProperty("prompt_tokens_details", out var inner) && inner.ValueKind == JsonValueKind.Object ? inner : default;
        var prompt = Count(usage, "prompt_tokens");
        return new ChatAnswer(read, prompt, Count(usage, "completion_tokens"), Math.Clamp(Count(details, "cached_tokens"), 0, Math.Max(0, prompt)));
    }

    static long Count(JsonElement of, string name)
        => of.ValueKind == JsonValueKind.Object && of.TryGetProperty(name, out var number) && number.ValueKind == JsonValueKind.Number && number.TryGetInt64(out var value) && value is >= 0 and < MostTokens ? value : -1;
}

/// <summary>One of the answers to a prompt.</summary>
/// <param name="Index">Which sample it is, by its own word.</param>
/// <param name="Place">In the list.</param>
/// <param name="FinishReason"><c>stop</c>, <c>length</c>, <c>content_filter</c>, or what else the server says.</param>
/// <param name="LogProbs">Null where there are none; see <see cref="TokenLogProb.Read"/> for those of a wrong shape.</param>
sealed record ChatChoice(int Index, int Place, string? Text, string? Reasoning, string? Refusal, string FinishReason, IReadOnlyList<TokenLogProb>? LogProbs, string? LogProbFault)
{
    public static ChatChoice Read(JsonElement choice, int position)
    {
        if (choice.ValueKind != JsonValueKind.Object || !choice.TryGetProperty("message", out var message) || message.ValueKind != JsonValueKind.Object)
        {
            throw new JsonException("a choice has no message");
        }

        var (logProbs, fault) = choice.TryGetProperty("logprobs", out var given) && given.ValueKind != JsonValueKind.Null ? TokenLogProb.Read(given) : (null, null);
        return new ChatChoice(
            choice.TryGetProperty("index", out var index) && index.ValueKind == JsonValueKind.Number && index.TryGetInt32(out var place) ? place : position,
            position,
            Read(message, "content"),
            Read(message, "reasoning_content") ?? Read(message, "reasoning"),
            Read(message, "refusal"),
            Read(choice, "finish_reason") ?? "stop",
            logProbs,
            fault);
    }

    static string? Read(JsonElement of, string name)
        => !of.TryGetProperty(name, out var text) || text.ValueKind == JsonValueKind.Null ? null
            : text.ValueKind == JsonValueKind.String ? text.GetString()
            : name == "content" ? throw new JsonException("the content is no text") : null;
}
