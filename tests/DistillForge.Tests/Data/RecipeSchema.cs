using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using System.Xml.Linq;
using DistillForge.Data;
using DistillForge.Data.Yaml;

namespace DistillForge.Tests.Data;

/// <summary>The JSON Schema of recipes, made from the records and their doc comments, for editors that know YAML.</summary>
static class RecipeSchema
{
    static readonly Dictionary<string, string> Summaries = XDocument.Load(Path.ChangeExtension(typeof(Recipe).Assembly.Location, ".xml"))
        .Descendants("member")
        .Where(member => member.Element("summary") is not null)
        .ToDictionary(member => member.Attribute("name")!.Value, member => Plain(member.Element("summary")!));

    public static string Of(Type type)
    {
        var schema = Object(type);
        schema.Insert(0, "$schema", "http://json-schema.org/draft-07/schema#");
        schema.Insert(1, "title", "A DistillForge recipe");
        return schema.ToJsonString(new JsonSerializerOptions { WriteIndented = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping }) + "\n";
    }

    static JsonObject Object(Type type)
    {
        var defaults = type.GetConstructor([]) is { } constructor ? constructor.Invoke([]) : null;
        var properties = new JsonObject();
        var required = new JsonArray();
        foreach (var member in Member.Of(type))
        {
            var schema = member.Components is null ? Value(member.Type) : Components();
            if (Summaries.TryGetValue($"P:{member.Property.DeclaringType!.FullName}.{member.Property.Name}", out var summary))
            {
                schema["description"] = summary;
            }

            if (!member.IsRequired && defaults is not null && (Values.Knows(member.Type) || member.Type.IsArray) && member.Property.GetValue(defaults) is { } value)
            {
                schema["default"] = JsonNode.Parse(CanonicalText.Of(value));
            }

            properties[member.Key] = schema;
            if (member.IsRequired)
            {
                required.Add(member.Key);
            }
        }

        var result = new JsonObject { ["type"] = "object", ["additionalProperties"] = false, ["properties"] = properties };
        if (required.Count > 0)
        {
            result["required"] = required;
        }

        return result;
    }

    static JsonObject Value(Type type)
    {
        if (type == typeof(VocabularySource))
        {
            return new JsonObject { ["oneOf"] = new JsonArray(new JsonObject { ["enum"] = new JsonArray("teacher", "pruned") }, Object(type)) };
        }

        if (type == typeof(SplitSettings))
        {
            return new JsonObject { ["oneOf"] = new JsonArray(new JsonObject { ["enum"] = new JsonArray("clusters") }, Object(type)) };
        }

        if (Member.ElementOf(type, typeof(IReadOnlyList<>)) is [var element])
        {
            return new JsonObject { ["type"] = "array", ["items"] = Value(element) };
        }

        if (Member.ElementOf(type, typeof(IReadOnlyDictionary<,>)) is [_, var item])
        {
            return new JsonObject { ["type"] = "object", ["additionalProperties"] = Value(item) };
        }

        return type switch
        {
            _ when type == typeof(string) || type == typeof(RecipeFile) || type == typeof(RecipeFolder) => new JsonObject { ["type"] = "string" },
            _ when type == typeof(bool) => new JsonObject { ["type"] = "boolean" },
            _ when type == typeof(int) || type == typeof(long) => new JsonObject { ["type"] = "integer" },
            _ when type == typeof(float) || type == typeof(double) => new JsonObject { ["type"] = "number" },
            _ when type.IsEnum => new JsonObject { ["enum"] = new JsonArray([.. Values.NamesOf(type).Select(name => (JsonNode)name)]) },
            _ => Object(type),
        };
    }

    // A name, or a name with options: which names there are is known only where the components are.
    static JsonObject Components() => new()
    {
        ["type"] = "array",
        ["items"] = new JsonObject
        {
            ["oneOf"] = new JsonArray(
                new JsonObject { ["type"] = "string" },
                new JsonObject { ["type"] = "object", ["minProperties"] = 1, ["maxProperties"] = 1, ["additionalProperties"] = new JsonObject { ["type"] = new JsonArray("object", "null") } }),
        },
    };

    static string Plain(XElement summary)
        => Regex.Replace(string.Concat(summary.Nodes().Select(node => node is XElement element ? element.Attribute("cref")?.Value.Split('.')[^1] ?? element.Value : node.ToString())), @"\s+", " ", RegexOptions.None, TimeSpan.FromSeconds(1)).Trim();
}
