namespace DistillForge.Text;

/// <summary>What may stand after <c>is</c>.</summary>
static class TemplateTests
{
    public static HashSet<string> Names { get; } =
    [
        "defined", "undefined", "none", "string", "mapping", "iterable", "sequence", "number", "integer", "float", "boolean", "true", "false", "callable",
        "odd", "even", "divisibleby", "equalto", "eq", "==", "ne", "lt", "le", "gt", "ge", "lessthan", "greaterthan", "in", "sameas", "lower", "upper",
    ];

    public static bool Apply(string name, object? value, TemplateArguments arguments, TemplateBudget budget) => name switch
    {
        "defined" => value is not Undefined,
        "undefined" => value is Undefined,
        "none" => value is null,
        "string" => value is string,
        "mapping" => value is TemplateMap,
        "iterable" => value is string or List<object?> or TemplateMap or Undefined,
        "sequence" => value is string or List<object?> or TemplateMap or Undefined,
        "number" => TemplateValues.IsNumber(value),
        "integer" => value is long,
        "float" => value is double,
        "boolean" => value is bool,
        "true" => value is true,
        "false" => value is false,
        "callable" => value is TemplateFunction,
        "lower" => value is string text && text.Any(char.IsLetter) && !text.Any(char.IsUpper),
        "upper" => value is string text && text.Any(char.IsLetter) && !text.Any(char.IsLower),
        "odd" or "even" or "divisibleby" => Divides(name, value, arguments, budget),
        "in" => TemplateMath.Contains(arguments.Get(0, "seq"), value, budget),
        _ => TemplateMath.Compare(
            name switch { "eq" or "equalto" or "==" or "sameas" => "==", "ne" => "!=", "lt" or "lessthan" => "<", "le" => "<=", "gt" or "greaterthan" => ">", _ => ">=" },
            value,
            arguments.Get(0, "other"),
            budget),
    };

    static bool Divides(string name, object? value, TemplateArguments arguments, TemplateBudget budget)
    {
        var divisor = name == "divisibleby" ? arguments.Number(0, "num", 0) : 2;
        return value is long number && divisor != 0
            ? (number % divisor == 0) != (name == "odd")
            : throw budget.Fail($"test '{name}'", "needs whole numbers.");
    }
}
