namespace DistillForge.Tests.Data.Prompts;

public sealed class PhraseTests : IDisposable
{
    readonly TemplateFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Theory]
    [InlineData("(a@3|b)", "a", 0.75)]
    [InlineData("x[y]", "xy", 0.5)]
    [InlineData("x[y@0.2]", "xy", 0.2)]
    [InlineData("x[y|z]", "x", 0.5)]
    [InlineData("a|b@4", "b", 0.8)]
    [InlineData("\\(a\\) me\\@home", "(a) me@home", 1)]
    public void A_phrase_is_drawn_as_often_as_its_weights_say(string phrase, string text, double share)
    {
        var template = folder.Load($"user: \"{{phrase}}\"\nheld_out: 0\nrules:\n  phrase: '{phrase}'");

        var drawn = template.Draw(11).Take(4_000).Count(draw => draw.Messages[0].Content == text) / 4_000.0;

        Assert.InRange(drawn, share - 0.03, share + 0.03);
    }

    [Theory]
    [InlineData("{ n: '{n}' }", "n: { from: 5, to: 5 }", "{n}", "{\"n\":5}")]
    [InlineData("{ n: '{n}' }", "n: [{ text: five, value: '5' }]", "{n}", "{\"n\":\"5\"}")]
    [InlineData("{ n: '{n}' }", "n: { 5: [five] }", "{n}", "{\"n\":5}")]
    [InlineData("{ b: '{n}', a: fixed, c: 1.5 }", "n: [x\\\"y]", "{n}", "{\"b\":\"x\\\"y\",\"a\":\"fixed\",\"c\":1.5}")]
    [InlineData("{ at: '{room.}{n}', left: '{room}' }", "n: [lamp]\n  room: [hall]", "{n}[{room}@0]", "{\"at\":\"lamp\"}")]
    [InlineData("{ at: '{room.}{n}' }", "n: [lamp]\n  room: [hall]", "{n} {room}", "{\"at\":\"hall.lamp\"}")]
    [InlineData("{ s: '{n}' }", "m: { 2: [two] }\n  n: [{ text: '{m} and a half', value: '= ({m} + 0.5) * 60' }]", "{n}", "{\"s\":150}")]
    [InlineData("{ s: '{n}' }", "n: [a, a]", "{wrong:n}, no, {n}", "{\"s\":\"a\"}")]
    [InlineData("'{n} or {{n}}'", "n: [a]", "{n}", "a or {n}")]
    [InlineData("'{n}'", "n: [a]\n  m: [b]", "{m}[{n}@0]", null)]
    public void The_answer_is_computed_from_the_slots(string answer, string slots, string rule, string? expected)
    {
        var template = folder.Load($"user: \"{{command}}\"\nheld_out: 0\nanswer: {answer}\nslots:\n  {slots.Replace("\\\"", "\"", StringComparison.Ordinal)}\nrules:\n  command: \"{rule}\"");

        Assert.Equal(expected, template.Draw(1).First().Expected);
    }

    [Fact]
    public void A_slot_keeps_what_lies_inside_to_itself_and_a_rule_passes_it_on()
    {
        var template = folder.Load("""
            user: "{wish}, {told:scrap}"
            held_out: 0
            answer: { device: "{device}", action: "{action}" }
            slots:
              device: [lamp]
              other: { device: [fan] }
              scrap: ["not {device:other}"]
            rules:
              wish: { set: { action: turn_on }, text: "turn on the {device}" }
            """);

        var draw = template.Draw(1).First();

        Assert.Equal("turn on the lamp, not fan", draw.Messages[0].Content);
        Assert.Equal("{\"device\":\"lamp\",\"action\":\"turn_on\"}", draw.Expected);
    }

    [Fact]
    public void A_rule_with_an_argument_is_a_rule_for_each_argument()
    {
        var template = folder.Load("""
            user: "{say(loud)} and {say(soft)}"
            held_out: 0
            slots: { loud: [SHOUT], soft: [whisper] }
            rules: { say: "I {v:$}" }
            """);

        Assert.Equal("I SHOUT and I whisper", template.Draw(1).First().Messages[0].Content);
    }

    [Theory]
    [InlineData(0, "zero")]
    [InlineData(21, "twenty one")]
    [InlineData(115, "one hundred and fifteen")]
    [InlineData(2040, "two thousand forty")]
    public void Numbers_are_said_in_words(int number, string words)
        => Assert.Equal(words, folder.Load($"user: \"{{n}}\"\nheld_out: 0\nslots: {{ n: {{ from: {number}, to: {number}, words: 1 }} }}").Draw(1).First().Messages[0].Content);

    [Fact]
    public void Typos_change_few_letters_and_never_a_digit_or_a_short_word()
    {
        var template = folder.Load("user: \"set the bedroom fan to 1234 now\"\nheld_out: 0\nnoise: { typos: { chance: 1, most: 1 } }");

        var texts = template.Draw(3).Take(500).Select(draw => draw.Messages[0].Content).Distinct().ToArray();

        Assert.InRange(texts.Length, 15, 60);
        Assert.All(texts, text => Assert.Matches("^set the [a-z]{6,8} ?fan to 1234 now$", text));
    }
}
