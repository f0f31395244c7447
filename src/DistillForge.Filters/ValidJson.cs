using System.Text;
using System.Text.Json;
using DistillForge.Core;

namespace DistillForge.Filters;

/// <summary>Drops answers that are not exactly one JSON value.</summary>
[Component("valid-json")]
public sealed class ValidJson(ValidJson.Options options) : IFilter
{
    public sealed record Options
    {
        /// <summary>It must be an object.</summary>
        public bool Object { get; init; } = true;

        /// <summary>Keys that the object must have.</summary>
        public IReadOnlyList<string> Required { get; init; } = [];
    }

    public Verdict Judge(Example example)
    {
        try
        {
            using var document = JsonDocument.Parse(Encoding.UTF8.GetBytes(example.Text), new JsonDocumentOptions { MaxDepth = 64, AllowDuplicateProperties = false });
            return Judge(document.RootElement);
        }
        catch (JsonException exception)
        {
            return Verdict.Drop("not-json", $"at character {exception.BytePositionInLine + 1} of line {exception.LineNumber + 1}");
        }
    }

    Verdict Judge(JsonElement value)
    {
        if (value.ValueKind != JsonValueKind.Object)
        {
            return options.Object ? Verdict.Drop("no-json-object", $"is a JSON {value.ValueKind.ToString().ToLowerInvariant()}") : Verdict.Keep;
        }

        return options.Required.FirstOrDefault(key => !value.TryGetProperty(key, out _)) is { } missing
            ? Verdict.Drop("json-key-missing", $"has no '{missing}'")
            : Verdict.Keep;
    }
}
