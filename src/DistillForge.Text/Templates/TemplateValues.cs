using System.Collections;
using System.Globalization;
using System.Text;

namespace DistillForge.Text;

/// <summary>A name that nobody has set; renders as nothing and fails when anything is asked of it.</summary>
sealed record Undefined(string Name);

/// <summary>What a template can call.</summary>
/// <param name="Call">Positional and named arguments.</param>
sealed record TemplateFunction(string Name, Func<TemplateArguments, object?> Call);

/// <summary><c>namespace()</c>: the one thing that a loop can change for what comes after it.</summary>
sealed class TemplateNamespace
{
    public Dictionary<string, object?> Fields { get; } = [];
}

/// <summary>Evaluated arguments of a call, a filter or a test.</summary>
sealed record TemplateArguments(IReadOnlyList<object?> Positional, IReadOnlyDictionary<string, object?> Named)
{
    public static TemplateArguments None { get; } = new([], new Dictionary<string, object?>());

    public object? Get(int position, string name, object? otherwise = null)
        => position < Positional.Count ? Positional[position] : Named.TryGetValue(name, out var value) ? value : otherwise;

    public string? Text(int position, string name) => Get(position, name) as string;

    public long Number(int position, string name, long otherwise) => Get(position, name) is long number ? number : otherwise;

    public bool Flag(int position, string name, bool otherwise) => Get(position, name, otherwise) is var value && TemplateValues.IsTrue(value);
}

/// <summary>Python's ideas of truth, equality, order and spelling, which Jinja has.</summary>
/// <remarks>A value is null (none), <see cref="Undefined"/>, bool, long, double, string, a list (<c>List&lt;object?&gt;</c>), a map, a namespace or a function.</remarks>
static class TemplateValues
{
    public static bool IsTrue(object? value) => value switch
    {
        null or Undefined => false,
        bool flag => flag,
        long number => number != 0,
        double number => number != 0,
        string text => text.Length > 0,
        ICollection collection => collection.Count > 0,
        _ => true,
    };

    public static bool IsNumber(object? value) => value is long or double or bool;

    public static double Number(object? value) => value switch
    {
        long number => number,
        double number => number,
        bool flag => flag ? 1 : 0,
        _ => double.NaN,
    };

    public static bool Same(object? left, object? right, TemplateBudget budget)
    {
        using var _ = budget.Enter();
        return (left, right) switch
        {
            (null, null) or (Undefined, Undefined) => true,
            (string a, string b) => a == b,
            (long a, long b) => a == b,
            (List<object?> a, List<object?> b) => a.Count == b.Count && !a.Where((item, i) => !Same(item, b[i], budget)).Any(),
            (TemplateMap a, TemplateMap b) => a.Count == b.Count && !a.Any(pair => !b.TryGetValue(pair.Key, out var other) || !Same(pair.Value, other, budget)),
            _ => IsNumber(left) && IsNumber(right) ? Number(left) == Number(right) : ReferenceEquals(left, right),
        };
    }

    /// <returns>Less than, equal to or greater than 0; null where the two have no order.</returns>
    public static int? Compare(object? left, object? right) => (left, right) switch
    {
        (string a, string b) => string.CompareOrdinal(a, b),
        (long a, long b) => a.CompareTo(b),
        _ => IsNumber(left) && IsNumber(right) ? Number(left).CompareTo(Number(right)) : null,
    };

    /// <summary>As it is printed.</summary>
    public static string Spell(object? value, TemplateBudget budget)
        => value is string text ? text : value is Undefined ? "" : budget.Made(Python(value, budget));

    // repr(), as str() of a list spells its items.
    static string Python(object? value, TemplateBudget budget)
    {
        using var _ = budget.Enter();
        return value switch
        {
            null => "None",
            Undefined => "Undefined",
            bool flag => flag ? "True" : "False",
            long number => number.ToString(CultureInfo.InvariantCulture),
            double number => Float(number),
            string text => Quote(text, budget),
            List<object?> list => budget.Made($"[{string.Join(", ", list.Select(item => Python(item, budget)))}]"),
            TemplateMap map => budget.Made($"{{{string.Join(", ", map.Select(pair => $"{Python(map.KeyOf(pair.Key), budget)}: {Python(pair.Value, budget)}"))}}}"),
            _ => throw budget.Fail(value is TemplateFunction function ? function.Name : "a namespace", "cannot be printed."),
        };
    }

    public static string Float(double number)
        => double.IsNaN(number) ? "nan"
            : double.IsInfinity(number) ? number > 0 ? "inf" : "-inf"
            : number == Math.Floor(number) && Math.Abs(number) < 1e16 ? number.ToString("F1", CultureInfo.InvariantCulture)
            : number.ToString("R", CultureInfo.InvariantCulture).Replace("E", "e");

    static string Quote(string text, TemplateBudget budget)
    {
        budget.Reserve(text.Length);
        var quote = text.Contains('\'') && !text.Contains('"') ? '"' : '\'';
        var result = new StringBuilder().Append(quote);
        foreach (var c in text)
        {
            result.Append(c switch
            {
                '\n' => "\\n",
                '\r' => "\\r",
                '\t' => "\\t",
                '\\' => "\\\\",
                _ when c == quote => $"\\{c}",
                _ when char.IsControl(c) => $"\\x{(int)c:x2}",
                _ => c.ToString(),
            });
        }

        return result.Append(quote).ToString();
    }
}

/// <summary>A dictionary that remembers its order. Keys are texts; one that was written as a whole number comes out as one.</summary>
sealed class TemplateMap : OrderedDictionary<string, object?>
{
    HashSet<string>? numbers;

    public void Set(long key, object? value)
    {
        var name = key.ToString(CultureInfo.InvariantCulture);
        (numbers ??= []).Add(name);
        this[name] = value;
    }

    public object KeyOf(string name) => numbers?.Contains(name) == true ? long.Parse(name, CultureInfo.InvariantCulture) : name;

    public bool TryGetValue(long key, out object? value)
    {
        var name = key.ToString(CultureInfo.InvariantCulture);
        value = null;
        return numbers?.Contains(name) == true && TryGetValue(name, out value);
    }

    public TemplateMap()
        : base(StringComparer.Ordinal)
    {
    }
}
