using System.Text.Json;

namespace DistillForge.EndToEnd.Tests.Lineage;

/// <summary>
/// Croissant 1.0 as its specification has it, for the part that we write, held against what a JSON-LD processor made of a file: every class and property must be one that the specification
/// names, the required ones must be there, and what is referred to must exist. https://docs.mlcommons.org/croissant/docs/croissant-spec.html, and the one for RAI.
/// </summary>
static class CroissantRules
{
    const string Sc = "https://schema.org/";
    const string Cr = "http://mlcommons.org/croissant/";

    // Class, or the property that leads to a node without one: what it needs and what it may have.
    static readonly Dictionary<string, (string[] Needs, string[] May)> Rules = new()
    {
        [Sc + "Dataset"] = (["http://purl.org/dc/terms/conformsTo", .. Of(Sc, "name description license url creator datePublished distribution"), Cr + "recordSet"],
            [.. Of(Sc, "version keywords"), .. Of(Cr + "RAI/", "dataCollection dataPreprocessingProtocol machineAnnotationTools personalSensitiveInformation dataLimitations")]),
        [Sc + "Person"] = (Of(Sc, "name"), []),
        [Sc + "Organization"] = (Of(Sc, "name"), []),
        [Sc + "CreativeWork"] = (Of(Sc, "name"), []),
        [Cr + "FileObject"] = (Of(Sc, "name contentUrl contentSize encodingFormat sha256"), []),
        [Cr + "RecordSet"] = ([Sc + "name", Cr + "field"], []),
        [Cr + "Field"] = ([Sc + "name"], Of(Cr, "dataType source repeated subField")),
        [Cr + "source"] = (Of(Cr, "fileObject extract"), Of(Cr, "transform")),
        [Cr + "extract"] = (Of(Cr, "column"), []),
        [Cr + "transform"] = (Of(Cr, "jsonPath"), []),
    };

    // What a property may lead to.
    static readonly Dictionary<string, string[]> Ranges = new()
    {
        [Sc + "creator"] = [Sc + "Person", Sc + "Organization"],
        [Sc + "license"] = [Sc + "CreativeWork"],
        [Sc + "distribution"] = [Cr + "FileObject"],
        [Cr + "recordSet"] = [Cr + "RecordSet"],
        [Cr + "field"] = [Cr + "Field"],
        [Cr + "subField"] = [Cr + "Field"],
    };

    static readonly string[] DataTypes = Of(Sc, "Text Integer Float Boolean");

    /// <returns>What is wrong; nothing where all is right.</returns>
    public static IReadOnlyList<string> Problems(JsonElement nodes)
    {
        if (nodes.GetArrayLength() != 1 || TypeOf(nodes[0]) != Sc + "Dataset")
        {
            return ["is not one Dataset"];
        }

        var ids = new HashSet<string>();
        var problems = new List<string>();
        Walk(nodes[0], Sc + "Dataset", ids, problems);
        References(nodes[0], ids, problems);
        return problems;
    }

    /// <summary>The columns, and the fields within them, that a record set reads of its file.</summary>
    public static IEnumerable<(string Column, string? Inner)> Columns(JsonElement dataset) => All(dataset, Cr + "source").Select(source => (
        Text(source.GetProperty(Cr + "extract")[0].GetProperty(Cr + "column")),
        source.TryGetProperty(Cr + "transform", out var transform) ? Text(transform[0].GetProperty(Cr + "jsonPath")) : null));

    public static string Text(JsonElement values) => values[0].GetProperty("@value").GetString()!;

    static void Walk(JsonElement node, string what, HashSet<string> ids, List<string> problems)
    {
        var (needs, may) = Rules[what];
        var has = node.EnumerateObject().Select(property => property.Name).Where(name => name[0] != '@').ToList();
        problems.AddRange(needs.Except(has).Select(name => $"{what} has no {name}"));
        problems.AddRange(has.Except(needs).Except(may).Select(name => $"{what} has {name}, which the specification does not know"));
        if (node.TryGetProperty("@id", out var id) && !ids.Add(id.GetString()!))
        {
            problems.Add($"{id} is there twice");
        }

        if (what == Cr + "Field" && !(has.Contains(Cr + "subField") ^ (has.Contains(Cr + "source") && has.Contains(Cr + "dataType"))))
        {
            problems.Add($"{id} has neither source and type nor fields of its own");
        }

        foreach (var (name, value) in node.EnumerateObject().Where(property => property.Name[0] != '@').SelectMany(property => property.Value.EnumerateArray().Select(value => (property.Name, value))))
        {
            if (name == Cr + "dataType" && !DataTypes.Contains(value.GetProperty("@id").GetString()))
            {
                problems.Add($"{value} is no data type");
            }
            else if (TypeOf(value) is { } type && (!Ranges.TryGetValue(name, out var range) || !range.Contains(type)))
            {
                problems.Add($"{name} is a {type}");
            }
            else if ((TypeOf(value) ?? (Rules.ContainsKey(name) ? name : null)) is { } inner)
            {
                Walk(value, inner, ids, problems);
            }
        }
    }

    static void References(JsonElement dataset, HashSet<string> ids, List<string> problems) => problems.AddRange(All(dataset, Cr + "fileObject")
        .Select(reference => reference.GetProperty("@id").GetString()!).Where(id => !ids.Contains(id)).Distinct().Select(id => $"{id} is referred to and not there"));

    static IEnumerable<JsonElement> All(JsonElement value, string property) => value.ValueKind switch
    {
        JsonValueKind.Array => value.EnumerateArray().SelectMany(item => All(item, property)),
        JsonValueKind.Object => value.EnumerateObject().SelectMany(one => one.Name == property ? one.Value.EnumerateArray() : All(one.Value, property)),
        _ => [],
    };

    static string? TypeOf(JsonElement node) => node.ValueKind == JsonValueKind.Object && node.TryGetProperty("@type", out var types) && types.ValueKind == JsonValueKind.Array ? types[0].GetString() : null;

    static string[] Of(string space, string names) => [.. names.Split(' ').Select(name => space + name)];
}
