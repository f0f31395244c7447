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
         "field":"cr:field","fileProperty":"cr:fileProperty","fileObject":"cr:fileObject","fileSet":"cr:fileSet","format":"cr:format","includes":"cr:includes","isLiveDataset":"cr:isLiveDataset","jsonPath":"cr:jsonPath",
         "key":"cr:key","md5":"cr:md5","parentField":"cr:parentField","path":"cr:path","recordSet":"cr:recordSet","references":"cr:references","regex":"cr:regex","repeated":"cr:repeated","replace":"cr:replace",
         "sc":"https://schema.org/","separator":"cr:separator","source":"cr:source","subField":"cr:subField","transform":"cr:transform"}
        """;

    static readonly JsonSerializerOptions Json = new() { WriteIndented = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    public static string ToCroissant(this DatasetCard card) => new JsonObject
    {
        ["@context"] = JsonNode.Parse(Context),
        ["@type"] = "sc:Dataset",
        ["conformsTo"] = new JsonArray("http://mlcommons.org/croissant/1.0", "http://mlcommons.org/croissant/RAI/1.0"),
        ["name"] = card.Name,
        ["description"] = $"Synthetic data: {card.Rows.Kept.ToString("N0", CultureInfo.InvariantCulture)} rows by {string.Join(", ", card.Authors.Select(author => author.Name))}, curated by the policy {card.Policy}.",
        ["license"] = card.License is not { } license ? "unknown or several, see GOVERNANCE.md" : license.Contains(' ', StringComparison.Ordinal) ? license : $"https://spdx.org/licenses/{Uri.EscapeDataString(license)}.html",
        // Where it will be published is not known here: beside this file.
        ["url"] = "./",
        ["creator"] = new JsonObject { ["@type"] = card.Creator is null ? "sc:SoftwareApplication" : "sc:Person", ["name"] = card.Creator ?? "DistillForge" },
        ["datePublished"] = card.Date.UtcDateTime.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture),
        ["keywords"] = new JsonArray("synthetic", "distillation"),
        ["rai:dataCollection"] = $"Answers of language models: {string.Join("; ", card.Authors.Select(author => author.Terms))}",
        ["rai:dataPreprocessingProtocol"] = $"Filters: {string.Join(", ", card.Filters.Select(filter => $"{filter.Name}@{filter.Version}"))}",
        ["rai:personalSensitiveInformation"] = card.PersonalData.Count == 0 ? "no filter looks for it" : string.Join("; ", card.PersonalData),
        ["rai:dataLimitations"] = string.Join("; ", card.Gaps),
        ["distribution"] = new JsonArray([.. card.Files.Select(file => new JsonObject
        {
            ["@type"] = "cr:FileObject",
            ["@id"] = file.Path,
            ["name"] = Path.GetFileName(file.Path),
            ["contentUrl"] = file.Path,
            ["contentSize"] = FormattableString.Invariant($"{file.Bytes} B"),
            ["encodingFormat"] = Encoding(file.Path),
            ["sha256"] = file.Sha256,
        })]),
        ["recordSet"] = new JsonArray([.. card.Files.Select(file => new JsonObject
        {
            ["@type"] = "cr:RecordSet",
            ["@id"] = "rows",
            ["name"] = "rows",
            ["field"] = new JsonArray([.. file.Columns.Select(column => Field(file, column))]),
        })]),
    }.ToJsonString(Json) + "\n";

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

    // Lines of JSON are read by path, tables by column.
    static JsonObject Source(CardFile file, string column, string? inner)
    {
        var isJson = Encoding(file.Path) == "application/jsonlines";
        var source = new JsonObject
        {
            ["fileObject"] = new JsonObject { ["@id"] = file.Path },
            ["extract"] = isJson ? new JsonObject { ["jsonPath"] = inner is null ? $"$.{column}" : $"$.{column}[*].{inner}" } : new JsonObject { ["column"] = column },
        };
        if (inner is not null && !isJson)
        {
            source["transform"] = new JsonObject { ["jsonPath"] = inner };
        }

        return source;
    }

    static string Encoding(string path) => Path.GetExtension(path).ToLowerInvariant() switch { ".parquet" => "application/x-parquet", ".csv" => "text/csv", _ => "application/jsonlines" };

    static string TypeOf(string duck) => duck switch { "BOOLEAN" => "sc:Boolean", "INTEGER" or "BIGINT" => "sc:Integer", "FLOAT" or "DOUBLE" => "sc:Float", _ => "sc:Text" };
}
