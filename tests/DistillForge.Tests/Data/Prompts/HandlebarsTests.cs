using DistillForge.Data.Prompts;

namespace DistillForge.Tests.Data.Prompts;

public sealed class HandlebarsTests : IDisposable
{
    readonly TemplateFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Fact]
    public void Slots_of_lists_and_of_a_files_columns_are_filled()
    {
        folder.Write("topics.csv", "name,area\ntides,physics\n");

        var draw = Load("""
            sources:
              topic: { csv: topics.csv }
              persona: [ "a patient teacher" ]
            system: "You are {{persona}}."
            user: "Explain {{topic.name}}{{#if topic.area}} ({{topic.area}}){{/if}} in <3 sentences & no more."
            answer: "{{topic.name}}!"
            category: "{{topic.area}}"
            """).Draw(1).First();

        Assert.Equal([Message.System("You are a patient teacher."), Message.User("Explain tides (physics) in <3 sentences & no more.")], draw.Messages);
        Assert.Equal(("tides!", "physics"), (draw.Expected, draw.Category));
    }

    [Fact]
    public void A_cross_product_gives_every_combination_once_before_any_again()
    {
        var texts = Texts(Load("""
            sources: { a: [x, y, z], b: ["1", "2"], c: [p, q] }
            cross: [a, b]
            user: "{{a}}{{b}}"
            """), 12, seed: 3);

        Assert.Equal(["x1", "x2", "y1", "y2", "z1", "z2"], texts.Take(6).Order());
        Assert.Equal(texts.Take(6).Order(), texts.Skip(6).Order());
    }

    [Fact]
    public void A_cross_product_that_is_used_up_says_how_many_prompts_there_are()
    {
        var error = Assert.Throws<ForgeException>(() => Load("sources: { a: [x, y, z], b: [p, q] }\ncross: [a, b]\nuser: \"{{a}}{{b}}\"").Take(1, 7));

        Assert.Contains("only about 6 different prompts, 7 are asked for", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void The_same_seed_gives_the_same_prompts_and_another_seed_others()
    {
        const string Yaml = "sources: { a: [q, w, e, r, t, z, u], b: { list: [\"1\", \"2\", \"3\", \"4\"], pick: 2 } }\nuser: \"{{a}}{{#each b}}{{this}}{{/each}}\"";

        Assert.Equal(Texts(Load(Yaml), 40, 7), Texts(Load(Yaml), 40, 7));
        Assert.NotEqual(Texts(Load(Yaml), 40, 7), Texts(Load(Yaml), 40, 8));
    }

    [Fact]
    public void Weights_decide_how_often_a_value_comes()
    {
        var texts = Texts(Load("sources: { who: [ { value: often, weight: 9 }, { value: seldom, weight: 1 }, { value: never, weight: 0 } ] }\nuser: \"{{who}}\""), 4000, 5);

        Assert.InRange(texts.Count(text => text == "often"), 3450, 3750);
        Assert.DoesNotContain("never", texts);
    }

    [Fact]
    public void A_weight_may_be_a_column()
    {
        folder.Write("w.jsonl", "{\"t\":\"a\",\"share\":0}\n{\"t\":\"b\",\"share\":2.5}\n");

        Assert.All(Texts(Load("sources: { x: { jsonl: w.jsonl, weight: share } }\nuser: \"{{x.t}}\""), 50, 1), text => Assert.Equal("b", text));
    }

    [Fact]
    public void Few_shot_examples_are_different_rows_of_a_pool()
    {
        var template = Load("""
            sources:
              shots: { list: [ { q: "1+1", a: "2" }, { q: "2+2", a: "4" }, { q: "3+3", a: "6" } ], pick: 2 }
              task: ["4+4", "5+5"]
            user: "{{#each shots}}Q {{q}} A {{a}}; {{/each}}Q {{task}}"
            key: "{{task}}"
            """);

        var texts = Texts(template, 60, 2);

        Assert.All(texts, text => Assert.Equal(3, text.Split('Q').Skip(1).Distinct().Count()));
        Assert.True(texts.Distinct().Count() > 6, "the order and choice of examples change");
        // Its key says what a prompt is: another choice of examples around it makes no new one.
        Assert.Equal(2, template.Take(2, 2).Count);
        Assert.Contains("only about 2 different prompts", Assert.Throws<ForgeException>(() => template.Take(2, 3)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Several_turns_are_a_conversation()
    {
        var draw = Load("sources: { place: [Rome] }\nsystem: Be brief.\nturns: [ \"Where is {{place}}?\", \"And who founded {{place}}?\", Why? ]").Draw(1).First();

        Assert.Equal([Message.System("Be brief."), Message.User("Where is Rome?")], draw.Messages);
        Assert.Equal(["And who founded Rome?", "Why?"], draw.FollowUps);
    }

    [Fact]
    public void Held_out_questions_stay_held_out_whatever_stands_around_them()
    {
        var template = Load("""
            sources: { q: { jsonl: q.jsonl }, persona: [a, b, c, d] }
            user: "{{persona}}: {{q.text}}"
            key: "{{q.text}}"
            held_out: 0.3
            """, ("q.jsonl", string.Concat(Enumerable.Range(0, 200).Select(i => $"{{\"text\":\"question {i}\"}}\n"))));

        var training = Texts(template, 2000, 1).Select(text => text[3..]).ToHashSet();
        var heldOut = template.DrawHeldOut(1).Take(500).Select(draw => draw.Messages[^1].Content[3..]).ToHashSet();

        Assert.InRange(heldOut.Count, 30, 90);
        Assert.DoesNotContain(heldOut, training.Contains);
    }

    [Theory]
    [InlineData("kind: mustache\nuser: hi", "kind", "is 'mustache'.")]
    [InlineData("kind: handlebars\nuser: hi\nsorces: {}", "sorces", "Did you mean 'sources'?")]
    [InlineData("kind: handlebars\nsystem: hi", "user", "is missing.")]
    [InlineData("kind: handlebars\nuser: hi\nturns: [a]", "user", "is given beside turns.")]
    [InlineData("kind: handlebars\nuser: \"{{topik}}\"\nsources: { topic: [a] }", "user", "Did you mean 'topic'?")]
    [InlineData("kind: handlebars\nuser: \"{{topic.nme}}\"\nsources: { topic: [ { name: a, area: b } ] }", "user", "Did you mean 'name'?")]
    [InlineData("kind: handlebars\nuser: \"{{#if a}}x\"\nsources: { a: [b] }", "user", "is no template")]
    [InlineData("kind: handlebars\nuser: \"{{> /etc/passwd}}\"", "user", "partials, decorators and raw blocks are not for prompts")]
    [InlineData("kind: handlebars\nuser: \"{{#> layout}}{{/layout}}\"", "user", "partials, decorators and raw blocks are not for prompts")]
    [InlineData("kind: handlebars\nuser: \"{{#*inline \\\"x\\\"}}{{/inline}}\"", "user", "partials, decorators and raw blocks are not for prompts")]
    [InlineData("kind: handlebars\nuser: hi\nsources: { a: { list: [x], pick: 3 } }", "sources.a", "picks 3 of 1 values.")]
    [InlineData("kind: handlebars\nuser: hi\nsources: { a: [] }", "sources.a", "has no value with a weight above 0.")]
    [InlineData("kind: handlebars\nuser: hi\nsources: { a: { csv: nowhere.csv } }", "", "nowhere.csv: does not exist.")]
    [InlineData("kind: handlebars\nuser: hi\nsources: { a: [x] }\ncross: [b]", "cross", "names 'b', which is no source. Did you mean 'a'?")]
    [InlineData("kind: handlebars\nuser: hi\nsources: { a: { list: [x, y], pick: 1 } }\ncross: [a]", "cross", "names 'a', which picks several values at once.")]
    public void A_mistake_is_told_with_its_place(string yaml, string where, string what)
    {
        var error = Assert.Throws<ForgeException>(() => folder.Load(yaml));

        Assert.Contains(what, error.Message, StringComparison.Ordinal);
        Assert.True(where.Length == 0 || error.Problems.Any(problem => problem.Where == where), error.Message);
    }

    [Fact]
    public void Loops_within_loops_are_bounded_before_they_run()
    {
        var nested = string.Concat(Enumerable.Repeat("{{#each a}}", 9)) + string.Concat(Enumerable.Repeat("{{/each}}", 9));

        Assert.Contains("nests loops more than 3 deep", Assert.Throws<ForgeException>(() => Load($"sources: {{ a: {{ list: [x, y], pick: 2 }} }}\nuser: \"{nested}\"")).Message, StringComparison.Ordinal);
        Assert.Contains("nests blocks more than 12 deep", Assert.Throws<ForgeException>(() => Load($"user: \"{string.Concat(Enumerable.Repeat("{{#if a}}", 1_000))}\"")).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Output_is_bounded()
    {
        var words = string.Join(", ", Enumerable.Range(0, 64).Select(i => $"w{i}"));
        var error = Assert.Throws<ForgeException>(() => Load($"sources: {{ a: {{ list: [{words}], pick: 64 }} }}\nuser: \"{{{{#each a}}}}{{{{#each @root.a}}}}{{{{#each @root.a}}}}0123456789{{{{/each}}}}{{{{/each}}}}{{{{/each}}}}\""));

        Assert.Contains("writes more than 1,048,576 characters", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void The_example_of_the_project_draws_what_it_promises()
    {
        var template = PromptTemplate.Load(Path.Combine(Home.Root, "prompts", "tutor.prompt.yaml"));

        var draws = template.Take(7, 60);

        Assert.Equal(60, draws.Select(draw => draw.Key).Distinct().Count());
        Assert.All(draws, draw => Assert.Equal(2, draw.FollowUps!.Count));
        Assert.All(draws, draw => Assert.StartsWith("You are ", draw.Messages[0].Content));
    }

    PromptTemplate Load(string yaml, params (string Name, string Text)[] files)
    {
        foreach (var (name, text) in files)
        {
            folder.Write(name, text);
        }

        return folder.Load($"kind: handlebars\n{(yaml.Contains("held_out", StringComparison.Ordinal) ? "" : "held_out: 0\n")}{yaml}");
    }

    static List<string> Texts(PromptTemplate template, int count, long seed) => [.. template.Draw(seed).Take(count).Select(draw => draw.Messages[^1].Content)];
}
