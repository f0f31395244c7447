using System.Text;

namespace DistillForge.Text;

/// <summary>Filters and methods of texts.</summary>
static class TemplateTexts
{
    public static object Filter(string name, string text, TemplateArguments arguments, TemplateBudget budget) => name switch
    {
        "trim" => Strip(text, arguments.Text(0, "chars"), start: true, end: true, budget),
        "upper" => budget.Made(text.ToUpperInvariant()),
        "lower" => budget.Made(text.ToLowerInvariant()),
        "title" => Title(text, budget),
        "capitalize" => Capitalize(text, budget),
        "replace" => Replace(text, arguments, budget),
        _ => Indent(text, arguments, budget),
    };

    /// <returns>The method, or null where texts have none of that name.</returns>
    public static Func<TemplateArguments, object?>? Method(string text, string name, TemplateBudget budget) => name switch
    {
        "strip" => a => Strip(text, a.Text(0, "chars"), start: true, end: true, budget),
        "lstrip" => a => Strip(text, a.Text(0, "chars"), start: true, end: false, budget),
        "rstrip" => a => Strip(text, a.Text(0, "chars"), start: false, end: true, budget),
        "upper" or "lower" or "title" or "capitalize" or "replace" => a => Filter(name, text, a, budget),
        "startswith" => a => Any(a, text.StartsWith, budget),
        "endswith" => a => Any(a, text.EndsWith, budget),
        "removeprefix" => a => a.Text(0, "prefix") is { } prefix && text.StartsWith(prefix, StringComparison.Ordinal) ? budget.Made(text[prefix.Length..]) : text,
        "removesuffix" => a => a.Text(0, "suffix") is { Length: > 0 } suffix && text.EndsWith(suffix, StringComparison.Ordinal) ? budget.Made(text[..^suffix.Length]) : text,
        "split" => a => Split(text, a, fromEnd: false, budget),
        "rsplit" => a => Split(text, a, fromEnd: true, budget),
        "splitlines" => _ => budget.Made(text.ReplaceLineEndings("\n").Split('\n').SkipLast(text.EndsWith('\n') || text.Length == 0 ? 1 : 0)),
        "format" => a => TemplateFormat.Of(text, a, budget),
        "join" => a => TemplateLists.Join(TemplateLists.Of(a.Get(0, "iterable"), budget), text, budget),
        "find" => a => (long)text.IndexOf(Part(a, text, budget), StringComparison.Ordinal),
        "rfind" => a => (long)text.LastIndexOf(Part(a, text, budget), StringComparison.Ordinal),
        "count" => a => Part(a, text, budget) is { Length: > 0 } part ? (long)text.AsSpan().Count(part) : text.Length + 1L,
        "isdigit" => _ => text.Length > 0 && text.All(char.IsDigit),
        "isalpha" => _ => text.Length > 0 && text.All(char.IsLetter),
        "isalnum" => _ => text.Length > 0 && text.All(char.IsLetterOrDigit),
        "isspace" => _ => text.Length > 0 && text.All(char.IsWhiteSpace),
        "isupper" => _ => text.Any(char.IsLetter) && !text.Any(char.IsLower),
        "islower" => _ => text.Any(char.IsLetter) && !text.Any(char.IsUpper),
        _ => null,
    };

    static string Part(TemplateArguments arguments, string text, TemplateBudget budget)
    {
        var part = arguments.Text(0, "sub") ?? throw budget.Fail("find", $"cannot look for {TemplateMath.Kind(arguments.Get(0, "sub"))}.");
        budget.Search(text, part);
        return part;
    }

    // What llama.cpp takes for white space. Python's would take hard spaces and the like too; the student is asked by llama.cpp.
    static readonly char[] White = [' ', '\t', '\n', '\v', '\f', '\r'];

    static string Strip(string text, string? chars, bool start, bool end, TemplateBudget budget)
    {
        var set = chars?.ToCharArray() ?? White;
        var result = start ? text.TrimStart(set) : text;
        // An empty set strips nothing in Python and white space in .NET.
        return budget.Made(set.Length == 0 ? text : end ? result.TrimEnd(set) : result);
    }

    static bool Any(TemplateArguments arguments, Func<string, StringComparison, bool> fits, TemplateBudget budget)
        => arguments.Get(0, "prefix") switch
        {
            string one => fits(one, StringComparison.Ordinal),
            List<object?> several => several.Any(item => item is string one && fits(one, StringComparison.Ordinal)),
            var other => throw budget.Fail("startswith", $"cannot take {TemplateMath.Kind(other)}."),
        };

    static List<object?> Split(string text, TemplateArguments arguments, bool fromEnd, TemplateBudget budget)
    {
        var most = arguments.Number(1, "maxsplit", -1);
        var count = most < 0 ? int.MaxValue : (int)Math.Min(most + 1, int.MaxValue);
        budget.Reserve(text.Length);
        if (arguments.Text(0, "sep") is not { } separator)
        {
            var words = text.Split(White, StringSplitOptions.RemoveEmptyEntries);
            return words.Length <= count ? budget.Made(words) : throw budget.Fail("split", "with a maximum needs a separator.");
        }

        if (separator.Length == 0)
        {
            throw budget.Fail("split", "needs a separator that is not empty.");
        }

        budget.Search(text, separator);
        if (!fromEnd || most < 0)
        {
            return budget.Made(text.Split(separator, count));
        }

        var parts = text.Split(separator);
        var joined = Math.Max(0, parts.Length - (int)Math.Min(most, int.MaxValue));
        return budget.Made([.. joined > 0 ? [string.Join(separator, parts[..joined])] : Array.Empty<string>(), .. parts[joined..]]);
    }

    static string Replace(string text, TemplateArguments arguments, TemplateBudget budget)
    {
        var (old, replacement) = (arguments.Text(0, "old"), arguments.Text(1, "new"));
        if (old is not { Length: > 0 } || replacement is null)
        {
            throw budget.Fail("replace", "needs two texts, the first one not empty.");
        }

        budget.Search(text, old);
        var times = (long)text.AsSpan().Count(old);
        budget.Reserve(text.Length + (times * Math.Max(0, replacement.Length - old.Length)));
        var most = arguments.Number(2, "count", -1);
        if (most < 0 || most >= times)
        {
            return text.Replace(old, replacement, StringComparison.Ordinal);
        }

        var (result, at) = (new StringBuilder(), 0);
        for (; most > 0; most--)
        {
            var found = text.IndexOf(old, at, StringComparison.Ordinal);
            result.Append(text, at, found - at).Append(replacement);
            at = found + old.Length;
        }

        return result.Append(text, at, text.Length - at).ToString();
    }

    static string Indent(string text, TemplateArguments arguments, TemplateBudget budget)
    {
        var margin = arguments.Get(0, "width") as string ?? new string(' ', (int)Math.Clamp(arguments.Number(0, "width", 4), 0, 64));
        var (first, blank) = (arguments.Flag(1, "first", false), arguments.Flag(2, "blank", false));
        var lines = text.Split('\n');
        budget.Reserve(text.Length + ((long)lines.Length * margin.Length));
        return string.Join('\n', lines.Select((line, i) => (i == 0 ? first : blank || line.Length > 0) ? margin + line : line));
    }

    static string Title(string text, TemplateBudget budget)
    {
        var letters = budget.Made(text.ToLowerInvariant()).ToCharArray();
        for (var i = 0; i < letters.Length; i++)
        {
            letters[i] = i == 0 || !char.IsLetter(letters[i - 1]) ? char.ToUpperInvariant(letters[i]) : letters[i];
        }

        return new string(letters);
    }

    static string Capitalize(string text, TemplateBudget budget)
        => text.Length == 0 ? text : budget.Made(char.ToUpperInvariant(text[0]) + text[1..].ToLowerInvariant());
}
