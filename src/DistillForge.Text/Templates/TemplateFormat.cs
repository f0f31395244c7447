using System.Globalization;
using System.Text;
using System.Text.Json;

namespace DistillForge.Text;

/// <summary>Texts made of values, and values of texts.</summary>
static class TemplateFormat
{
    /// <summary>Python's <c>str.format</c> with fields alone: <c>{}</c>, <c>{0}</c>, <c>{name}</c>, and doubled braces.</summary>
    public static string Of(string text, TemplateArguments arguments, TemplateBudget budget)
    {
        var result = new StringBuilder();
        var next = 0;
        for (var i = 0; i < text.Length; i++)
        {
            if (text[i] is not ('{' or '}'))
            {
                result.Append(text[i]);
            }
            else if (i + 1 < text.Length && text[i + 1] == text[i])
            {
                result.Append(text[i++]);
            }
            else
            {
                var end = text[i] == '{' ? text.IndexOf('}', i) : -1;
                var field = end < 0 ? throw budget.Fail("format", "has a brace without its other half.") : text[(i + 1)..end];
                var value = TemplateValues.Spell(Field(field, arguments, ref next, budget), budget);
                budget.Reserve(result.Length + value.Length);
                result.Append(value);
                i = end;
            }
        }

        return budget.Made(result.ToString());
    }

    /// <summary>JSON as values.</summary>
    public static object? FromJson(object? value, TemplateBudget budget)
    {
        var text = value as string ?? throw budget.Fail("filter 'from_json'", $"cannot take {TemplateMath.Kind(value)}.");
        budget.Reserve(text.Length);
        try
        {
            using var json = JsonDocument.Parse(text);
            return Value(json.RootElement, budget);
        }
        catch (JsonException e)
        {
            throw budget.Fail("filter 'from_json'", $"cannot read it: {e.Message.ReplaceLineEndings(" ")}");
        }
    }

    /// <summary>C's <c>strftime</c> as far as templates use it.</summary>
    public static string Day(DateTimeOffset day, string format, TemplateBudget budget)
    {
        var result = new StringBuilder();
        for (var i = 0; i < format.Length; i++)
        {
            result.Append(format[i] != '%' || i + 1 == format.Length ? format[i].ToString() : format[++i] switch
            {
                '%' => "%",
                'B' => Said("MMMM"),
                'b' or 'h' => Said("MMM"),
                'A' => Said("dddd"),
                'a' => Said("ddd"),
                'd' => Said("dd"),
                'e' => day.Day.ToString(CultureInfo.InvariantCulture).PadLeft(2),
                'm' => Said("MM"),
                'Y' => Said("yyyy"),
                'y' => Said("yy"),
                'H' => Said("HH"),
                'I' => Said("hh"),
                'M' => Said("mm"),
                'S' => Said("ss"),
                'p' => day.Hour < 12 ? "AM" : "PM",
                'j' => day.DayOfYear.ToString("000", CultureInfo.InvariantCulture),
                'F' => Said("yyyy-MM-dd"),
                'T' => Said("HH:mm:ss"),
                var other => throw budget.Fail("strftime_now", $"does not know '%{other}'."),
            });
        }

        return budget.Made(result.ToString());

        string Said(string part) => day.ToString(part.Length == 1 ? "%" + part : part, CultureInfo.InvariantCulture);
    }

    static object? Field(string field, TemplateArguments arguments, ref int next, TemplateBudget budget)
    {
        if (field.Length == 0 || int.TryParse(field, NumberStyles.None, CultureInfo.InvariantCulture, out _))
        {
            var place = field.Length == 0 ? next++ : int.Parse(field, CultureInfo.InvariantCulture);
            return place < arguments.Positional.Count ? arguments.Positional[place] : throw budget.Fail("format", $"has no value for field {place}.");
        }

        return field.All(c => char.IsAsciiLetterOrDigit(c) || c == '_')
            ? arguments.Named.TryGetValue(field, out var value) ? value : throw budget.Fail("format", $"has no value for '{field}'.")
            : throw budget.Fail("format", $"takes plain fields, not '{{{field}}}'.");
    }

    static object? Value(JsonElement json, TemplateBudget budget)
    {
        budget.Step();
        switch (json.ValueKind)
        {
            case JsonValueKind.Object:
                var map = new TemplateMap();
                foreach (var property in json.EnumerateObject())
                {
                    map[property.Name] = Value(property.Value, budget);
                }

                return map;
            case JsonValueKind.Array:
                return budget.Made(json.EnumerateArray().Select(item => Value(item, budget)));
            case JsonValueKind.String:
                return json.GetString();
            case JsonValueKind.Number:
                return json.TryGetInt64(out var whole) ? (object)whole : json.GetDouble();
            case JsonValueKind.True or JsonValueKind.False:
                return json.GetBoolean();
            default:
                return null;
        }
    }
}
