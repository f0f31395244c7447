using System.Text;
using System.Text.Json;
using DistillForge.Core;

namespace DistillForge.Teachers;

/// <summary>Writes a chat completion request.</summary>
sealed class RequestWriter(ApiTeacherOptions options)
{
    readonly Sampling sampling = options.Sampling;

    public BinaryData Write(string model, IReadOnlyList<Message> messages, long seed, int samples, ApiDialect dialect)
    {
        using var bytes = new MemoryStream();
        using (var json = new Utf8JsonWriter(bytes))
        {
            json.WriteStartObject();
            json.WriteString("model", model);
            WriteMessages(json, messages);
            WriteSampling(json, dialect);
            if (dialect.Seed)
            {
                json.WriteNumber("seed", Fold(seed));
            }

            if (samples > 1)
            {
                json.WriteNumber("n", samples);
            }

            foreach (var (name, value) in options.Extra ?? new Dictionary<string, JsonElement>())
            {
                json.WritePropertyName(name);
                value.WriteTo(json);
            }

            json.WriteEndObject();
        }

        return new BinaryData(bytes.ToArray());
    }

    /// <summary>A prompt token is at least one byte of its text, a few tokens mark each turn, and a schema may be put into the prompt.</summary>
    public long MostPromptTokens(IReadOnlyList<Message> messages)
        => messages.Sum(message => Encoding.UTF8.GetByteCount(message.Content) + Encoding.UTF8.GetByteCount(message.Role) + 16L) + 32 + (sampling.JsonSchema?.Length ?? 0);

    /// <summary>Servers take a seed as int32, uint32, int64 or double; these bits fit all of them.</summary>
    public static int Fold(long seed) => (int)((seed ^ (seed >> 31)) & int.MaxValue);

    static void WriteMessages(Utf8JsonWriter json, IReadOnlyList<Message> messages)
    {
        json.WriteStartArray("messages");
        foreach (var message in messages)
        {
            json.WriteStartObject();
            json.WriteString("role", message.Role);
            json.WriteString("content", message.Content);
            json.WriteEndObject();
        }

        json.WriteEndArray();
    }

    void WriteSampling(Utf8JsonWriter json, ApiDialect dialect)
    {
        if (dialect.Temperature)
        {
            Number("temperature", sampling.Temperature);
        }

        if (sampling.TopP < 1)
        {
            Number("top_p", sampling.TopP);
        }

        // The next are not OpenAI's: whoever does not know them says so in the probe.
        if (sampling.TopK > 0)
        {
            json.WriteNumber("top_k", sampling.TopK);
        }

        if (sampling.MinP > 0)
        {
            Number("min_p", sampling.MinP);
        }

        if (sampling.RepetitionPenalty != 1)
        {
            // vLLM's name and llama-server's
            Number("repetition_penalty", sampling.RepetitionPenalty);
            Number("repeat_penalty", sampling.RepetitionPenalty);
        }

        json.WriteNumber(dialect.MaxTokens, sampling.MaxTokens);
        if (sampling.Stop is { Count: > 0 } stop)
        {
            json.WriteStartArray("stop");
            foreach (var text in stop)
            {
                json.WriteStringValue(text);
            }

            json.WriteEndArray();
        }

        if (dialect.LogProbs)
        {
            json.WriteBoolean("logprobs", true);
            json.WriteNumber("top_logprobs", dialect.TopLogProbs);
        }

        WriteSchema(json);

        // As a person would write it: 0.7 and not 0.699999988079071.
        void Number(string name, float value)
        {
            json.WritePropertyName(name);
            json.WriteRawValue(value.ToString("R", System.Globalization.CultureInfo.InvariantCulture));
        }
    }

    void WriteSchema(Utf8JsonWriter json)
    {
        if (sampling.JsonSchema is not { } schema)
        {
            return;
        }

        json.WriteStartObject("response_format");
        json.WriteString("type", "json_schema");
        json.WriteStartObject("json_schema");
        json.WriteString("name", "answer");
        json.WriteBoolean("strict", true);
        json.WritePropertyName("schema");
        json.WriteRawValue(schema);
        json.WriteEndObject();
        json.WriteEndObject();
    }
}
