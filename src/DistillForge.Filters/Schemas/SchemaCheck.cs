using System.Text.Json;

namespace DistillForge.Filters;

/// <summary>Judges one JSON value by a schema; says where and why it does not fit.</summary>
sealed class SchemaCheck
{
    // Schemas that refer to themselves through several branches can double the work at every level of a value.
    const int MaximumSteps = 200_000;

    int steps;

    /// <summary>The schema asks for more work than a value may cost.</summary>
    public bool GaveUp => steps > MaximumSteps;

    /// <returns>Null when it fits, else what does not, with a JSON pointer.</returns>
    public string? Why(SchemaNode schema, JsonElement value, string path = "")
    {
        if (++steps > MaximumSteps)
        {
            return "the schema takes too much work";
        }

        if (schema.Nothing)
        {
            return Say(path, "may not be there");
        }

        return Any(schema, value, path)
            ?? value.ValueKind switch
            {
                JsonValueKind.Number => Number(schema, value, path),
                JsonValueKind.String => Text(schema, value, path),
                JsonValueKind.Object => Object(schema, value, path),
                JsonValueKind.Array => Array(schema, value, path),
                _ => null,
            }
            ?? Combined(schema, value, path);
    }

    bool Fits(SchemaNode schema, JsonElement value, string path) => Why(schema, value, path) is null;

    static string? Any(SchemaNode schema, JsonElement value, string path)
    {
        if (schema.Types is { } types && (types & TypesOf(value)) == JsonTypes.None)
        {
            return Say(path, $"is {NameOf(value)}, needs {types.ToString().ToLowerInvariant().Replace(", ", " or ")}");
        }

        return schema.Const is { } constant && !JsonElement.DeepEquals(constant, value) ? Say(path, $"is not {Short(constant.GetRawText())}")
            : schema.Enum is { } allowed && !allowed.Any(item => JsonElement.DeepEquals(item, value)) ? Say(path, $"is none of {Short(string.Join(", ", allowed.Select(item => item.GetRawText())))}")
            : null;
    }

    static string? Number(SchemaNode schema, JsonElement value, string path)
    {
        // Beyond decimal's range only comparisons are left, and a double is good enough for them.
        var exact = value.TryGetDecimal(out var number);
        var rough = exact ? (double)number : value.TryGetDouble(out var real) ? real : double.NaN;
        return schema.Minimum is { } minimum && !(exact ? number >= minimum : rough >= (double)minimum) ? Say(path, $"is less than {minimum}")
            : schema.Maximum is { } maximum && !(exact ? number <= maximum : rough <= (double)maximum) ? Say(path, $"is more than {maximum}")
            : schema.ExclusiveMinimum is { } above && !(exact ? number > above : rough > (double)above) ? Say(path, $"is not more than {above}")
            : schema.ExclusiveMaximum is { } below && !(exact ? number < below : rough < (double)below) ? Say(path, $"is not less than {below}")
            : schema.MultipleOf is { } step && !(exact ? number % step == 0 : Math.IEEERemainder(rough, (double)step) == 0) ? Say(path, $"is no multiple of {step}")
            : null;
    }

    static string? Text(SchemaNode schema, JsonElement value, string path)
    {
        if (schema is { MinLength: null, MaxLength: null, Pattern: null, Format: null })
        {
            return null;
        }

        var text = value.GetString()!;
        var length = text.Length - text.Count(char.IsLowSurrogate);
        return length < schema.MinLength ? Say(path, $"has {length} characters, needs {schema.MinLength}")
            : length > schema.MaxLength ? Say(path, $"has {length} characters, may have {schema.MaxLength}")
            : schema.Pattern is { } pattern && !pattern.TryMatch(text, out _, out _) ? Say(path, $"does not match '{pattern.Text}'")
            : schema.Format is { } format && !format(text) ? Say(path, $"is no {schema.FormatName}")
            : null;
    }

    string? Object(SchemaNode schema, JsonElement value, string path)
    {
        var count = 0;
        foreach (var property in value.EnumerateObject())
        {
            count++;
            if (Property(schema, property, path) is { } why)
            {
                return why;
            }
        }

        return count < schema.MinProperties ? Say(path, $"has {count} keys, needs {schema.MinProperties}")
            : count > schema.MaxProperties ? Say(path, $"has {count} keys, may have {schema.MaxProperties}")
            : Missing(schema.Required, value) is { } missing ? Say(path, $"has no '{missing}'")
            : Dependent(schema, value, path);
    }

    string? Property(SchemaNode schema, JsonProperty property, string path)
    {
        var below = $"{path}/{Short(property.Name)}";
        if (schema.PropertyNames is { } names)
        {
            var name = JsonSerializer.SerializeToElement(property.Name);
            if (Why(names, name, below) is { } wrongName)
            {
                return wrongName + " (its name)";
            }
        }

        var matched = false;
        if (schema.Properties?.TryGetValue(property.Name, out var known) == true)
        {
            matched = true;
            if (Why(known, property.Value, below) is { } why)
            {
                return why;
            }
        }

        foreach (var (pattern, node) in schema.PatternProperties ?? [])
        {
            if (pattern.TryMatch(property.Name, out _, out _))
            {
                matched = true;
                if (Why(node, property.Value, below) is { } why)
                {
                    return why;
                }
            }
        }

        return !matched && schema.AdditionalProperties is { } other ? Why(other, property.Value, below) : null;
    }

    string? Dependent(SchemaNode schema, JsonElement value, string path)
    {
        foreach (var (key, needed) in schema.DependentRequired ?? new Dictionary<string, IReadOnlyList<string>>())
        {
            if (value.TryGetProperty(key, out _) && Missing(needed, value) is { } missing)
            {
                return Say(path, $"has '{key}' but no '{missing}'");
            }
        }

        foreach (var (key, node) in schema.DependentSchemas ?? new Dictionary<string, SchemaNode>())
        {
            if (value.TryGetProperty(key, out _) && Why(node, value, path) is { } why)
            {
                return why;
            }
        }

        return null;
    }

    string? Array(SchemaNode schema, JsonElement value, string path)
    {
        var (count, contained) = (0, 0);
        foreach (var item in value.EnumerateArray())
        {
            var below = $"{path}/{count}";
            var node = schema.PrefixItems is { } prefix && count < prefix.Count ? prefix[count] : schema.Items;
            if (node is not null && Why(node, item, below) is { } why)
            {
                return why;
            }

            contained += schema.Contains is { } wanted && Fits(wanted, item, below) ? 1 : 0;
            count++;
        }

        return count < schema.MinItems ? Say(path, $"has {count} items, needs {schema.MinItems}")
            : count > schema.MaxItems ? Say(path, $"has {count} items, may have {schema.MaxItems}")
            : schema.Contains is not null && contained < (schema.MinContains ?? 1) ? Say(path, $"has {contained} items as wanted, needs {schema.MinContains ?? 1}")
            : schema.Contains is not null && contained > schema.MaxContains ? Say(path, $"has {contained} items of a kind, may have {schema.MaxContains}")
            : schema.UniqueItems && value.EnumerateArray().ToHashSet(JsonEquality.Instance).Count < count ? Say(path, "has an item twice")
            : null;
    }

    string? Combined(SchemaNode schema, JsonElement value, string path)
    {
        if (schema.Reference is { } reference && Why(reference, value, path) is { } notReferred)
        {
            return notReferred;
        }

        foreach (var node in schema.AllOf ?? [])
        {
            if (Why(node, value, path) is { } why)
            {
                return why;
            }
        }

        var matches = schema.OneOf?.Count(node => Fits(node, value, path));
        return schema.AnyOf is { } any && !any.Any(node => Fits(node, value, path)) ? Say(path, $"fits none of the {any.Count} schemas of anyOf")
            : matches is not (null or 1) ? Say(path, $"fits {matches} schemas of oneOf, needs exactly one")
            : schema.Not is { } not && Fits(not, value, path) ? Say(path, "is what may not be")
            : schema.If is { } condition ? (Fits(condition, value, path) ? schema.Then : schema.Else) is { } branch ? Why(branch, value, path) : null
            : null;
    }

    static string? Missing(IReadOnlyList<string>? keys, JsonElement value)
    {
        foreach (var key in keys ?? [])
        {
            if (!value.TryGetProperty(key, out _))
            {
                return key;
            }
        }

        return null;
    }

    static JsonTypes TypesOf(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.Null => JsonTypes.Null,
        JsonValueKind.True or JsonValueKind.False => JsonTypes.Boolean,
        JsonValueKind.Object => JsonTypes.Object,
        JsonValueKind.Array => JsonTypes.Array,
        JsonValueKind.String => JsonTypes.String,
        _ => IsInteger(value) ? JsonTypes.Number | JsonTypes.Integer : JsonTypes.Number,
    };

    static bool IsInteger(JsonElement value) => value.TryGetDecimal(out var number) ? decimal.Truncate(number) == number : value.TryGetDouble(out var real) && Math.Floor(real) == real;

    static string NameOf(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.Null => "null",
        JsonValueKind.True or JsonValueKind.False => "a boolean",
        JsonValueKind.Object => "an object",
        JsonValueKind.Array => "an array",
        JsonValueKind.String => "a string",
        _ => IsInteger(value) ? "an integer" : "a number",
    };

    static string Say(string path, string what) => $"{(path.Length == 0 ? "the value" : path)} {what}";

    static string Short(string text) => text.Length <= 80 ? text : text[..77] + "...";
}
