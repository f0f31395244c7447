using System.Text;
using System.Text.Json;

namespace DistillForge.Teachers;

/// <summary>A token as a server names it, and what it thought of it.</summary>
/// <param name="Bytes">What the token stands for; null where the server gave no bytes and no clean text.</param>
/// <param name="Id">The id, where the server gives it (llama-server, and vLLM on request); −1 elsewhere.</param>
readonly record struct NamedToken(string Text, byte[]? Bytes, int Id, float LogProb);

/// <summary>One position of an answer: the token that was drawn and the likeliest ones.</summary>
sealed record TokenLogProb(NamedToken Token, IReadOnlyList<NamedToken> Top)
{
    // OpenAI writes -9999 for "hardly ever"; nothing sensible is below.
    const double Least = -10000;

    // Probabilities add up to 1 but for rounding.
    const double MostMass = 1.02;

    /// <returns>The positions; or none and what is wrong with their shape.</returns>
    public static (IReadOnlyList<TokenLogProb>? Positions, string? Fault) Read(JsonElement logProbs)
    {
        try
        {
            if (logProbs.ValueKind != JsonValueKind.Object)
            {
                throw new JsonException("logprobs is no object");
            }

            if (!logProbs.TryGetProperty("content", out var content) || content.ValueKind == JsonValueKind.Null)
            {
                return (null, null);
            }

            return (content.ValueKind == JsonValueKind.Array ? [.. content.EnumerateArray().Select(ReadPosition)] : throw new JsonException("logprobs.content is no list"), null);
        }
        catch (JsonException error)
        {
            return (null, error.Message);
        }
    }

    static TokenLogProb ReadPosition(JsonElement position)
    {
        var token = ReadToken(position);
        var top = !position.TryGetProperty("top_logprobs", out var list) || list.ValueKind == JsonValueKind.Null ? []
            : list.ValueKind == JsonValueKind.Array ? list.EnumerateArray().Select(ReadToken).ToArray()
            : throw new JsonException("top_logprobs is no list");
        if (top.Sum(entry => Math.Exp(entry.LogProb)) > MostMass)
        {
            throw new JsonException("the probabilities of a position add up to more than 1");
        }

        return new TokenLogProb(token, top);
    }

    static NamedToken ReadToken(JsonElement token)
    {
        if (token.ValueKind != JsonValueKind.Object || !token.TryGetProperty("token", out var name) || name.ValueKind != JsonValueKind.String)
        {
            throw new JsonException("a position of logprobs names no token");
        }

        if (!token.TryGetProperty("logprob", out var number) || number.ValueKind != JsonValueKind.Number || !number.TryGetDouble(out var logProb) || !(logProb <= 0.01 && logProb >= Least))
        {
            throw new JsonException("a logprob is no logarithm of a probability");
        }

        var text = name.GetString()!;
        var id = token.TryGetProperty("id", out var given) && given.ValueKind == JsonValueKind.Number && given.TryGetInt32(out var known) && known >= 0 ? known : NamedId(text);
        return new NamedToken(text, ReadBytes(token, text), id, (float)Math.Min(0, logProb));
    }

    // vLLM with return_tokens_as_token_ids
    static int NamedId(string text)
        => text.StartsWith("token_id:", StringComparison.Ordinal) && int.TryParse(text.AsSpan("token_id:".Length), System.Globalization.NumberStyles.None, null, out var id) ? id : -1;

    static byte[]? ReadBytes(JsonElement token, string text)
    {
        if (NamedId(text) >= 0)
        {
            return null;
        }

        if (token.TryGetProperty("bytes", out var bytes) && bytes.ValueKind == JsonValueKind.Array)
        {
            return [.. bytes.EnumerateArray().Select(value => value.ValueKind == JsonValueKind.Number && value.TryGetByte(out var one) ? one : throw new JsonException("the bytes of a token are no bytes"))];
        }

        // Part of a letter that was written as U+FFFD is lost.
        return text.Contains('\uFFFD') ? null : Encoding.UTF8.GetBytes(text);
    }
}
