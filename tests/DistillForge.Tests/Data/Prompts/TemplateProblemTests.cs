using DistillForge.Data.Prompts;

namespace DistillForge.Tests.Data.Prompts;

public sealed class TemplateProblemTests : IDisposable
{
    readonly TemplateFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Theory]
    [InlineData("user: hi\nslotz: {}", 2, "slotz", "unknown key. Did you mean 'slots'?")]
    [InlineData("system: hi", 1, "user", "is missing.")]
    [InlineData("user: \"{colour}\"\nslots: { color: [red] }", 1, "user", "nothing is called 'colour'. Did you mean 'color'?")]
    [InlineData("user: \"{a}\"\nrules:\n  a: \"{b}\"\n  b: \"x {a}\"", 4, "rules.b", "'a' leads back to itself.")]
    [InlineData("user: \"{a}\"\nrules:\n  a: \"(x|y\"", 3, "rules.a", "has no ')'.")]
    [InlineData("user: \"{a}\"\nrules:\n  a: \"x]\"", 3, "rules.a", "']' closes nothing.")]
    [InlineData("user: \"{a}\"\nrules:\n  a: \"[x@0.7|y@0.6]\"", 3, "rules.a", "the chances in [ ] add up to 1.3.")]
    [InlineData("user: \"{a}\"\nslots:\n  a: []", 3, "slots.a", "has nothing to say.")]
    [InlineData("user: \"{a}\"\nslots:\n  a: { from: 9, to: 3 }", 3, "slots.a", "goes from 9 to 3.")]
    [InlineData("user: \"{b:a}\"\nrules:\n  a: x", 1, "user", "'a' is a rule and has no value to call 'b'.")]
    [InlineData("user: \"{a}\"\nanswer: { x: \"{b}\" }\nslots: { a: [b] }", 2, "answer.x", "no slot 'b' is ever filled. Did you mean 'a'?")]
    [InlineData("user: \"{a}\"\nslots:\n  a: [{ text: hi, value: \"= {n}\" }]", 3, "slots.a", "its value reads 'n', which its words do not hold.")]
    [InlineData("user: hi\nheld_out: 7", 2, "held_out", "is no fit number.")]
    [InlineData("user: hi\nnoise: { typos: { chanse: 1 } }", 2, "noise.typos.chanse", "unknown key. Did you mean 'chance'?")]
    [InlineData("user: hi\nslots: &a { b: *a }", 2, "", "refers to another value")]
    [InlineData("user: \"hi", 1, "", "is not YAML")]
    public void A_mistake_is_told_with_its_line_and_place(string yaml, int line, string where, string what)
    {
        var error = Assert.Throws<ForgeException>(() => folder.Load(yaml));

        var problem = Assert.Single(error.Problems);
        Assert.Equal((line, where), (problem.Line, problem.Where));
        Assert.Contains(what, problem.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void All_mistakes_are_told_at_once()
        => Assert.Equal(3, Assert.Throws<ForgeException>(() => folder.Load("user: \"{x}\"\nslotz: 1\nheld_out: no")).Problems.Count);

    [Fact]
    public void A_deeply_nested_file_is_refused_before_it_is_read_recursively()
    {
        var error = Assert.Throws<ForgeException>(() => folder.Load("user: hi\nslots: " + new string('[', 100_000)));

        Assert.Contains("nested deeper than 32 levels", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_template_that_doubles_itself_stops()
    {
        var rules = string.Join('\n', Enumerable.Range(0, 40).Select(i => $"  r{i}: \"{{r{i + 1}}}{{r{i + 1}}}\""));
        var template = folder.Load($"user: \"{{r0}}\"\nrules:\n{rules}\n  r40: \"\"");

        Assert.Contains("takes more than", Assert.Throws<ForgeException>(() => template.Draw(1).First()).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_template_that_is_not_there_is_named()
        => Assert.Contains("nowhere.prompt.yaml: does not exist.", Assert.Throws<ForgeException>(() => PromptTemplate.Load("nowhere.prompt.yaml")).Message, StringComparison.Ordinal);
}
