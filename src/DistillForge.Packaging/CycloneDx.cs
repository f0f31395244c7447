using System.Globalization;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace DistillForge.Packaging;

/// <summary>A bill of materials as CycloneDX 1.6 JSON with machine-learning fields (ML-BOM).</summary>
// https://cyclonedx.org/docs/1.6/json/
public static class CycloneDx
{
    const string PathProperty = "distillforge:path";

    // Of the list of SPDX those that models, datasets and our engines have; another name is written as a name.
    static readonly HashSet<string> Spdx = new(StringComparer.Ordinal)
    {
        "Apache-2.0", "MIT", "MIT-0", "BSD-2-Clause", "BSD-3-Clause", "ISC", "0BSD", "MPL-2.0", "GPL-2.0-only", "GPL-2.0-or-later", "GPL-3.0-only", "GPL-3.0-or-later",
        "LGPL-2.1-only", "LGPL-3.0-only", "AGPL-3.0-only", "CC0-1.0", "CC-BY-3.0", "CC-BY-4.0", "CC-BY-SA-3.0", "CC-BY-SA-4.0", "CC-BY-NC-4.0", "CC-BY-NC-SA-4.0", "CC-BY-ND-4.0",
        "ODC-By-1.0", "ODbL-1.0", "PDDL-1.0", "CDLA-Permissive-1.0", "CDLA-Permissive-2.0", "CDLA-Sharing-1.0", "Unlicense",
    };

    static readonly JsonSerializerOptions Json = new() { WriteIndented = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>The same bill gives the same bytes; its serial number is drawn from what it says.</summary>
    public static string ToCycloneDx(this BillOfMaterials bill)
    {
        var said = Body(bill);
        var serial = SerialOf(said.ToJsonString());
        said.Insert(2, "serialNumber", serial);
        return said.ToJsonString(Json) + "\n";
    }

    /// <summary>The files that a bill vouches for: path relative to it → SHA-256.</summary>
    /// <exception cref="ForgeException">It cannot be read.</exception>
    public static IReadOnlyDictionary<string, string> FilesOf(string path)
    {
        try
        {
            var root = JsonNode.Parse(File.ReadAllBytes(path));
            var all = (root!["components"]?.AsArray() ?? []).Append(root["metadata"]?["component"]).SelectMany(Within);
            return all.Select(part => (Path: Property(part, PathProperty), Hash: Sha256Of(part))).Where(part => part is { Path: not null, Hash: not null }).DistinctBy(part => part.Path).ToDictionary(part => part.Path!, part => part.Hash!);
        }
        catch (Exception e) when (e is JsonException or IOException or InvalidOperationException or NullReferenceException)
        {
            throw new ForgeException(new Problem(path, $"is no CycloneDX bill of materials: {e.Message}", "Take it from where the model came from once more."), inner: e);
        }
    }

    static JsonObject Body(BillOfMaterials bill)
    {
        var all = bill.Parts.Prepend(bill.Tool).Prepend(bill.Model);
        return new JsonObject
        {
            ["bomFormat"] = "CycloneDX",
            ["specVersion"] = "1.6",
            ["version"] = 1,
            ["metadata"] = new JsonObject
            {
                ["timestamp"] = bill.Time.UtcDateTime.ToString("yyyy-MM-ddTHH:mm:ssZ", CultureInfo.InvariantCulture),
                ["lifecycles"] = new JsonArray(new JsonObject { ["phase"] = "post-build" }),
                ["tools"] = new JsonObject { ["components"] = new JsonArray(new JsonObject { ["type"] = "application", ["name"] = bill.Tool.Name, ["version"] = bill.Tool.Version }) },
                ["component"] = Subject(bill),
            },
            ["components"] = new JsonArray([.. bill.Parts.Prepend(bill.Tool).Select(Component)]),
            ["dependencies"] = new JsonArray([.. all.Where(part => part.MadeFrom.Count > 0).Select(part => new JsonObject { ["ref"] = part.Ref, ["dependsOn"] = Texts(part.MadeFrom) })]),
        };
    }

    static JsonObject Subject(BillOfMaterials bill)
    {
        var subject = Component(bill.Model);
        if (bill.Ancestors.Count > 0)
        {
            subject["pedigree"] = new JsonObject { ["ancestors"] = new JsonArray([.. bill.Ancestors.Select(Ancestor)]) };
        }

        subject["externalReferences"] = new JsonArray([.. bill.Model.Parts.Where(part => part.Path is "README.md" or "report.html").Select(part => new JsonObject
        {
            ["type"] = part.Path == "README.md" ? "model-card" : "quality-metrics",
            ["url"] = part.Path,
            ["hashes"] = Hashes(part),
        })]);
        subject["modelCard"] = ModelCard(bill.Facts);
        return subject;
    }

    // Without refs and files: each stands once in the bill, among the parts.
    static JsonObject Ancestor(BillPart ancestor)
    {
        var written = Component(ancestor with { Parts = [] });
        written.Remove("bom-ref");
        return written;
    }

    static JsonObject ModelCard(BillModel facts) => new()
    {
        ["modelParameters"] = new JsonObject
        {
            ["approach"] = new JsonObject { ["type"] = "supervised" },
            ["task"] = "text-generation",
            ["architectureFamily"] = "transformer",
            ["modelArchitecture"] = facts.Architecture,
            ["datasets"] = new JsonArray([.. facts.Datasets.Select(dataset => new JsonObject { ["ref"] = dataset })]),
            ["inputs"] = new JsonArray(new JsonObject { ["format"] = "text" }),
            ["outputs"] = new JsonArray(new JsonObject { ["format"] = "text" }),
        },
        ["quantitativeAnalysis"] = new JsonObject { ["performanceMetrics"] = new JsonArray([.. facts.Figures.Select(Figure)]) },
        ["considerations"] = new JsonObject { ["useCases"] = new JsonArray(facts.Purpose), ["technicalLimitations"] = Texts(facts.Limits) },
    };

    static JsonObject Figure(BillFigure figure)
    {
        var written = new JsonObject { ["type"] = figure.Name, ["value"] = Number(figure.Value), ["slice"] = figure.Slice };
        if (figure.Range is var (low, high))
        {
            written["confidenceInterval"] = new JsonObject { ["lowerBound"] = Number(low), ["upperBound"] = Number(high) };
        }

        return written;
    }

    static JsonObject Component(BillPart part)
    {
        var written = new JsonObject { ["type"] = TypeOf(part.Kind), ["bom-ref"] = part.Ref, ["name"] = part.Name };
        Add("version", part.Version);
        Add("description", part.Description);
        Add("hashes", Hashes(part));
        Add("licenses", part.License is { } license ? new JsonArray(License(license)) : null);
        Add("purl", part.Purl);
        Add("data", DataType(part.Kind) is { } data ? new JsonArray(new JsonObject { ["type"] = data, ["name"] = part.Name }) : null);
        Add("components", part.Parts.Count > 0 ? new JsonArray([.. part.Parts.Select(Component)]) : null);
        var properties = part.Path is null ? part.Properties : part.Properties.Prepend((Name: PathProperty, Value: part.Path));
        Add("properties", new JsonArray([.. properties.Select(property => new JsonObject { ["name"] = property.Name, ["value"] = property.Value })]) is { Count: > 0 } some ? some : null);
        return written;

        void Add(string name, JsonNode? value)
        {
            if (value is not null)
            {
                written[name] = value;
            }
        }
    }

    static JsonArray? Hashes(BillPart part)
    {
        (string Algorithm, string? Hash)[] known = [("SHA-256", part.Sha256), ("SHA-512", part.Sha512)];
        return new JsonArray([.. known.Where(hash => hash.Hash is not null).Select(hash => new JsonObject { ["alg"] = hash.Algorithm, ["content"] = hash.Hash })]) is { Count: > 0 } some ? some : null;
    }

    static JsonObject License(string license)
        => license.Contains(" AND ", StringComparison.Ordinal) && license.Split(" AND ").All(Spdx.Contains) ? new() { ["expression"] = license }
            : new() { ["license"] = new JsonObject { [Spdx.Contains(license) ? "id" : "name"] = license } };

    static string TypeOf(BillKind kind) => kind switch
    {
        BillKind.Model => "machine-learning-model",
        BillKind.Program => "application",
        BillKind.Library => "library",
        BillKind.File => "file",
        _ => "data",
    };

    static string? DataType(BillKind kind) => kind is BillKind.Dataset or BillKind.Configuration or BillKind.Definition ? kind.ToString().ToLowerInvariant() : null;

    static JsonArray Texts(IEnumerable<string> texts) => new([.. texts.Select(text => JsonValue.Create(text))]);

    static string Number(double value) => value.ToString("0.######", CultureInfo.InvariantCulture);

    // A UUID of version 8: its bits are ours to choose. https://www.rfc-editor.org/rfc/rfc9562#name-uuid-version-8
    static string SerialOf(string text)
    {
        var hash = Sha256.OfText(text);
        return $"urn:uuid:{hash[..8]}-{hash[8..12]}-8{hash[13..16]}-a{hash[17..20]}-{hash[20..32]}";
    }

    static IEnumerable<JsonNode> Within(JsonNode? part) => part is null ? [] : (part["components"]?.AsArray() ?? []).SelectMany(Within).Prepend(part);

    static string? Property(JsonNode part, string name) => part["properties"]?.AsArray().FirstOrDefault(property => property!["name"]!.GetValue<string>() == name)?["value"]!.GetValue<string>();

    static string? Sha256Of(JsonNode part) => part["hashes"]?.AsArray().FirstOrDefault(hash => hash!["alg"]!.GetValue<string>() == "SHA-256")?["content"]!.GetValue<string>();
}
