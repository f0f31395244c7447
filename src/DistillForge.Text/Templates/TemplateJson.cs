using System.Globalization;
using System.Text;

namespace DistillForge.Text;

/// <summary>The <c>tojson</c> of chat templates: Python's <c>json.dumps(…, ensure_ascii=False)</c>, spaces after comma and colon.</summary>
sealed class TemplateJson(TemplateBudget budget, int? indent)
{
    readonly StringBuilder json = new();

    public static string Write(object? value, TemplateBudget budget, int? indent)
    {
        var writer = new TemplateJson(budget, indent);
        writer.Append(value, 1);
        return budget.Made(writer.json.ToString());
    }

    void Append(object? value, int level)
    {
        using var _ = budget.Enter();
        switch (value)
        {
            case null: json.Append("null"); break;
            case bool flag: json.Append(flag ? "true" : "false"); break;
            case long number: json.Append(number.ToString(CultureInfo.InvariantCulture)); break;
            case double number: json.Append(TemplateValues.Float(number)); break;
            case string text: AppendText(text); break;
            case List<object?> list: AppendAll('[', list, item => Append(item, level + 1), ']', level); break;
            case TemplateMap map: AppendAll('{', map, pair => AppendPair(pair, level + 1), '}', level); break;
            default: throw budget.Fail("tojson", $"cannot write {(value is Undefined undefined ? $"'{undefined.Name}', which is undefined" : "a function or a namespace")}.");
        }
    }

    void AppendPair(KeyValuePair<string, object?> pair, int level)
    {
        AppendText(pair.Key);
        json.Append(": ");
        Append(pair.Value, level);
    }

    void AppendAll<T>(char open, IReadOnlyCollection<T> items, Action<T> append, char close, int level)
    {
        json.Append(open);
        var first = true;
        foreach (var item in items)
        {
            json.Append(first ? "" : indent is null ? ", " : ",");
            first = false;
            NewLine(level);
            append(item);
        }

        if (items.Count > 0)
        {
            NewLine(level - 1);
        }

        json.Append(close);
    }

    void NewLine(int level)
    {
        if (indent is { } spaces)
        {
            budget.Reserve((long)spaces * level + json.Length % 16);
            json.Append('\n').Append(' ', spaces * level);
        }
    }

    void AppendText(string text)
    {
        budget.Reserve(text.Length);
        json.Append('"');
        foreach (var c in text)
        {
            json.Append(c switch
            {
                '"' => "\\\"",
                '\\' => "\\\\",
                '\n' => "\\n",
                '\r' => "\\r",
                '\t' => "\\t",
                '\b' => "\\b",
                '\f' => "\\f",
                < ' ' => $"\\u{(int)c:x4}",
                _ => c.ToString(),
            });
        }

        json.Append('"');
    }
}
