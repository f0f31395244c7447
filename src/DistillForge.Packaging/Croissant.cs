using System.Globalization;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using DistillForge.Data;

namespace DistillForge.Packaging;

/// <summary>A dataset's metadata as Croissant 1.0 (JSON-LD), with its vocabulary for responsible AI.</summary>
// https://docs.mlcommons.org/croissant/docs/croissant-spec.html
public static class Croissant
{
    const string Context = """
        {"@language":"en","@vocab":"https://schema.org/","citeAs":"cr:citeAs","column":"cr:column","conformsTo":"dct:conformsTo","cr":"http://mlcommons.org/croissant/","rai":"http://mlcommons.org/croissant/RAI/",
         "data":{"@id":"cr:data","@type":"@json"},"dataType":{"@id":"cr:dataType","@type":"@vocab"},"dct":"http://purl.org/dc/terms/","examples":{"@id":"cr:examples","@type":"@json"},"extract":"cr:extract",
         "equivalentProperty":"cr:equivalentProperty","field":"cr:field","fileProperty":"cr:fileProperty","fileObject":"cr:fileObject","fileSet":"cr:fileSet","format":"cr:format","includes":"cr:includes","isLiveDataset":"cr:isLiveDataset","jsonPath":"cr:jsonPath",
         "key":"cr:key","md5":"cr:md5","parentField":"cr:parentField","path":"cr:path","recordSet":"cr:recordSet","references":"cr:references","regex":"cr:regex","repeated":"cr:repeated","replace":"cr:replace","samplingRate":"cr:samplingRate",
         "sc":"https://schema.org/","separator":"cr:separator","source":"cr:source","subField":"cr:subField","transform":"cr:transform"}
        """;

    static readonly JsonSerializerOptions Json = new() { WriteIndented = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    public static string ToCroissant(this DatasetCard card)
    {
        var json = Description(card);
        if (card.Graders.Count > 0)
        {
            json["rai:machineAnnotationTools"] = string.Join("; ", card.Graders.Select(judge => $"{judge.Name} graded {judge.Graded.ToString("N0", CultureInfo.InvariantCulture)} rows by the rubric {judge.Rubric}: {judge.Terms}"));
        }

        json["distribution"] = Distribution(card);
        json["recordSet"] = RecordSets(card);
        return json.ToJsonString(Json) + "\n";
    }

    static JsonObject Description(DatasetCard card) => new()
    {
        ["@context"] = JsonNode.Parse(Context),
        ["@type"] = "sc:Dataset",
        ["conformsTo"] = new JsonArray("http://mlcommons.org/croissant/1.0", "http://mlcommons.org/croissant/RAI/1.0"),
        ["name"] = card.Name,
        ["description"] = $"Synthetic data: {card.Rows.Kept.ToString("N0", CultureInfo.InvariantCulture)} rows by {string.Join(", ", card.Authors.Select(author => author.Name))}, curated by the policy {card.Policy}.",
        ["license"] = new JsonArray([.. card.Authors.Select(author => author.License ?? "unknown, see GOVERNANCE.md").Distinct().DefaultIfEmpty("unknown, see GOVERNANCE.md").Select(License)]),
        // Where it will be published is not known here: beside this file.
        ["url"] = "./",
        // A person or an organization, nothing else: mlcroissant refuses the file otherwise. Who runs the program is not known here; who exports says it.
        ["creator"] = new JsonObject { ["@type"] = card.Creator is null ? "sc:Organization" : "sc:Person", ["name"] = card.Creator ?? "not named (made with DistillForge)" },
        ["datePublished"] = card.Date.UtcDateTime.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture),
        ["version"] = card.Version,
        ["keywords"] = new JsonArray("synthetic", "distillation"),
        ["rai:dataCollection"] = $"Answers of language models: {string.Join("; ", card.Authors.Select(author => author.Terms))}",
        ["rai:dataPreprocessingProtocol"] = $"Filters: {string.Join(", ", card.Filters.Select(filter => $"{filter.Name}@{filter.Version}"))}",
        ["rai:personalSensitiveInformation"] = card.PersonalData.Count == 0 ? "no filter looks for it" : string.Join("; ", card.PersonalData),
        ["rai:dataLimitations"] = string.Join("; ", card.Gaps),
    };

    // An address where the name is one of SPDX's, which have no spaces; else a work with that name.
    static JsonNode License(string name) => name.Contains(' ', StringComparison.Ordinal) ? new JsonObject { ["@type"] = "sc:CreativeWork", ["name"] = name } : JsonValue.Create($"https://spdx.org/licenses/{Uri.EscapeDataString(name)}.html");

    static JsonArray Distribution(DatasetCard card) => [.. card.Files.Select(file => new JsonObject
    {
        ["@type"] = "cr:FileObject",
        ["@id"] = file.Path,
        ["name"] = Path.GetFileName(file.Path),
        ["contentUrl"] = file.Path,
        ["contentSize"] = FormattableString.Invariant($"{file.Bytes} B"),
        ["encodingFormat"] = Encoding(file.Path),
        ["sha256"] = file.Sha256,
    })];

    static JsonArray RecordSets(DatasetCard card) => [.. card.Files.Select(file => new JsonObject
    {
        ["@type"] = "cr:RecordSet",
        ["@id"] = "rows",
        ["name"] = "rows",
        ["field"] = new JsonArray([.. file.Columns.Select(column => Field(file, column))]),
    })];

    static JsonObject Field(CardFile file, DataColumn column)
    {
        var field = new JsonObject { ["@type"] = "cr:Field", ["@id"] = $"rows/{column.Name}", ["name"] = column.Name };
        if (column.Lists > 0)
        {
            field["repeated"] = true;
        }

        if (column.Fields.Count == 0)
        {
            field["dataType"] = TypeOf(column.Type);
            field["source"] = Source(file, column.Name, null);
            return field;
        }

        field["subField"] = new JsonArray([.. column.Fields.Select(inner => new JsonObject
        {
            ["@type"] = "cr:Field",
            ["@id"] = $"rows/{column.Name}/{inner.Name}",
            ["name"] = inner.Name,
            ["dataType"] = TypeOf(inner.Type),
            ["source"] = Source(file, column.Name, inner.Name),
        })]);
        return field;
    }

    // A line of JSON is a row of a table as well: its readers take it by column, and what lies within by path.
    static JsonObject Source(CardFile file, string column, string? inner)
    {
        var source = new JsonObject { ["fileObject"] = new JsonObject { ["@id"] = file.Path }, ["extract"] = new JsonObject { ["column"] = column } };
        if (inner is not null)
        {
            source["transform"] = new JsonObject { ["jsonPath"] = inner };
        }

        return source;
    }

    static string Encoding(string path) => Path.GetExtension(path).ToLowerInvariant() switch { ".parquet" => "application/x-parquet", ".csv" => "text/csv", _ => "application/jsonlines" };

    static string TypeOf(string duck) => duck switch { "BOOLEAN" => "sc:Boolean", "INTEGER" or "BIGINT" => "sc:Integer", "FLOAT" or "DOUBLE" => "sc:Float", _ => "sc:Text" };
}
