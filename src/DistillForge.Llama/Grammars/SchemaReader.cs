using System.Globalization;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace DistillForge.Llama.Grammars;

/// <summary>Reads one JSON Schema; every schema in it becomes a rule.</summary>
sealed class SchemaReader(JsonElement root)
{
    const int MostRepetitions = 1_000;
    const int MostIntegers = 512;

    // What says nothing about what is valid.
    static readonly HashSet<string> Notes = ["title", "description", "default", "examples", "$schema", "$id", "$comment", "$defs", "definitions", "deprecated", "readOnly", "writeOnly", "$anchor"];
    static readonly Dictionary<string, string[]> Keywords = new(StringComparer.Ordinal)
    {
        ["object"] = ["properties", "required", "additionalProperties"],
        ["array"] = ["items", "minItems", "maxItems"],
        ["string"] = ["minLength", "maxLength", "format"],
        ["integer"] = ["minimum", "maximum"],
        ["number"] = ["minimum"],
        ["boolean"] = [],
        ["null"] = [],
    };

    static readonly JsonSerializerOptions Plain = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    readonly GrammarRules rules = new();
    readonly Dictionary<string, string> references = new(StringComparer.Ordinal);

    public string Read() => rules.Write(Rule(root, ""));

    string Rule(JsonElement schema, string place)
    {
        if (schema.ValueKind == JsonValueKind.True)
        {
            return rules.Of("value");
        }

        if (schema.ValueKind != JsonValueKind.Object)
        {
            throw JsonSchemaGrammar.Unfit(place, $"is {schema.ValueKind.ToString().ToLowerInvariant()}, not a schema.", "Write an object.");
        }

        return schema.TryGetProperty("$ref", out var reference) ? Referred(reference, schema, place)
            : schema.TryGetProperty("const", out var only) ? Values([only], schema, place)
            : schema.TryGetProperty("enum", out var values) ? Values([.. Elements(values, place + "/enum")], schema, place)
            : Choice(schema, place) ?? Typed(schema, place);
    }

    string Referred(JsonElement reference, JsonElement schema, string place)
    {
        Only(schema, place, "$ref");
        var path = reference.ValueKind == JsonValueKind.String ? reference.GetString()! : "";
        if (!path.StartsWith('#'))
        {
            throw JsonSchemaGrammar.Unfit(place + "/$ref", $"'{path}' is not within this schema.", "Copy what it names into $defs.");
        }

        if (references.TryGetValue(path, out var known))
        {
            return known;
        }

        // Known before it is read: it may refer to itself.
        var name = references[path] = rules.NewName();
        rules.Set(name, Rule(Find(path, place), path[1..]));
        return name;
    }

    JsonElement Find(string path, string place)
    {
        var found = root;
        foreach (var part in path.Split('/').Skip(1))
        {
            var key = Uri.UnescapeDataString(part).Replace("~1", "/", StringComparison.Ordinal).Replace("~0", "~", StringComparison.Ordinal);
            if (found.ValueKind != JsonValueKind.Object || !found.TryGetProperty(key, out found))
            {
                throw JsonSchemaGrammar.Unfit(place + "/$ref", $"'{path}' is not there.", "Define it under $defs.");
            }
        }

        return found;
    }

    string Values(IReadOnlyList<JsonElement> values, JsonElement schema, string place)
    {
        Only(schema, place, "enum", "const", "type");
        return values.Count > 0
            ? rules.Add(string.Join(" | ", values.Select(value => GrammarRules.Literal(JsonSerializer.Serialize(value, Plain)))))
            : throw JsonSchemaGrammar.Unfit(place + "/enum", "is empty.", "Name at least one value.");
    }

    string? Choice(JsonElement schema, string place)
    {
        foreach (var key in (string[])["anyOf", "oneOf", "allOf"])
        {
            if (!schema.TryGetProperty(key, out var choices))
            {
                continue;
            }

            Only(schema, place, key, "type");
            var all = Elements(choices, $"{place}/{key}").ToList();
            if (all.Count == 0 || (key == "allOf" && all.Count > 1))
            {
                throw JsonSchemaGrammar.Unfit($"{place}/{key}", all.Count == 0 ? "is empty." : "joins several schemas, which a grammar cannot.", "Write what they say together as one schema.");
            }

            return rules.Add(string.Join(" | ", all.Select((choice, i) => Rule(choice, $"{place}/{key}/{i}"))));
        }

        return null;
    }

    string Typed(JsonElement schema, string place)
    {
        string[] types = schema.TryGetProperty("type", out var type)
            ? [.. (type.ValueKind == JsonValueKind.Array ? type.EnumerateArray().AsEnumerable() : [type]).Select(one => one.ValueKind == JsonValueKind.String ? one.GetString()! : one.GetRawText())]
            : schema.TryGetProperty("properties", out _) ? ["object"]
            : schema.TryGetProperty("items", out _) ? ["array"]
            : [];
        if (types.FirstOrDefault(one => !Keywords.ContainsKey(one)) is { } unknown)
        {
            throw JsonSchemaGrammar.Unfit(place + "/type", $"'{unknown}' is no type of JSON.", $"Known: {string.Join(", ", Keywords.Keys)}.");
        }

        Only(schema, place, ["type", .. types.SelectMany(one => Keywords[one])]);
        return types.Length switch
        {
            0 => rules.Of("value"),
            1 => Of(types[0], schema, place),
            _ => rules.Add(string.Join(" | ", types.Select(one => Of(one, schema, place)))),
        };
    }

    string Of(string type, JsonElement schema, string place) => type switch
    {
        "object" => Object(schema, place),
        "array" => Array(schema, place),
        "string" => Text(schema, place),
        "integer" => Integer(schema, place),
        "number" => Number(schema, place),
        _ => rules.Of(type),
    };

    // Named properties in their order; those that are not required may be left out, and others are not written.
    string Object(JsonElement schema, string place)
    {
        var required = schema.TryGetProperty("required", out var names) ? Elements(names, place + "/required").Select(name => name.GetString() ?? "").ToHashSet() : [];
        var ws = rules.Of("ws");
        var properties = schema.TryGetProperty("properties", out var named) ? named.EnumerateObject().ToList() : [];
        var keys = properties.Select(property => property.Name).Concat(required.Except(properties.Select(property => property.Name))).ToList();
        if (keys.Count == 0)
        {
            return Map(schema, place, ws);
        }

        // From the last one back: what follows when something stands before it, and what follows when nothing does.
        var (after, first) = ("", "");
        for (var i = keys.Count - 1; i >= 0; i--)
        {
            var value = i < properties.Count ? Rule(properties[i].Value, $"{place}/properties/{keys[i]}") : rules.Of("value");
            var pair = $"{GrammarRules.Literal(JsonSerializer.Serialize(keys[i], Plain))} {ws} \":\" {ws} {value}";
            var must = required.Contains(keys[i]);
            var alone = rules.Add($"{pair} {after}");
            first = must ? alone : first.Length > 0 ? rules.Add($"{alone} | {first}") : rules.Add($"| {alone}");
            after = rules.Add($"{(must ? "" : "(")}{ws} \",\" {ws} {pair}{(must ? "" : ")?")} {after}");
        }

        return rules.Add($"\"{{\" {ws} {first} {ws} \"}}\"");
    }

    string Map(JsonElement schema, string place, string ws)
    {
        var open = !schema.TryGetProperty("additionalProperties", out var values) || values.ValueKind != JsonValueKind.False;
        if (!open)
        {
            return rules.Add($"\"{{\" {ws} \"}}\"");
        }

        var pair = rules.Add($"{rules.Of("string")} {ws} \":\" {ws} {(values.ValueKind is JsonValueKind.Undefined ? rules.Of("value") : Rule(values, place + "/additionalProperties"))}");
        return rules.Add($"\"{{\" {ws} ({pair} ({ws} \",\" {ws} {pair})*)? {ws} \"}}\"");
    }

    string Array(JsonElement schema, string place)
    {
        var item = schema.TryGetProperty("items", out var items) ? Rule(items, place + "/items") : rules.Of("value");
        var ws = rules.Of("ws");
        var (least, most) = Range(schema, place, "minItems", "maxItems");
        if (most == 0)
        {
            return rules.Add($"\"[\" {ws} \"]\"");
        }

        var more = $"({ws} \",\" {ws} {item}){{{Math.Max(0, least - 1)},{(most is null ? "" : $"{most - 1}")}}}";
        return rules.Add(least > 0 ? $"\"[\" {ws} {item} {more} {ws} \"]\"" : $"\"[\" {ws} ({item} {more})? {ws} \"]\"");
    }

    string Text(JsonElement schema, string place)
    {
        var (least, most) = Range(schema, place, "minLength", "maxLength");
        if (schema.TryGetProperty("format", out var format) && least == 0 && most is null && format.ValueKind == JsonValueKind.String && Formatted(format.GetString()!) is { } formatted)
        {
            return rules.Add($"\"\\\"\" {formatted} \"\\\"\"");
        }

        return least == 0 && most is null ? rules.Of("string") : rules.Add($"\"\\\"\" {rules.Of("char")}{{{least},{most}}} \"\\\"\"");
    }

    // Other formats are notes, as JSON Schema has it.
    string? Formatted(string format) => format switch
    {
        "date" or "time" or "uuid" => rules.Of(format),
        "date-time" => $"{rules.Of("date")} \"T\" {rules.Of("time")}",
        _ => null,
    };

    string Integer(JsonElement schema, string place)
    {
        var (least, most) = (Bound(schema, place, "minimum"), Bound(schema, place, "maximum"));
        return (least, most) switch
        {
            (null, null) => rules.Of("integer"),
            (0, null) => rules.Add("\"0\" | [1-9] [0-9]{0,17}"),
            (1, null) => rules.Add("[1-9] [0-9]{0,17}"),
            ({ } from, { } to) when from <= to && to - from < MostIntegers => rules.Add(string.Join(" | ", Enumerable.Range(0, (int)(to - from) + 1).Select(i => $"\"{from + i}\""))),
            _ => throw JsonSchemaGrammar.Unfit(place, $"asks for integers from {least} to {most}.", $"A grammar can say minimum 0 or 1, or a range of at most {MostIntegers}."),
        };
    }

    string Number(JsonElement schema, string place)
    {
        return Bound(schema, place, "minimum") switch
        {
            null => rules.Of("number"),
            0 => rules.Add("""("0" | [1-9] [0-9]{0,17}) ("." [0-9]{1,17})? ([eE] [-+]? [0-9]{1,3})?"""),
            _ => throw JsonSchemaGrammar.Unfit(place + "/minimum", "is not 0, which is all that a grammar can say of a number."),
        };
    }

    static long? Bound(JsonElement schema, string place, string key)
        => !schema.TryGetProperty(key, out var value) ? null
            : value.ValueKind == JsonValueKind.Number && value.TryGetInt64(out var bound) && Math.Abs(bound) < 1L << 53 ? bound
            : throw JsonSchemaGrammar.Unfit($"{place}/{key}", $"is {value.GetRawText()}, not a whole number.");

    static (int Least, int? Most) Range(JsonElement schema, string place, string leastKey, string mostKey)
    {
        var (least, most) = (Bound(schema, place, leastKey) ?? 0, Bound(schema, place, mostKey));
        return least >= 0 && (most ?? least) >= least && Math.Max(least, most ?? 0) <= MostRepetitions
            ? ((int)least, (int?)most)
            : throw JsonSchemaGrammar.Unfit(place, $"{leastKey} is {least.ToString(CultureInfo.InvariantCulture)} and {mostKey} {most?.ToString(CultureInfo.InvariantCulture) ?? "open"}.", $"Keep both within 0 … {MostRepetitions}, the first one not above the second.");
    }

    static IEnumerable<JsonElement> Elements(JsonElement list, string place)
        => list.ValueKind == JsonValueKind.Array ? list.EnumerateArray() : throw JsonSchemaGrammar.Unfit(place, "is no list.", "Write a list.");

    // A keyword that is passed over would let invalid answers through.
    static void Only(JsonElement schema, string place, params ReadOnlySpan<string> keys)
    {
        foreach (var property in schema.EnumerateObject())
        {
            if (!keys.Contains(property.Name) && !Notes.Contains(property.Name) && !property.Name.StartsWith("x-", StringComparison.Ordinal))
            {
                throw JsonSchemaGrammar.Unfit($"{place}/{property.Name}", "cannot be said in a grammar.");
            }
        }
    }
}
