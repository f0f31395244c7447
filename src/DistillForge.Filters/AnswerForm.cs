using System.Globalization;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.RegularExpressions;

namespace DistillForge.Filters;

/// <summary>What of two answers must be the same.</summary>
public enum AnswerForm
{
    /// <summary>All words; case, white space and a full stop at the end do not count.</summary>
    Text,

    /// <summary>The last number: "So 1,200 + 34 = 1,234." says 1234.</summary>
    Number,

    /// <summary>The value of the one JSON text that the answer is: the order of keys and the spelling of numbers do not count.</summary>
    Json,
}

/// <summary>Answers brought into a form in which they can be compared.</summary>
static partial class AnswerForms
{
    static readonly JsonWriterOptions Plain = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <returns>Null where the text holds no answer of that form.</returns>
    public static string? Read(string text, AnswerForm form) => form switch
    {
        AnswerForm.Number => Number(text) is { } number ? number.ToString("R", CultureInfo.InvariantCulture) : null,
        AnswerForm.Json => Json(text),
        _ => string.Join(' ', text.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries)).TrimEnd('.').ToUpperInvariant() is { Length: > 0 } words ? words : null,
    };

    /// <summary>The last number of a text.</summary>
    public static double? Number(string text)
    {
        double? last = null;
        foreach (var match in Numbers().EnumerateMatches(text))
        {
            last = double.TryParse(Digits(text, match), NumberStyles.Float, CultureInfo.InvariantCulture, out var number) && double.IsFinite(number) ? number : last;
        }

        return last;
    }

    static string Digits(string text, ValueMatch match)
    {
        // A sign belongs to the number where no word and no number stands before it: 7-5 ends with 5.
        var before = match.Index > 0 ? text[match.Index - 1] : ' ';
        var isMinus = text[match.Index] is '-' or '−' && !(char.IsLetterOrDigit(before) || before is '_' or '.');
        var groups = text.Substring(match.Index, match.Length).TrimStart('-', '−', '+').Split(',');
        // 1,234,567 is one number; of 1,2,3 the last counts.
        var isOne = groups[0].Length <= 3 && groups.Skip(1).All(group => group.TakeWhile(char.IsAsciiDigit).Count() == 3);
        return groups.Length == 1 || isOne ? (isMinus ? "-" : "") + string.Concat(groups) : groups[^1];
    }

    [GeneratedRegex(@"[-−+]?[0-9]+(?:,[0-9]+)*(?:\.[0-9]+)?(?:[eE][-+]?[0-9]+)?", RegexOptions.CultureInvariant | RegexOptions.NonBacktracking)]
    private static partial Regex Numbers();

    static string? Json(string text)
    {
        try
        {
            using var document = JsonDocument.Parse(Encoding.UTF8.GetBytes(text), new JsonDocumentOptions { MaxDepth = 64, AllowDuplicateProperties = false });
            using var bytes = new MemoryStream();
            using (var writer = new Utf8JsonWriter(bytes, Plain))
            {
                Write(document.RootElement, writer);
            }

            return Encoding.UTF8.GetString(bytes.ToArray());
        }
        catch (JsonException)
        {
            return null;
        }
    }

    static void Write(JsonElement value, Utf8JsonWriter writer)
    {
        switch (value.ValueKind)
        {
            case JsonValueKind.Object:
                writer.WriteStartObject();
                foreach (var property in value.EnumerateObject().OrderBy(property => property.Name, StringComparer.Ordinal))
                {
                    writer.WritePropertyName(property.Name);
                    Write(property.Value, writer);
                }

                writer.WriteEndObject();
                break;
            case JsonValueKind.Array:
                writer.WriteStartArray();
                foreach (var item in value.EnumerateArray())
                {
                    Write(item, writer);
                }

                writer.WriteEndArray();
                break;
            case JsonValueKind.Number when value.TryGetDouble(out var number) && double.IsFinite(number) && Math.Abs(number) < 1L << 53:
                writer.WriteNumberValue(number);
                break;
            default:
                value.WriteTo(writer);
                break;
        }
    }
}
