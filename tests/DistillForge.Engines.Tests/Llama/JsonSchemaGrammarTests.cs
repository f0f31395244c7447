using DistillForge.Llama;

namespace DistillForge.Engines.Tests.Llama;

public class JsonSchemaGrammarTests
{
    [Theory]
    [InlineData("""{"const":"a\"b"}""", "root ::= r1\nr1 ::= \"\\\"a\\\\\\\"b\\\"\"\n")]
    [InlineData("""{"type":"integer","minimum":2,"maximum":4}""", "root ::= r1\nr1 ::= \"2\" | \"3\" | \"4\"\n")]
    [InlineData("""{"type":["boolean","null"]}""", "root ::= r1\nboolean ::= \"true\" | \"false\"\nnull ::= \"null\"\nr1 ::= boolean | null\n")]
    public void A_small_schema_reads_as_one_would_write_it(string schema, string grammar) => Assert.Equal(grammar, JsonSchemaGrammar.ToGbnf(schema));

    [Fact]
    public void A_schema_may_refer_to_itself()
    {
        var grammar = JsonSchemaGrammar.ToGbnf("""{"$ref":"#/$defs/node","$defs":{"node":{"type":"object","properties":{"next":{"$ref":"#/$defs/node"}}}}}""");

        Assert.Contains("r1 ::= ", grammar);
        Assert.Contains("\":\" ws r1", grammar);
    }

    [Theory]
    [InlineData("""{"type":"string","pattern":"^a+$"}""", "json_schema#/pattern")]
    [InlineData("""{"properties":{"n":{"type":"number","multipleOf":3}}}""", "json_schema#/properties/n/multipleOf")]
    [InlineData("""{"type":"integer","minimum":-5}""", "json_schema#")]
    [InlineData("""{"allOf":[{"type":"string"},{"minLength":3}]}""", "json_schema#/allOf")]
    [InlineData("""{"$ref":"https://example.org/schema"}""", "json_schema#/$ref")]
    [InlineData("""{"type":"text"}""", "json_schema#/type")]
    [InlineData("""{"enum":[]}""", "json_schema#/enum")]
    [InlineData("""{"type":"string","maxLength":100000}""", "json_schema#")]
    [InlineData("not json", "json_schema")]
    public void What_cannot_be_said_is_an_error_that_names_the_place(string schema, string place)
    {
        var error = Assert.Throws<ForgeException>(() => JsonSchemaGrammar.ToGbnf(schema));

        Assert.Equal(ExitCode.UserCanFix, error.ExitCode);
        Assert.Equal(place, Assert.Single(error.Problems).Where);
    }

    [Fact]
    public void Deep_and_endless_schemas_end_in_an_error()
    {
        var deep = string.Concat(Enumerable.Repeat("""{"items":""", 5_000)) + "true" + new string('}', 5_000);
        var properties = string.Join(',', Enumerable.Range(0, 20_000).Select(i => $"\"p{i}\":true"));
        var wide = "{\"properties\":{" + properties + "}}";

        Assert.Throws<ForgeException>(() => JsonSchemaGrammar.ToGbnf(deep));
        Assert.Throws<ForgeException>(() => JsonSchemaGrammar.ToGbnf(wide));
    }
}
