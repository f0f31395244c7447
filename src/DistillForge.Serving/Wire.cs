using System.Text.Json;

namespace DistillForge.Serving;

/// <summary>How answers are written: names as OpenAI's, nothing left out that is null.</summary>
static class Wire
{
    public static JsonSerializerOptions Json { get; } = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        // JSON over HTTP, never inside a page: letters stay letters.
        Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
        DictionaryKeyPolicy = null,
    };
}

/// <summary>Tokens of a whole request.</summary>
sealed record Usage(int PromptTokens, int CompletionTokens, int TotalTokens, PromptTokensDetails PromptTokensDetails)
{
    public static Usage Of(int promptTokens, IReadOnlyList<Completion> completions)
    {
        var completion = completions.Sum(one => one.CompletionTokens);
        return new Usage(promptTokens, completion, promptTokens + completion, new PromptTokensDetails(completions.Count == 0 ? 0 : completions.Max(one => one.CachedTokens)));
    }
}

sealed record PromptTokensDetails(int CachedTokens);

/// <summary>A response, or a piece of one.</summary>
sealed record Envelope<T>(string Id, string Object, long Created, string Model, string SystemFingerprint, IReadOnlyList<T> Choices, Usage? Usage);

sealed record ChatMessage(string Role, string Content, string? Refusal);

sealed record ChatChoice(int Index, ChatMessage Message, ChatLogprobs? Logprobs, string FinishReason);

sealed record ChatDelta(
    [property: System.Text.Json.Serialization.JsonIgnore(Condition = System.Text.Json.Serialization.JsonIgnoreCondition.WhenWritingNull)] string? Role,
    [property: System.Text.Json.Serialization.JsonIgnore(Condition = System.Text.Json.Serialization.JsonIgnoreCondition.WhenWritingNull)] string? Content);

sealed record ChatDeltaChoice(int Index, ChatDelta Delta, ChatLogprobs? Logprobs, string? FinishReason);

sealed record ChatLogprobs(IReadOnlyList<ChatLogprob> Content, IReadOnlyList<ChatLogprob>? Refusal);

/// <param name="Bytes">What the token stands for; its text alone may be part of a character.</param>
sealed record ChatLogprob(string Token, float Logprob, int[] Bytes, IReadOnlyList<TopLogprob> TopLogprobs);

sealed record TopLogprob(string Token, float Logprob, int[] Bytes);

sealed record TextChoice(int Index, string Text, TextLogprobs? Logprobs, string? FinishReason);

/// <summary>One entry a token; the first token of a sequence has no log-probability.</summary>
sealed record TextLogprobs(IReadOnlyList<string> Tokens, IReadOnlyList<float?> TokenLogprobs, IReadOnlyList<Dictionary<string, float>?> TopLogprobs, IReadOnlyList<int> TextOffset);

sealed record ModelEntry(string Id, string Object, long Created, string OwnedBy, int MaxModelLen, string Sha256);

sealed record ModelList(string Object, IReadOnlyList<ModelEntry> Data);
