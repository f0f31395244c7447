using DistillForge.Packaging;
using DistillForge.Text;

namespace DistillForge.Engines.Tests.Packaging;

public class RendererTests
{
    static readonly GateReport Gate = new("f16", 57, 1203, 0.0123, 0.00087, 0.000012, 50, 1450, 1);

    static ModelCard Card => new()
    {
        Name = "quickstart",
        License = "Apache-2.0",
        Teacher = new CardTeacher("home-teacher", "distillforge/home-teacher", 6_120_448, "Apache-2.0", new string('a', 64)),
        Purpose = "It turns spoken smart-home commands into a JSON action.",
        Tags = ["smart-home", "json"],
        Use = new("quickstart-f16.gguf", ("dim the lamp", "{\"action\":\"dim\"}")),
        Sizes = [("architecture", "llama, 2 layers, width 128, 4 heads"), ("parameters", "656,000"), ("vocabulary", "1,024 tokens, the teacher's"), ("context", "256 tokens")],
        Data = new CardData("prompts/home.prompt.yaml", 6000, 3, 412, 5585, "Apache-2.0", new string('b', 64)),
        Filters = [new("min-length", 5997, 0, []), new("valid-json", 5997, 12, [("not-json", 11), ("not-an-object", 1)]), new("exact-duplicate", 5997, 400, [("duplicate", 400)])],
        Method = [("losses", "0.7 forward-kl + 0.3 cross-entropy"), ("epochs", "8"), ("seed", "7")],
        Scores = [new("home-teacher", 6_120_448, 6_600_000, 0.981, null, null, 812), new("quickstart", 656_000, 1_400_000, 0.963, 0.0121, 0.987, 5120, (0.935, 0.979)), new("baseline (text alone)", 656_000, 1_400_000, 0.958, 0.0333, 0.98, null)],
        ScoreNotes = ["Exact match on 300 hand-written commands; paired bootstrap, 95 %: student less baseline −0.4 to +1.6 points."],
        Files = [new("/runs/quickstart/quickstart-f16.gguf", "f16", 1_400_000, new string('c', 64), Gate), new("/runs/quickstart/quickstart-q8_0.gguf", "q8_0", 800_000, new string('d', 64), Gate with { Type = "q8_0", GreedyPrompts = 0 })],
        Limits = ["English only.", "Knows no device that the grammar does not name."],
        Versions = ["DistillForge 0.1.0", "llama.cpp v0.5.0"],
    };

    [Fact]
    public void The_card_of_a_distilled_student() => Golden.Check("Packaging/model-card.md", Card.ToMarkdown());

    [Fact]
    public void The_card_of_a_model_trained_from_scratch()
        => Golden.Check("Packaging/model-card-from-scratch.md", (Card with { Name = "home-teacher", Teacher = null, License = null, Filters = [], Scores = [], ScoreNotes = [] }).ToMarkdown());

    [Fact]
    public void The_first_sentence_says_what_it_was_distilled_from()
        => Assert.Contains("# quickstart\n\nquickstart was distilled from home-teacher (6,120,448 parameters).", Card.ToMarkdown());

    [Fact]
    public void Names_cannot_break_out_of_the_front_matter_or_a_table()
    {
        var card = (Card with
        {
            License = "a\nlicense: mit",
            Tags = ["x: y", "no"],
            Filters = [new("evil|filter\n| a |", 1, 1, [("<script>", 1)])],
        }).ToMarkdown();

        Assert.Contains("license: \"a license: mit\"\n", card);
        Assert.Contains("- \"x: y\"\n- \"no\"\n", card);
        Assert.Contains("| evil\\|filter \\| a \\| | 1 | 1 (100.0 %) | &lt;script> 1 |", card);
    }

    [Fact]
    public void The_Modelfile_of_our_own_template()
        => Golden.Check("Packaging/Modelfile", Modelfile.Render("quickstart-q8_0.gguf", TinyStudent.Vocabulary, 256, "Apache-2.0", "You control a smart home."));

    // The template of cardputer-chat-3m: a newline joins turns, so the first user turn begins otherwise than the later ones.
    [Fact]
    public void A_template_with_a_separator_says_the_same_in_Go()
    {
        const string Jinja = """{%- for m in messages -%}{%- if m['role'] == 'user' -%}{%- if not loop.first -%}{{ '\n' }}{%- endif -%}{{ 'User: ' + m['content'] + '\n' }}{%- elif m['role'] == 'assistant' -%}{{ 'Bot: ' + m['content'] }}{%- endif -%}{%- endfor -%}{%- if add_generation_prompt -%}{{ 'Bot:' }}{%- endif -%}""";

        Assert.Equal(
            "{{ range $i, $m := .Messages }}{{ if eq $m.Role \"assistant\" }}\nBot: {{ $m.Content }}{{ else if eq $m.Role \"user\" }}{{ if $i }}\nUser: {{ else }}User: {{ end }}{{ $m.Content }}{{ end }}{{ end }}\nBot:",
            Modelfile.Template(With(Jinja)));
    }

    [Theory]
    [InlineData("{% for m in messages %}{{ loop.index }}{{ m['content'] }}{% endfor %}")]       // numbers its turns
    [InlineData("{% for m in messages %}{{ m['content'] | upper }}{% endfor %}")]
    [InlineData("{{ messages[0]['content'] }}")]                                                // forgets the rest
    [InlineData("{% for m in messages %}{{ m['role'] + '\"\"\"' + m['content'] }}{% endfor %}")]   // cannot be quoted in a Modelfile
    public void A_template_that_is_more_than_text_around_turns_is_left_out(string jinja)
    {
        Assert.Null(Modelfile.Template(With(jinja)));
        Assert.Contains("# No TEMPLATE", Modelfile.Render("a.gguf", With(jinja), 256, null));
    }

    static Vocabulary With(string template)
    {
        var metadata = TinyStudent.Vocabulary.ToGguf();
        metadata["tokenizer.chat_template"] = DistillForge.Models.GgufValue.Of(template);
        return Vocabulary.FromGguf(metadata);
    }
}
