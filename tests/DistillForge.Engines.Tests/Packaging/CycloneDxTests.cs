using System.Text.Json;
using System.Text.Json.Nodes;
using DistillForge.Packaging;

namespace DistillForge.Engines.Tests.Packaging;

/// <summary>Bills of materials beside CycloneDX's own schema, by the library of <c>tests/npm</c>.</summary>
public sealed class CycloneDxTests : IDisposable
{
    static readonly string Hash = new('a', 64);

    readonly Scratch scratch = new();

    public void Dispose() => scratch.Dispose();

    [NodeFact]
    public async Task A_bill_with_every_kind_of_part_is_valid_and_one_that_is_not_is_found()
    {
        var bill = Bill().ToCycloneDx();
        await File.WriteAllTextAsync(scratch["bom.json"], bill);
        var wrong = JsonNode.Parse(bill)!;
        wrong["components"]![1]!["hashes"]![0]!["content"] = "no hash";
        await File.WriteAllTextAsync(scratch["wrong.json"], wrong.ToJsonString());

        var read = await Node.RunAsync(["bom", scratch["bom.json"], scratch["wrong.json"]]);

        Assert.True(read[0].GetProperty("error").ValueKind == JsonValueKind.Null, read[0].ToString());
        Assert.Equal(JsonValueKind.Array, read[1].GetProperty("error").ValueKind);
    }

    [Fact]
    public void Every_ref_stands_once_and_every_dependency_has_one()
    {
        var bill = JsonNode.Parse(Bill().ToCycloneDx())!;
        var refs = Within(bill).Where(node => node.GetPropertyName() == "bom-ref").Select(node => node.GetValue<string>()).ToList();
        var asked = bill["dependencies"]!.AsArray().SelectMany(one => one!["dependsOn"]!.AsArray().Append(one["ref"])).Select(one => one!.GetValue<string>()).ToList();

        Assert.Equal(refs.Distinct(), refs);
        Assert.NotEmpty(asked);
        Assert.Empty(asked.Except(refs));
    }

    [Fact]
    public void The_same_bill_has_the_same_bytes_and_another_one_another_serial_number()
    {
        static string Serial(string bill) => JsonNode.Parse(bill)!["serialNumber"]!.GetValue<string>();

        Assert.Equal(Bill().ToCycloneDx(), Bill().ToCycloneDx());
        Assert.NotEqual(Serial(Bill().ToCycloneDx()), Serial((Bill() with { Time = DateTimeOffset.UnixEpoch }).ToCycloneDx()));
    }

    static IEnumerable<JsonNode> Within(JsonNode? node) => node switch
    {
        JsonObject some => some.SelectMany(property => Within(property.Value).Prepend(property.Value!)),
        JsonArray all => all.SelectMany(Within),
        _ => [],
    };

    static BillOfMaterials Bill()
    {
        var teacher = new BillPart(BillKind.Model, "teacher:big", "big", License: "Apache-2.0") { Sha256 = Hash, Properties = [("distillforge:terms", "none")] };
        var api = new BillPart(BillKind.Model, "teacher:api", "api", License: "some terms of theirs") { Parts = [new BillPart(BillKind.File, "teacher:api:config.json", "config.json") { Sha256 = Hash }] };
        return new BillOfMaterials
        {
            Time = new DateTimeOffset(2026, 11, 26, 1, 2, 3, TimeSpan.Zero),
            Model = new BillPart(BillKind.Model, "model", "small", License: "Apache-2.0 AND MIT")
            {
                Parts = [new BillPart(BillKind.File, "file:small.gguf", "small.gguf") { Path = "small.gguf", Sha256 = Hash }, new BillPart(BillKind.File, "file:README.md", "README.md") { Path = "README.md", Sha256 = Hash }],
                MadeFrom = ["teacher:big", "teacher:api", "data:rows"],
            },
            Facts = new BillModel("llama", ["data:rows"], "Answers.", ["Knows little."], [new BillFigure("exact match", 0.95, "home", (0.9, 1)), new BillFigure("kl", 0.01, "held-out")]),
            Ancestors = [teacher, api],
            Tool = new BillPart(BillKind.Program, "tool:distillforge", "DistillForge", "0.1.0") { MadeFrom = ["nuget:Polly.Core/8.9.1"] },
            Parts =
            [
                teacher, api,
                new BillPart(BillKind.Dataset, "data:rows", "rows.parquet", License: "MIT") { Sha256 = Hash, Path = "rows.parquet", Description = "Rows", MadeFrom = ["teacher:big"] },
                new BillPart(BillKind.Configuration, "data:recipe", "recipe.yaml"), new BillPart(BillKind.Definition, "data:template", "template") { Sha256 = Hash },
                new BillPart(BillKind.Library, "nuget:Polly.Core/8.9.1", "Polly.Core", "8.9.1") { Purl = "pkg:nuget/Polly.Core@8.9.1", Sha512 = new string('b', 128) },
            ],
        };
    }
}
