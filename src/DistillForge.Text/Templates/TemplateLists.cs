namespace DistillForge.Text;

/// <summary>Filters and methods of lists and mappings.</summary>
static class TemplateLists
{
    /// <summary>What a loop goes over: a list's items, a mapping's keys, a text's characters.</summary>
    public static List<object?> Of(object? value, TemplateBudget budget) => value switch
    {
        List<object?> list => list,
        TemplateMap map => budget.Made(map.Keys.Select(map.KeyOf)),
        string text => budget.Made(text.EnumerateRunes().Select(rune => (object?)rune.ToString())),
        Undefined => [],
        _ => throw budget.Fail(TemplateMath.Kind(value), "cannot be looped over."),
    };

    public static List<object?> Items(object? value, TemplateBudget budget) => value switch
    {
        TemplateMap map => budget.Made(map.Select(pair => (object?)new List<object?> { map.KeyOf(pair.Key), pair.Value })),
        Undefined => [],
        _ => throw budget.Fail("items", $"cannot take {TemplateMath.Kind(value)}."),
    };

    /// <returns>The method, or null where mappings have none of that name.</returns>
    public static Func<TemplateArguments, object?>? Method(TemplateMap map, string name, TemplateBudget budget) => name switch
    {
        "items" => _ => Items(map, budget),
        "keys" => _ => budget.Made(map.Keys.Select(map.KeyOf)),
        "values" => _ => budget.Made(map.Values),
        "get" => a => Get(map, a),
        _ => null,
    };

    static object? Get(TemplateMap map, TemplateArguments arguments)
        => arguments.Get(0, "key") switch
        {
            string key when map.TryGetValue(key, out var value) => value,
            long key when map.TryGetValue(key, out var value) => value,
            _ => arguments.Get(1, "default"),
        };

    public static string Join(List<object?> items, string separator, TemplateBudget budget)
    {
        var texts = items.ConvertAll(item => TemplateValues.Spell(item, budget));
        budget.Reserve(texts.Sum(text => (long)text.Length + separator.Length));
        return string.Join(separator, texts);
    }

    public static object? Filter(string name, object? value, TemplateArguments arguments, TemplateBudget budget)
    {
        // These take none for nothing, as Jinja's do.
        var items = value is null && name is ("map" or "select" or "reject" or "selectattr" or "rejectattr") ? [] : Of(value, budget);
        budget.Step(items.Count);
        switch (name)
        {
            case "join":
                var attribute = arguments.Text(1, "attribute");
                return Join(attribute is null ? items : items.ConvertAll(item => Attribute(item, attribute)), TemplateValues.Spell(arguments.Get(0, "d", ""), budget), budget);
            case "first":
                return items.Count > 0 ? items[0] : new Undefined("first");
            case "last":
                return items.Count > 0 ? items[^1] : new Undefined("last");
            case "list":
                return budget.Made(items);
            case "reverse":
                return value is string ? string.Concat(items.AsEnumerable().Reverse()) : budget.Made(items.AsEnumerable().Reverse());
            case "dictsort":
                return Sort(Items(value, budget), "0", descending: arguments.Flag(2, "reverse", false), budget);
            case "sort":
                return Sort(items, arguments.Text(2, "attribute"), descending: arguments.Flag(0, "reverse", false), budget);
            case "unique":
                return Unique(items, budget);
            case "min" or "max":
                return Sort(items, null, descending: name == "max", budget) is [var best, ..] ? best : new Undefined(name);
            case "sum":
                return items.Aggregate(arguments.Get(1, "start", 0L), (sum, item) => TemplateMath.Binary("+", sum, arguments.Text(0, "attribute") is { } field ? Attribute(item, field) : item, budget));
            case "map":
                return Map(items, arguments, budget);
            default:
                return Select(name, items, arguments, budget);
        }
    }

    static List<object?> Map(List<object?> items, TemplateArguments arguments, TemplateBudget budget)
    {
        if (arguments.Named.TryGetValue("attribute", out var attribute) && attribute is string field)
        {
            return budget.Made(items.Select(item => Attribute(item, field) is Undefined && arguments.Named.TryGetValue("default", out var otherwise) ? otherwise : Attribute(item, field)));
        }

        var filter = arguments.Text(0, "filter");
        if (filter is null || !TemplateFilters.Names.Contains(filter))
        {
            throw TemplateException.Unsupported(budget.Line, $"filter '{filter}' in map");
        }

        var rest = new TemplateArguments([.. arguments.Positional.Skip(1)], arguments.Named);
        return budget.Made(items.Select(item => TemplateFilters.Apply(filter, item, rest, budget)));
    }

    // selectattr(attribute, test, argument…), select(test, argument…) and their opposites; without a test: what is true.
    static List<object?> Select(string name, List<object?> items, TemplateArguments arguments, TemplateBudget budget)
    {
        var field = name.EndsWith("attr", StringComparison.Ordinal) ? arguments.Text(0, "attribute") ?? throw budget.Fail($"filter '{name}'", "needs an attribute.") : null;
        var skip = field is null ? 0 : 1;
        var test = arguments.Text(skip, "test");
        if (test is not null && !TemplateTests.Names.Contains(test))
        {
            throw TemplateException.Unsupported(budget.Line, $"test '{test}' in {name}");
        }

        var rest = new TemplateArguments([.. arguments.Positional.Skip(skip + 1)], arguments.Named);
        var keep = name.StartsWith("select", StringComparison.Ordinal);
        return budget.Made(items.Where(item =>
        {
            var value = field is null ? item : Attribute(item, field);
            return keep == (test is null ? TemplateValues.IsTrue(value) : TemplateTests.Apply(test, value, rest, budget));
        }));
    }

    static List<object?> Sort(List<object?> items, string? attribute, bool descending, TemplateBudget budget)
    {
        object? Key(object? item) => attribute is null ? item : Attribute(item, attribute) is string text ? text.ToLowerInvariant() : Attribute(item, attribute);
        var order = Comparer<object?>.Create((a, b) =>
        {
            budget.Step();
            return TemplateValues.Compare(a, b) ?? throw budget.Fail("filter 'sort'", $"cannot compare {TemplateMath.Kind(a)} with {TemplateMath.Kind(b)}.");
        });
        return budget.Made(descending ? items.OrderByDescending(Key, order) : items.OrderBy(Key, order));
    }

    static List<object?> Unique(List<object?> items, TemplateBudget budget)
    {
        var result = new List<object?>();
        foreach (var item in items)
        {
            if (!result.Exists(other => TemplateValues.Same(other, item, budget)))
            {
                result.Add(item);
            }
        }

        return result;
    }

    static object? Attribute(object? item, string path)
    {
        foreach (var name in path.Split('.'))
        {
            item = item switch
            {
                TemplateMap map when map.TryGetValue(name, out var value) => value,
                List<object?> list when int.TryParse(name, out var index) && index < list.Count && index >= 0 => list[index],
                _ => new Undefined(name),
            };
        }

        return item;
    }
}
