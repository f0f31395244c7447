using System.Diagnostics;
using System.Text.Json;
using DistillForge.Data;
using DistillForge.Filters;
using Some = DistillForge.Tests.Data.Some;

namespace DistillForge.Tests.Filters;

public sealed class JsonSchemaTests : IDisposable
{
    readonly Scratch folder = new();

    public void Dispose() => folder.Dispose();

    [Theory]
    [InlineData("""{"type":"object"}""", "{}", null)]
    [InlineData("""{"type":"object"}""", "[]", "the value is an array, needs object")]
    [InlineData("""{"type":["string","null"]}""", "null", null)]
    [InlineData("""{"type":"integer"}""", "3.0", null)]
    [InlineData("""{"type":"integer"}""", "3.5", "the value is a number, needs integer")]
    [InlineData("""{"enum":["on","off",1]}""", "1.0", null)]
    [InlineData("""{"enum":["on","off"]}""", "\"up\"", "the value is none of \"on\", \"off\"")]
    [InlineData("""{"const":{"a":[1,2]}}""", "{\"a\":[1,2.0]}", null)]
    [InlineData("""{"minimum":1,"exclusiveMaximum":5}""", "5", "the value is not less than 5")]
    [InlineData("""{"minimum":1}""", "0.5", "the value is less than 1")]
    [InlineData("""{"maximum":1}""", "1e999", "the value is more than 1")]
    [InlineData("""{"multipleOf":0.01}""", "19.99", null)]
    [InlineData("""{"multipleOf":0.01}""", "19.999", "the value is no multiple of 0.01")]
    [InlineData("""{"minLength":2,"maxLength":3}""", "\"😀😀\"", null)]
    [InlineData("""{"maxLength":3}""", "\"four\"", "the value has 4 characters, may have 3")]
    [InlineData("""{"pattern":"^[a-z]+$"}""", "\"abc1\"", "the value does not match '^[a-z]+$'")]
    [InlineData("""{"format":"date"}""", "\"2026-02-30\"", "the value is no date")]
    [InlineData("""{"format":"date-time"}""", "\"2026-11-22T10:00:00+01:00\"", null)]
    [InlineData("""{"format":"date-time"}""", "\"2026-11-22 10:00\"", "the value is no date-time")]
    [InlineData("""{"format":"email"}""", "\"a@b.example\"", null)]
    [InlineData("""{"format":"uuid"}""", "\"12345678-1234-1234-1234-1234567890ab\"", null)]
    [InlineData("""{"format":"ipv4"}""", "\"1.2.3\"", "the value is no ipv4")]
    [InlineData("""{"properties":{"a":{"type":"string"}},"required":["a"]}""", "{\"a\":1}", "/a is an integer, needs string")]
    [InlineData("""{"required":["a"]}""", "{\"b\":1}", "the value has no 'a'")]
    [InlineData("""{"properties":{"a":true},"additionalProperties":false}""", "{\"a\":1,\"b\":2}", "/b may not be there")]
    [InlineData("""{"patternProperties":{"^x-":{"type":"number"}},"additionalProperties":false}""", "{\"x-a\":1}", null)]
    [InlineData("""{"propertyNames":{"maxLength":1}}""", "{\"ab\":1}", "/ab has 2 characters, may have 1 (its name)")]
    [InlineData("""{"minProperties":2}""", "{\"a\":1}", "the value has 1 keys, needs 2")]
    [InlineData("""{"dependentRequired":{"card":["address"]}}""", "{\"card\":1}", "the value has 'card' but no 'address'")]
    [InlineData("""{"items":{"type":"number"}}""", "[1,\"2\"]", "/1 is a string, needs number")]
    [InlineData("""{"prefixItems":[{"type":"string"}],"items":{"type":"number"}}""", "[\"a\",1,2]", null)]
    [InlineData("""{"prefixItems":[true],"items":false}""", "[1,2]", "/1 may not be there")]
    [InlineData("""{"contains":{"const":1},"minContains":2}""", "[1,2]", "the value has 1 items as wanted, needs 2")]
    [InlineData("""{"uniqueItems":true}""", "[{\"a\":1,\"b\":2},{\"b\":2,\"a\":1.0}]", "the value has an item twice")]
    [InlineData("""{"maxItems":1}""", "[1,2]", "the value has 2 items, may have 1")]
    [InlineData("""{"allOf":[{"minimum":1},{"maximum":3}]}""", "4", "the value is more than 3")]
    [InlineData("""{"anyOf":[{"type":"string"},{"minimum":5}]}""", "4", "the value fits none of the 2 schemas of anyOf")]
    [InlineData("""{"oneOf":[{"minimum":1},{"minimum":2}]}""", "3", "the value fits 2 schemas of oneOf, needs exactly one")]
    [InlineData("""{"not":{"type":"null"}}""", "null", "the value is what may not be")]
    [InlineData("""{"if":{"required":["a"]},"then":{"required":["b"]},"else":{"required":["c"]}}""", "{\"a\":1}", "the value has no 'b'")]
    [InlineData("""{"if":{"required":["a"]},"then":{"required":["b"]},"else":{"required":["c"]}}""", "{\"c\":1}", null)]
    [InlineData("""{"$defs":{"p":{"type":"integer"}},"properties":{"x":{"$ref":"#/$defs/p"}}}""", "{\"x\":\"1\"}", "/x is a string, needs integer")]
    [InlineData("""{"properties":{"next":{"$ref":"#"},"v":{"type":"integer"}},"required":["v"]}""", "{\"v\":1,\"next\":{\"v\":2,\"next\":{}}}", "/next/next has no 'v'")]
    [InlineData("true", "[1]", null)]
    [InlineData("false", "1", "the value may not be there")]
    public void Judges_by_the_keywords_of_draft_2020_12(string schema, string value, string? why)
        => Assert.Equal(why, Filter(schema).Judge(Some.Example(value)).Reason?.Detail);

    [Theory]
    [InlineData("Sure: {}", "not-json")]
    [InlineData("{\"a\":1,\"a\":2}", "not-json")]
    [InlineData("\"\\ud800\"", "not-json")]
    [InlineData("\"no\"", "schema-mismatch")]
    public void Answers_that_are_no_json_are_told_from_those_that_do_not_fit(string answer, string code)
        => Assert.Equal(code, Filter("""{"minLength":5}""").Judge(Some.Example(answer)).Reason?.Code);

    [Theory]
    [InlineData("""{"minimun":1}""", "unknown keyword 'minimun'")]
    [InlineData("""{"type":"text"}""", "unknown type 'text'")]
    [InlineData("""{"format":"color"}""", "unknown format 'color'")]
    [InlineData("""{"unevaluatedProperties":false}""", "unknown keyword 'unevaluatedProperties'")]
    [InlineData("""{"$ref":"other.json"}""", "refers to 'other.json'")]
    [InlineData("""{"$ref":"#/$defs/none"}""", "which is not there")]
    [InlineData("""{"$ref":"#"}""", "refers to itself")]
    [InlineData("""{"$defs":{"a":{"anyOf":[{"$ref":"#/$defs/b"}]},"b":{"not":{"$ref":"#/$defs/a"}}},"$ref":"#/$defs/a"}""", "refers to itself")]
    [InlineData("""{"pattern":"(?=x)"}""", "no linear time")]
    [InlineData("""{"items":[true]}""", "draft 7")]
    [InlineData("""{"minLength":-1}""", "whole number")]
    [InlineData("""{"multipleOf":0}""", "greater than 0")]
    [InlineData("""{"enum":[]}""", "not empty")]
    [InlineData("{", "is no JSON")]
    [InlineData("7", "is no schema")]
    public void What_it_does_not_know_is_an_error_when_the_policy_is_read(string schema, string what)
    {
        var file = folder.Put("schema.json", schema);
        var policy = folder.Put("policy.yaml", "filters:\n  - min-length\n  - json-schema: { schema: schema.json }\n");

        var error = Assert.Throws<ForgeException>(() => RecipeReader.ReadPolicy(policy, new KnownNames { Filters = FilterPipeline.Known }));

        var problem = Assert.Single(error.Problems);
        Assert.Equal((3, "filters[1].json-schema.schema"), (problem.Line, problem.Where));
        Assert.Contains(what, problem.What, StringComparison.Ordinal);
        Assert.Throws<ForgeException>(() => new JsonSchema(new() { Schema = new RecipeFile("schema.json", file) }));
    }

    [Fact]
    public void A_schema_that_branches_at_every_level_is_given_up_in_time()
    {
        var filter = Filter("""{"anyOf":[{"items":{"$ref":"#"},"minItems":9},{"items":{"$ref":"#"},"minItems":8},{"items":{"$ref":"#"},"minItems":7},{"type":"integer"}]}""");
        var deep = new string('[', 60) + new string(']', 60);
        var watch = Stopwatch.StartNew();

        var verdict = filter.Judge(Some.Example(deep));

        Assert.Equal("schema-too-costly", verdict.Reason?.Code);
        Assert.InRange(watch.Elapsed, TimeSpan.Zero, TimeSpan.FromSeconds(3));
    }

    [Fact]
    public void Deep_and_long_json_ends_in_time()
    {
        var filter = Filter("""{"uniqueItems":true,"items":{"type":"integer"}}""");
        var watch = Stopwatch.StartNew();

        Assert.Equal("not-json", filter.Judge(Some.Example(new string('[', 1_000_000))).Reason?.Code);
        Assert.Null(filter.Judge(Some.Example($"[{string.Join(',', Enumerable.Range(0, 100_000))}]")).Reason);
        Assert.InRange(watch.Elapsed, TimeSpan.Zero, TimeSpan.FromSeconds(3));
    }

    [Fact]
    public void A_changed_schema_changes_the_policy()
    {
        folder.Put("schema.json", """{"minLength":1}""");
        var policy = folder.Put("policy.yaml", "filters: { json-schema: { schema: schema.json } }");
        var before = RecipeReader.ReadPolicy(policy, new KnownNames { Filters = FilterPipeline.Known }).Filters[0].Text;
        folder.Put("schema.json", """{"minLength":2}""");

        Assert.NotEqual(before, RecipeReader.ReadPolicy(policy, new KnownNames { Filters = FilterPipeline.Known }).Filters[0].Text);
    }

    JsonSchema Filter(string schema) => new(new() { Schema = new RecipeFile("schema.json", folder.Put("schema.json", JsonSerializer.Serialize(JsonDocument.Parse(schema).RootElement))) });
}
