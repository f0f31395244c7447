using System.Security.Cryptography;
using System.Text;

namespace DistillForge.Serving;

/// <summary>How an answer is to be drawn, as both kinds of request say it.</summary>
static class SamplingFields
{
    public const int MostChoices = 64;
    public const int MostTopLogprobs = 20;
    const int MostStops = 16;
    const int LongestStop = 1024;

    // What would change the answer and is not done: said, not passed over.
    static readonly (string Name, string Instead)[] NotDone =
    [
        ("tools", "Describe the answer with response_format instead."),
        ("functions", "Describe the answer with response_format instead."),
        ("logit_bias", "Use grammar to allow or forbid text."),
        ("suffix", "Put what follows into the prompt."),
        ("audio", "Only text is answered."),
        ("prediction", "Leave it out."),
    ];

    /// <exception cref="ApiError">A value is out of bounds or asks for what is not done.</exception>
    public static Sampling Read(RequestFields fields, int usualTokens, int context)
    {
        Refuse(fields);
        var tokens = fields.Get("max_completion_tokens") is null ? "max_tokens" : "max_completion_tokens";
        return new Sampling(
            Temperature: (float)fields.Number("temperature", 0, 10, 1),
            TopK: fields.Integer("top_k", 0, int.MaxValue, 0),
            TopP: (float)fields.Number("top_p", 0, 1, 1),
            MinP: (float)fields.Number("min_p", 0, 1, 0),
            MaxTokens: Math.Min(context, fields.Integer(tokens, 0, int.MaxValue, usualTokens)),
            Stop: Stops(fields),
            RepetitionPenalty: (float)fields.Number(fields.Get("repeat_penalty") is null ? "repetition_penalty" : "repeat_penalty", 0.01, 100, 1),
            Grammar: fields.Text("grammar"),
            JsonSchema: Schema(fields));
    }

    /// <summary>The request's own, or one that nobody can foresee.</summary>
    public static long Seed(RequestFields fields) => fields.Seed("seed") ?? BitConverter.ToInt64(RandomNumberGenerator.GetBytes(8)) & long.MaxValue;

    /// <summary>Of one of several answers; the first one has the request's own.</summary>
    public static long SeedOf(long seed, int choice) => choice == 0 ? seed : Seeds.Derive(seed, "choice", choice.ToString());

    static void Refuse(RequestFields fields)
    {
        foreach (var (name, instead) in NotDone)
        {
            if (fields.Get(name) is { } value && !(value.ValueKind == System.Text.Json.JsonValueKind.Array && value.GetArrayLength() == 0) && !(value.ValueKind == System.Text.Json.JsonValueKind.Object && !value.EnumerateObject().Any()))
            {
                throw ApiError.Unsupported(name, instead);
            }
        }

        foreach (var penalty in new[] { "presence_penalty", "frequency_penalty" })
        {
            if (fields.Number(penalty, -2, 2, 0) != 0)
            {
                throw ApiError.Unsupported(penalty, "Use repetition_penalty.");
            }
        }
    }

    static string[] Stops(RequestFields fields)
    {
        var stops = fields.Texts("stop", MostStops);
        return stops.All(stop => stop.Length > 0 && Encoding.UTF8.GetByteCount(stop) <= LongestStop)
            ? [.. stops]
            : throw fields.Bad("stop", $"must be of 1 to {LongestStop} bytes each.");
    }

    static string? Schema(RequestFields fields)
    {
        if (fields.Object("response_format") is not { } format)
        {
            return null;
        }

        return format.Text("type") switch
        {
            "text" or null => null,
            "json_object" => """{"type":"object"}""",
            "json_schema" => (format.Object("json_schema") ?? throw format.Bad("json_schema", "is missing.")).Get("schema")?.GetRawText() ?? throw format.Bad("json_schema.schema", "is missing."),
            var other => throw format.Bad("type", $"'{other}' is not text, json_object or json_schema."),
        };
    }
}
