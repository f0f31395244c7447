namespace DistillForge.Text;

/// <summary>Operators, with Python's meaning.</summary>
static class TemplateMath
{
    public static object? Binary(string op, object? left, object? right, TemplateBudget budget) => (op, left, right) switch
    {
        ("~", _, _) => Join(TemplateValues.Spell(left, budget), TemplateValues.Spell(right, budget), budget),
        ("+", string a, string b) => Join(a, b, budget),
        // As in llama.cpp; Jinja refuses.
        ("+", string a, Undefined) => a,
        ("+", Undefined, string b) => b,
        ("+", List<object?> a, List<object?> b) => budget.Made(a.Concat(b)),
        ("*", string text, long times) => Repeat(text, times, budget),
        ("*", long times, string text) => Repeat(text, times, budget),
        (_, long a, long b) => Integers(op, a, b, budget),
        _ when TemplateValues.IsNumber(left) && TemplateValues.IsNumber(right) => left is bool || right is bool
            ? Binary(op, left is bool flag ? flag ? 1L : 0L : left, right is bool other ? other ? 1L : 0L : right, budget)
            : Floats(op, TemplateValues.Number(left), TemplateValues.Number(right), budget),
        _ => throw budget.Fail($"'{op}'", $"cannot take {Kind(left)} and {Kind(right)}."),
    };

    public static object Unary(string op, object? value, TemplateBudget budget) => (op, value) switch
    {
        ("not", _) => !TemplateValues.IsTrue(value),
        ("-", long number) => unchecked(-number),
        ("-", double number) => -number,
        ("+", long or double) => value,
        _ => throw budget.Fail($"'{op}'", $"cannot take {Kind(value)}."),
    };

    public static bool Compare(string op, object? left, object? right, TemplateBudget budget)
    {
        switch (op)
        {
            case "==": return TemplateValues.Same(left, right, budget);
            case "!=": return !TemplateValues.Same(left, right, budget);
            case "in": return Contains(right, left, budget);
            case "not in": return !Contains(right, left, budget);
        }

        var order = TemplateValues.Compare(left, right) ?? throw budget.Fail($"'{op}'", $"cannot compare {Kind(left)} with {Kind(right)}.");
        return op switch { "<" => order < 0, "<=" => order <= 0, ">" => order > 0, _ => order >= 0 };
    }

    public static bool Contains(object? container, object? item, TemplateBudget budget)
    {
        switch (container)
        {
            case string text when item is string part:
                budget.Search(text, part);
                return text.Contains(part);
            case List<object?> list:
                return list.Exists(other => TemplateValues.Same(item, other, budget));
            case TemplateMap map:
                return item is string key ? map.ContainsKey(key) : item is long number && map.TryGetValue(number, out _);
            case Undefined:
                return false;
            default:
                throw budget.Fail("'in'", $"cannot look for {Kind(item)} in {Kind(container)}.");
        }
    }

    public static string Kind(object? value) => value switch
    {
        null => "none",
        Undefined undefined => $"'{undefined.Name}', which is undefined",
        bool => "a boolean",
        long or double => "a number",
        string => "a text",
        List<object?> => "a list",
        TemplateMap => "a mapping",
        TemplateFunction => "a function",
        _ => "a namespace",
    };

    static string Join(string left, string right, TemplateBudget budget)
    {
        budget.Reserve((long)left.Length + right.Length);
        return left + right;
    }

    static string Repeat(string text, long times, TemplateBudget budget)
    {
        times = Math.Max(0, times);
        budget.Reserve(times > int.MaxValue ? long.MaxValue : times * text.Length);
        return string.Concat(Enumerable.Repeat(text, text.Length == 0 ? 0 : (int)times));
    }

    static object Integers(string op, long a, long b, TemplateBudget budget)
    {
        try
        {
            return op switch
            {
                // The cast keeps C# from making one type, double, of all cases.
                "+" => (object)checked(a + b),
                "-" => checked(a - b),
                "*" => checked(a * b),
                "/" when b != 0 => (double)a / b,
                "//" when b != 0 => checked((long)Math.Floor((decimal)a / b)),
                // The sign is the divisor's.
                "%" when b is not (0 or -1) => ((a % b) + b) % b,
                "%" when b == -1 => 0L,
                "**" when b >= 0 => Power(a, b),
                "**" => Math.Pow(a, b),
                _ => throw budget.Fail($"'{op}'", "divides by zero."),
            };
        }
        catch (OverflowException)
        {
            throw budget.Fail($"'{op}'", "gives a number beyond 64 bits.");
        }
    }

    static long Power(long a, long b)
    {
        // Beyond 64 factors only these three stay in range.
        if (b > 64 && a is not (0 or 1 or -1))
        {
            throw new OverflowException();
        }

        var result = 1L;
        for (var i = b > 64 ? b % 2 : b; i > 0; i--)
        {
            result = checked(result * a);
        }

        return b > 64 && a == 0 ? 0 : result;
    }

    static object Floats(string op, double a, double b, TemplateBudget budget) => op switch
    {
        "+" => a + b,
        "-" => a - b,
        "*" => a * b,
        "/" when b != 0 => a / b,
        "//" when b != 0 => Math.Floor(a / b),
        "%" when b != 0 => a - (b * Math.Floor(a / b)),
        "**" => Math.Pow(a, b),
        _ => throw budget.Fail($"'{op}'", "divides by zero."),
    };
}
