using System.Text.Json;

namespace DistillForge.Teachers;

/// <summary>One answer of a reply, with its share of the costs.</summary>
/// <param name="Body">A chat completion that holds this choice alone.</param>
sealed record PaidChoice(ChatChoice Choice, byte[] Body, long PromptTokens, long CompletionTokens, double CostUsd, double Seconds)
{
    /// <summary>The choices of a reply, at most as many as were asked for.</summary>
    public static IEnumerable<PaidChoice> Of(ApiReply reply, int most)
    {
        var answer = reply.Answer!;
        if (answer.Choices.Count == 1)
        {
            // Usage is written anew: the next reader shall see what was believed.
            yield return Share(answer, answer.Choices[0], 1, 0, reply);
            yield break;
        }

        var taken = Math.Min(most, answer.Choices.Count);
        for (var i = 0; i < taken; i++)
        {
            yield return Share(answer, answer.Choices[i], taken, i, reply);
        }
    }

    /// <returns>Null: what is kept can no longer be read, so it is as good as absent.</returns>
    public static PaidChoice? Of(PaidAnswer paid)
    {
        try
        {
            var answer = ChatAnswer.Parse(paid.Body);
            return new PaidChoice(answer.Choices[0], paid.Body, Math.Max(0, answer.PromptTokens), Math.Max(0, answer.CompletionTokens), paid.CostUsd, paid.Seconds);
        }
        catch (Exception error) when (error is JsonException or InvalidOperationException)
        {
            return null;
        }
    }

    static PaidChoice Share(ChatAnswer answer, ChatChoice choice, int of, int place, ApiReply reply)
    {
        // Servers tell the tokens of all choices together; the positions of each are known where there are log-probabilities.
        var completion = of > 1 && choice.LogProbs is { Count: > 0 } positions ? positions.Count : answer.CompletionTokens / of + (place < answer.CompletionTokens % of ? 1 : 0);
        return new PaidChoice(choice, Alone(reply.Body, choice.Place, answer.PromptTokens, completion), answer.PromptTokens, completion, reply.CostUsd / of, reply.Elapsed.TotalSeconds);
    }

    static byte[] Alone(byte[] whole, int place, long promptTokens, long completionTokens)
    {
        using var document = JsonDocument.Parse(whole, new JsonDocumentOptions { MaxDepth = 64 });
        using var bytes = new MemoryStream();
        using (var json = new Utf8JsonWriter(bytes))
        {
            json.WriteStartObject();
            json.WriteStartArray("choices");
            document.RootElement.GetProperty("choices")[place].WriteTo(json);
            json.WriteEndArray();
            json.WriteStartObject("usage");
            json.WriteNumber("prompt_tokens", promptTokens);
            json.WriteNumber("completion_tokens", completionTokens);
            json.WriteEndObject();
            json.WriteEndObject();
        }

        return bytes.ToArray();
    }
}
