using System.Globalization;

namespace DistillForge.Text;

/// <summary>What may stand after <c>|</c>.</summary>
static class TemplateFilters
{
    public static HashSet<string> Names { get; } =
    [
        "trim", "upper", "lower", "title", "capitalize", "string", "safe", "replace", "indent", "length", "count", "default", "d", "tojson", "from_json", "join", "first",
        "last", "list", "reverse", "int", "float", "abs", "round", "items", "dictsort", "selectattr", "rejectattr", "select", "reject", "map", "unique", "sort", "min", "max", "sum",
    ];

    public static object? Apply(string name, object? value, TemplateArguments arguments, TemplateBudget budget)
    {
        switch (name)
        {
            case "default" or "d":
                return value is Undefined || (arguments.Flag(1, "boolean", false) && !TemplateValues.IsTrue(value)) ? arguments.Get(0, "default_value", "") : value;
            case "tojson":
                return TemplateJson.Write(value, budget, arguments.Get(0, "indent") is long indent ? (int)Math.Clamp(indent, 0, 16) : null);
            case "from_json":
                return TemplateFormat.FromJson(value, budget);
            case "length" or "count":
                return Length(value, budget);
            case "string":
                return TemplateValues.Spell(value, budget);
            case "safe":
                return value;
            case "int" or "float" or "abs" or "round":
                return Numeric(name, value, arguments, budget);
            case "trim" or "upper" or "lower" or "title" or "capitalize" or "replace" or "indent":
                return TemplateTexts.Filter(name, TemplateValues.Spell(value, budget), arguments, budget);
            case "items":
                return TemplateLists.Items(value, budget);
            default:
                return TemplateLists.Filter(name, value, arguments, budget);
        }
    }

    static long Length(object? value, TemplateBudget budget) => value switch
    {
        // Python counts code points.
        string text => text.Length - text.Count(char.IsLowSurrogate),
        List<object?> list => list.Count,
        TemplateMap map => map.Count,
        Undefined => 0,
        _ => throw budget.Fail("filter 'length'", $"cannot take {TemplateMath.Kind(value)}."),
    };

    static object? Numeric(string name, object? value, TemplateArguments arguments, TemplateBudget budget)
    {
        switch (name)
        {
            case "int":
                return value switch
                {
                    string text => long.TryParse(text.Trim(), CultureInfo.InvariantCulture, out var parsed) ? parsed
                        : double.TryParse(text, CultureInfo.InvariantCulture, out var real) && Math.Abs(real) < 1e18 ? (long)real
                        : arguments.Get(0, "default", 0L),
                    double number when Math.Abs(number) < 1e18 => (long)number,
                    bool flag => flag ? 1L : 0L,
                    long => value,
                    _ => arguments.Get(0, "default", 0L),
                };
            case "float":
                return value is string number2 && double.TryParse(number2, CultureInfo.InvariantCulture, out var parsed2) ? parsed2
                    : TemplateValues.IsNumber(value) ? TemplateValues.Number(value) : arguments.Get(0, "default", 0.0);
            case "abs" when value is long whole and not long.MinValue:
                return Math.Abs(whole);
            case "abs" when value is double real2:
                return Math.Abs(real2);
            case "round" when TemplateValues.IsNumber(value):
                return Math.Round(TemplateValues.Number(value), (int)Math.Clamp(arguments.Number(0, "precision", 0), 0, 15), MidpointRounding.ToEven);
            default:
                throw budget.Fail($"filter '{name}'", $"cannot take {TemplateMath.Kind(value)}.");
        }
    }
}
