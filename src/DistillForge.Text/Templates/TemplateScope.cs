namespace DistillForge.Text;

/// <summary>Names and values; a loop's body and a macro see the outer ones and set their own.</summary>
sealed class TemplateScope(TemplateScope? outer)
{
    readonly Dictionary<string, object?> values = [];

    public object? this[string name]
    {
        get
        {
            for (var scope = this; scope is not null; scope = scope.Outer)
            {
                if (scope.values.TryGetValue(name, out var value))
                {
                    return value;
                }
            }

            return new Undefined(name);
        }
        set => values[name] = value;
    }

    TemplateScope? Outer { get; } = outer;
}

/// <summary>What a body of a loop knows as <c>loop</c>.</summary>
sealed class TemplateLoop(List<object?> items, int at, int depth)
{
    public object? this[string name] => name switch
    {
        "index" => at + 1L,
        "index0" => (long)at,
        "revindex" => (long)items.Count - at,
        "revindex0" => items.Count - at - 1L,
        "first" => at == 0,
        "last" => at == items.Count - 1,
        "length" => (long)items.Count,
        "depth" => depth + 1L,
        "depth0" => (long)depth,
        "previtem" when at > 0 => items[at - 1],
        "nextitem" when at + 1 < items.Count => items[at + 1],
        "cycle" => new TemplateFunction("cycle", a => a.Positional.Count == 0 ? null : a.Positional[at % a.Positional.Count]),
        _ => new Undefined($"loop.{name}"),
    };
}
