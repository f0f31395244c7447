using System.Globalization;
using System.Reflection;
using System.Text.Json;
using DistillForge.Core;

namespace DistillForge.Data.Yaml;

/// <summary>Single values: texts, numbers, switches and names out of a list.</summary>
sealed class Values(List<Problem> problems)
{
    public static bool Knows(Type type) => type == typeof(string) || type.IsPrimitive || type.IsEnum;

    /// <returns>Null when it does not fit; the problem is noted.</returns>
    public object? Scalar(Type type, YamlNode node, string where)
    {
        if (node is not YamlText text)
        {
            problems.Add(new Problem(where, $"is {Describe(node)}; it takes {Wanted(type)}.", "", node.Line));
            return null;
        }

        return Guard(text, where, () => Parse(type, text.Value) ?? throw new FormatException($"is '{Short(text.Value)}'; it takes {Wanted(type)}{Suggestion(type, text.Value)}"));
    }

    public object? Guard(YamlText text, string where, Func<object?> parse)
    {
        try
        {
            return parse();
        }
        catch (Exception exception) when (exception is FormatException or TargetInvocationException { InnerException: FormatException })
        {
            var message = (exception.InnerException ?? exception).Message;
            problems.Add(new Problem(where, message.EndsWith('?') || message.EndsWith('.') ? message : message + ".", "", text.Line));
            return null;
        }
    }

    public static string Describe(YamlNode node) => node switch
    {
        YamlList => "a list",
        YamlMap => "a map of keys and values",
        YamlText text => $"'{Short(text.Value)}'",
        _ => "something else",
    };

    /// <summary><c>TeacherText</c> is written <c>teacher-text</c>.</summary>
    public static string NameOf(Enum value) => JsonNamingPolicy.KebabCaseLower.ConvertName(value.ToString());

    public static IEnumerable<string> NamesOf(Type type) => Enum.GetNames(type).Select(JsonNamingPolicy.KebabCaseLower.ConvertName);

    static object? Parse(Type type, string text)
    {
        const NumberStyles Fraction = NumberStyles.Float;
        var invariant = CultureInfo.InvariantCulture;
        return type switch
        {
            _ when type == typeof(string) => text,
            _ when type == typeof(bool) => text switch { "true" or "True" => true, "false" or "False" => false, _ => null },
            _ when type == typeof(int) => int.TryParse(text.Replace("_", ""), NumberStyles.AllowLeadingSign, invariant, out var number) ? number : null,
            _ when type == typeof(long) => long.TryParse(text.Replace("_", ""), NumberStyles.AllowLeadingSign, invariant, out var number) ? number : null,
            _ when type == typeof(float) => float.TryParse(text, Fraction, invariant, out var number) && float.IsFinite(number) ? number : null,
            _ when type == typeof(double) => double.TryParse(text, Fraction, invariant, out var number) && double.IsFinite(number) ? number : null,
            _ when type.IsEnum => Enum.GetValues(type).Cast<Enum>().FirstOrDefault(value => NameOf(value).Equals(text.Replace('_', '-'), StringComparison.OrdinalIgnoreCase)),
            _ => throw new InvalidOperationException($"{type} is no value of a recipe"),
        };
    }

    static string Wanted(Type type) => type switch
    {
        _ when type == typeof(string) => "a text",
        _ when type == typeof(bool) => "true or false",
        _ when type == typeof(int) || type == typeof(long) => "a whole number",
        _ when type.IsEnum => string.Join(" or ", NamesOf(type)),
        _ => "a number",
    };

    static string Suggestion(Type type, string text)
        => type.IsEnum && NearName.Suggest(text, NamesOf(type)) is { } near ? ". " + near : "";

    static string Short(string text) => text.Length <= 60 ? text.ReplaceLineEndings(" ") : text[..57].ReplaceLineEndings(" ") + "...";
}
