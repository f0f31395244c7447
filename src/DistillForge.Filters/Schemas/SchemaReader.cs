using System.Text.Json;
using DistillForge.Core;

namespace DistillForge.Filters;

/// <summary>
/// Compiles a JSON Schema of draft 2020-12. Understands the keywords that restrict values, local references and the common formats; anything
/// else is an error rather than a promise that nobody keeps.
/// </summary>
sealed class SchemaReader
{
    const int MaximumDepth = 64;
    const long MaximumBytes = 1 << 20;

    static readonly HashSet<string> Remarks = ["$schema", "$id", "$comment", "$defs", "definitions", "title", "description", "default", "examples", "deprecated", "readOnly", "writeOnly"];

    readonly JsonElement root;
    readonly List<Problem> problems;
    readonly Dictionary<string, SchemaNode> known = new(StringComparer.Ordinal);

    SchemaReader(JsonElement root, List<Problem> problems) => (this.root, this.problems) = (root, problems);

    /// <param name="problems">Everything that is wrong with the schema is added here; <see cref="Problem.Where"/> is a JSON pointer.</param>
    public static SchemaNode? Read(string path, List<Problem> problems)
    {
        if (OutsideFile.Refusal(path) is { } refusal)
        {
            problems.Add(refusal with { Where = "", What = $"{path} {refusal.What}" });
            return null;
        }

        if (new FileInfo(path) is not { Exists: true, Length: <= MaximumBytes } file)
        {
            problems.Add(new Problem("", File.Exists(path) ? $"{path} has more than {MaximumBytes:N0} bytes." : $"{path} does not exist."));
            return null;
        }

        try
        {
            using var document = JsonDocument.Parse(File.ReadAllBytes(file.FullName), new JsonDocumentOptions { MaxDepth = MaximumDepth });
            return Compile(document.RootElement.Clone(), problems);
        }
        catch (JsonException exception)
        {
            problems.Add(new Problem("", $"is no JSON: {exception.Message}"));
            return null;
        }
    }

    public static SchemaNode? Compile(JsonElement root, List<Problem> problems)
    {
        var before = problems.Count;
        var reader = new SchemaReader(root, problems);
        var node = reader.Node(root, "#");
        if (problems.Count == before)
        {
            reader.RefuseCircles();
        }

        return problems.Count == before ? node : null;
    }

    SchemaNode Node(JsonElement schema, string path)
    {
        if (known.TryGetValue(path, out var already))
        {
            return already;
        }

        var node = new SchemaNode { Path = path };
        known[path] = node;
        switch (schema.ValueKind)
        {
            case JsonValueKind.True:
                break;
            case JsonValueKind.False:
                node.Nothing = true;
                break;
            case JsonValueKind.Object:
                foreach (var keyword in schema.EnumerateObject())
                {
                    Keyword(node, keyword.Name, keyword.Value, $"{path}/{Escape(keyword.Name)}");
                }

                break;
            default:
                Wrong(path, "is no schema; it takes an object, true or false.");
                break;
        }

        return node;
    }

    void Keyword(SchemaNode node, string name, JsonElement value, string path)
    {
        switch (name)
        {
            case "type": node.Types = Types(value, path); break;
            case "enum": node.Enum = [.. Array(value, path)]; break;
            case "const": node.Const = value; break;
            case "minimum": node.Minimum = Number(value, path); break;
            case "maximum": node.Maximum = Number(value, path); break;
            case "exclusiveMinimum": node.ExclusiveMinimum = Number(value, path); break;
            case "exclusiveMaximum": node.ExclusiveMaximum = Number(value, path); break;
            case "multipleOf": node.MultipleOf = Number(value, path) is > 0 and var step ? step : Wrong(path, "must be greater than 0."); break;
            case "minLength": node.MinLength = Count(value, path); break;
            case "maxLength": node.MaxLength = Count(value, path); break;
            case "pattern": node.Pattern = PatternOf(value.ValueKind == JsonValueKind.String ? value.GetString()! : "", path); break;
            case "format": Format(node, value, path); break;
            case "minProperties": node.MinProperties = Count(value, path); break;
            case "maxProperties": node.MaxProperties = Count(value, path); break;
            case "minItems": node.MinItems = Count(value, path); break;
            case "maxItems": node.MaxItems = Count(value, path); break;
            case "minContains": node.MinContains = Count(value, path); break;
            case "maxContains": node.MaxContains = Count(value, path); break;
            case "uniqueItems": node.UniqueItems = value.ValueKind == JsonValueKind.True || (value.ValueKind != JsonValueKind.False && Wrong(path, "takes true or false.") is not null); break;
            case "required": node.Required = Texts(value, path); break;
            default: Applicator(node, name, value, path); break;
        }
    }

    void Applicator(SchemaNode node, string name, JsonElement value, string path)
    {
        switch (name)
        {
            case "properties": node.Properties = Map(value, path); break;
            case "patternProperties": node.PatternProperties = [.. Map(value, path).Select(entry => (PatternOf(entry.Key, path)!, entry.Value))]; break;
            case "additionalProperties": node.AdditionalProperties = Node(value, path); break;
            case "propertyNames": node.PropertyNames = Node(value, path); break;
            case "dependentSchemas": node.DependentSchemas = Map(value, path); break;
            case "dependentRequired": node.DependentRequired = Entries(value, path).ToDictionary(entry => entry.Name, entry => Texts(entry.Value, path)); break;
            case "prefixItems": node.PrefixItems = List(value, path); break;
            case "items" when value.ValueKind == JsonValueKind.Array: Wrong(path, "is a list, which is draft 7.", "Write prefixItems."); break;
            case "items": node.Items = Node(value, path); break;
            case "contains": node.Contains = Node(value, path); break;
            case "allOf": node.AllOf = List(value, path); break;
            case "anyOf": node.AnyOf = List(value, path); break;
            case "oneOf": node.OneOf = List(value, path); break;
            case "not": node.Not = Node(value, path); break;
            case "if": node.If = Node(value, path); break;
            case "then": node.Then = Node(value, path); break;
            case "else": node.Else = Node(value, path); break;
            case "$ref": node.Reference = Reference(value, path); break;
            case "$defs" or "definitions": Map(value, path); break;
            case var _ when !Remarks.Contains(name): Wrong(path, $"unknown keyword '{name}'.", "It would restrict nothing; remove it, or say it with the keywords of draft 2020-12 that README names."); break;
        }
    }

    SchemaNode? Reference(JsonElement value, string path)
    {
        var target = value.ValueKind == JsonValueKind.String ? value.GetString()! : "";
        if (!target.StartsWith('#') || (target.Length > 1 && target[1] != '/'))
        {
            Wrong(path, $"refers to '{target}'.", "Only places in the same file can be named: #/$defs/name.");
            return null;
        }

        var at = root;
        foreach (var step in target.Split('/').Skip(1).Select(step => Uri.UnescapeDataString(step).Replace("~1", "/").Replace("~0", "~")))
        {
            var found = at.ValueKind == JsonValueKind.Object ? at.TryGetProperty(step, out at)
                : at.ValueKind == JsonValueKind.Array && int.TryParse(step, out var index) && (uint)index < (uint)at.GetArrayLength() && (at = at[index]).ValueKind != JsonValueKind.Undefined;
            if (!found)
            {
                Wrong(path, $"refers to '{target}', which is not there.");
                return null;
            }
        }

        return Node(at, target);
    }

    // A schema that judges a value by judging the same value again would never end.
    void RefuseCircles()
    {
        var done = new HashSet<SchemaNode>();
        foreach (var node in known.Values.ToList())
        {
            Walk(node, []);
        }

        void Walk(SchemaNode node, HashSet<SchemaNode> above)
        {
            if (!above.Add(node))
            {
                Wrong(node.Path, "refers to itself for the same value and would never end.");
                return;
            }

            if (done.Add(node))
            {
                foreach (var next in node.Beside())
                {
                    Walk(next, above);
                }
            }

            above.Remove(node);
        }
    }

    void Format(SchemaNode node, JsonElement value, string path)
    {
        node.FormatName = value.ValueKind == JsonValueKind.String ? value.GetString()! : "";
        node.Format = JsonFormats.Find(node.FormatName);
        if (node.Format is null)
        {
            Wrong(path, $"unknown format '{node.FormatName}'.", $"Known: {string.Join(", ", JsonFormats.Names)}.");
        }
    }

    JsonTypes Types(JsonElement value, string path)
    {
        var types = JsonTypes.None;
        foreach (var name in value.ValueKind == JsonValueKind.Array ? Texts(value, path) : [value.ValueKind == JsonValueKind.String ? value.GetString()! : ""])
        {
            types |= name switch
            {
                "null" => JsonTypes.Null,
                "boolean" => JsonTypes.Boolean,
                "object" => JsonTypes.Object,
                "array" => JsonTypes.Array,
                "number" => JsonTypes.Number,
                "string" => JsonTypes.String,
                "integer" => JsonTypes.Integer,
                _ => Unknown(name),
            };
        }

        return types;

        JsonTypes Unknown(string name)
        {
            Wrong(path, $"unknown type '{name}'.");
            return JsonTypes.None;
        }
    }

    Pattern? PatternOf(string text, string path)
    {
        try
        {
            return Filters.Pattern.FromText(text);
        }
        catch (FormatException exception)
        {
            Wrong(path, $"'{text}' {exception.Message}");
            return null;
        }
    }

    int? Count(JsonElement value, string path)
        => value.ValueKind == JsonValueKind.Number && value.TryGetInt32(out var count) && count >= 0 ? count : (int?)Wrong(path, "takes a whole number from 0.");

    decimal? Number(JsonElement value, string path)
        => value.ValueKind == JsonValueKind.Number && value.TryGetDecimal(out var number) ? number : Wrong(path, "takes a number.");

    IEnumerable<JsonElement> Array(JsonElement value, string path)
    {
        if (value.ValueKind == JsonValueKind.Array && value.GetArrayLength() > 0)
        {
            return value.EnumerateArray();
        }

        Wrong(path, "takes a list that is not empty.");
        return [];
    }

    IReadOnlyList<string> Texts(JsonElement value, string path)
    {
        if (value.ValueKind == JsonValueKind.Array && value.EnumerateArray().All(item => item.ValueKind == JsonValueKind.String))
        {
            return [.. value.EnumerateArray().Select(item => item.GetString()!)];
        }

        Wrong(path, "takes a list of texts.");
        return [];
    }

    IEnumerable<JsonProperty> Entries(JsonElement value, string path)
    {
        if (value.ValueKind == JsonValueKind.Object)
        {
            return value.EnumerateObject();
        }

        Wrong(path, "takes an object.");
        return [];
    }

    List<SchemaNode> List(JsonElement value, string path) => [.. Array(value, path).Select((item, i) => Node(item, $"{path}/{i}"))];

    // A key that comes twice: the last one counts, as in JSON readers everywhere.
    Dictionary<string, SchemaNode> Map(JsonElement value, string path)
        => Entries(value, path).GroupBy(entry => entry.Name).ToDictionary(group => group.Key, group => Node(group.Last().Value, $"{path}/{Escape(group.Key)}"));

    decimal? Wrong(string path, string what, string instead = "")
    {
        problems.Add(new Problem(path, what, instead));
        return null;
    }

    static string Escape(string name) => name.Replace("~", "~0").Replace("/", "~1");
}
