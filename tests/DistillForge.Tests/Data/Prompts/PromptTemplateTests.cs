using DistillForge.Data.Prompts;

namespace DistillForge.Tests.Data.Prompts;

public sealed class PromptTemplateTests : IDisposable
{
    const string Greeting = """
        user: "{command}"
        answer: { verb: "{verb}", count: "{count}", note: "{note}" }
        category: "{verb}"
        held_out: 0
        slots:
          verb: { take: [grab, pick up], drop: [let go of] }
          count: { from: 1, to: 20, words: 0.5 }
        rules:
          command: ["[please ]{verb} {count} apples", "{count} apples, {verb} them", "{note}@0"]
          note: { set: { note: "none" }, text: "never drawn" }
        """;

    readonly TemplateFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Fact]
    public void The_same_seed_gives_the_same_prompts()
        => Assert.Equal(Texts(folder.Load(Greeting).Draw(7), 50), Texts(folder.Load(Greeting).Draw(7), 50));

    [Fact]
    public void Another_seed_gives_other_prompts()
        => Assert.NotEqual(Texts(folder.Load(Greeting).Draw(7), 50), Texts(folder.Load(Greeting).Draw(8), 50));

    [Fact]
    public void Held_out_texts_are_never_given_for_training()
    {
        var template = folder.Load("""
            user: "say {n} and {m}"
            held_out: 0.1
            slots: { n: { from: 0, to: 200 }, m: { from: 0, to: 200 } }
            """);

        var training = Texts(template.Draw(1), 20_000).ToHashSet();
        var heldOut = Texts(template.DrawHeldOut(2), 2_000).ToHashSet();

        Assert.InRange(heldOut.Count, 1_000, 2_000);
        Assert.DoesNotContain(heldOut, training.Contains);
    }

    [Fact]
    public void Case_and_punctuation_do_not_move_a_text_out_of_the_held_out_share()
    {
        var template = folder.Load("user: \"{n}\"\nheld_out: 0.5\nslots: { n: { from: 0, to: 99, words: 1 } }");

        Assert.All(Texts(template.DrawHeldOut(1), 100), text => Assert.True(template.IsHeldOut($"  {text.ToUpperInvariant()}!")));
    }

    [Fact]
    public void Texts_of_an_excluded_file_are_never_drawn()
    {
        folder.Write("test-set.jsonl", """{"question":"Pick B!"}""" + "\n");

        var template = folder.Load("user: \"pick {letter}\"\nexclude: test-set.jsonl\nheld_out: 0\nslots: { letter: [a, b, c] }");

        Assert.Equal(["pick a", "pick c"], Texts(template.Draw(1), 200).Distinct().Order());
    }

    [Fact]
    public void A_count_that_the_template_cannot_reach_is_refused()
    {
        var error = Assert.Throws<ForgeException>(() => folder.Load("user: \"pick {letter}\"\nheld_out: 0\nslots: { letter: [a, b, c] }").Take(1, 4));

        Assert.Contains("only about 3 different prompts, 4 are asked for", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Taken_prompts_are_all_different()
        => Assert.Equal(35, Texts(folder.Load(Greeting).Take(3, 35), 35).Distinct().Count());

    [Fact]
    public void Columns_of_a_file_fill_the_texts_and_every_row_comes_once_before_any_comes_again()
    {
        folder.Write("tickets.csv", "text,label\n\"It broke, again\",complaint\nThank you!,praise\nWhere is it?,question\n");

        var draws = folder.Load("""
            system: Sort the ticket.
            user: "Ticket {{1}}: {text}"
            rows: tickets.csv
            answer: "{label}"
            category: "tickets-{label}"
            held_out: 0
            """).Draw(5).Take(3).OrderBy(draw => draw.Expected).ToArray();

        Assert.Equal(["complaint", "praise", "question"], draws.Select(draw => draw.Expected));
        Assert.Equal([Message.System("Sort the ticket."), Message.User("Ticket {1}: It broke, again")], draws[0].Messages);
        Assert.Equal("tickets-complaint", draws[0].Category);
    }

    [Fact]
    public void Files_lists_everything_that_the_draws_depend_on()
    {
        var grammar = folder.Write("grammar.yaml", "rules: { command: hello }");
        var excluded = folder.Write("test.jsonl", "{\"text\":\"bye\"}\n");

        var template = folder.Load("grammar: grammar.yaml\nuser: \"{command}\"\nexclude: [test.jsonl]");

        Assert.Equal([template.Path, grammar, excluded], template.Files);
    }

    static IEnumerable<string> Texts(IEnumerable<PromptDraw> draws, int count) => draws.Take(count).Select(draw => draw.Messages[^1].Content);
}
