using System.Globalization;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace DistillForge.Evaluation.Benchmarks;

/// <summary>One text for all ways to write the same JSON value: keys sorted, no spaces, numbers in their shortest form.</summary>
public static class CanonicalJson
{
    /// <returns>Null when the text is anything but one JSON value: prose around it, a code fence, a key twice.</returns>
    public static string? Of(string text)
    {
        try
        {
            using var json = JsonDocument.Parse(text, new JsonDocumentOptions { MaxDepth = 32, AllowDuplicateProperties = false });
            return Write(json.RootElement);
        }
        catch (JsonException)
        {
            // What a model says need not be JSON; that it is none is the answer.
            return null;
        }
    }

    static string Write(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.Object => $"{{{string.Join(',', value.EnumerateObject().OrderBy(p => p.Name, StringComparer.Ordinal).Select(p => $"{Quote(p.Name)}:{Write(p.Value)}"))}}}",
        JsonValueKind.Array => $"[{string.Join(',', value.EnumerateArray().Select(Write))}]",
        JsonValueKind.String => Quote(value.GetString()!),
        JsonValueKind.Number => Number(value),
        _ => value.GetRawText(),
    };

    // 30 and 30.0 are one number; what a decimal cannot hold is compared as a double.
    static string Number(JsonElement value)
        => value.TryGetDecimal(out var exact) ? (exact / 1.0000000000000000000000000000m).ToString(CultureInfo.InvariantCulture) : value.GetDouble().ToString("R", CultureInfo.InvariantCulture);

    static string Quote(string text) => $"\"{JsonEncodedText.Encode(text, JavaScriptEncoder.UnsafeRelaxedJsonEscaping)}\"";
}
