using System.Text;
using System.Text.Json;

namespace DistillForge.EndToEnd.Tests;

/// <summary>The stages around a teacher, on the embedded one.</summary>
public class TeacherStageTests
{
    [Fact]
    public async Task A_conversation_is_asked_turn_by_turn_one_row_each()
    {
        using var work = new Workplace();
        work.File("talk.jsonl", """
            {"turns": ["turn on the kitchen lights", "and now turn them off", "set the heating to 20 degrees"]}
            {"turns": ["lock the front door"]}
            """);

        await GenerateAsync(work, "talk", "prompts: { jsonl: talk.jsonl }");
        var rows = await AskAsync(work, "talk", "select len(prompt) n, prompt[len(prompt) - 1].role spoke from examples order by n, spoke");

        Assert.Equal(["1\tNULL", "1\tNULL", "3\tassistant", "5\tassistant"], rows);
        var same = await AskAsync(work, "talk", "select count(*) from examples a join examples b on len(a.prompt) = 3 and len(b.prompt) = 1 and b.prompt[1] = a.prompt[1] and b.completion[1] = a.prompt[2]");
        Assert.Equal("1", same.Single());
    }

    [Fact]
    public async Task A_conversation_over_the_context_loses_its_oldest_turns_where_the_recipe_says_so()
    {
        using var work = new Workplace();
        var turns = string.Join(", ", Enumerable.Range(0, 12).Select(i => $"\"turn on the kitchen lights and the bedroom lights and the lamp number {i} in the hall\""));
        work.File("talk.jsonl", $$"""{"turns": [{{turns}}]}""");

        await GenerateAsync(work, "cut", "prompts: { jsonl: talk.jsonl }", "overflow: truncate", "context: 128, ");
        await GenerateAsync(work, "fail", "prompts: { jsonl: talk.jsonl }", "overflow: fail", "context: 128, ");

        Assert.Equal("12", (await AskAsync(work, "cut", "select count(*) from examples")).Single());
        Assert.Equal("true", (await AskAsync(work, "cut", "select max(len(prompt)) < 23 and max(prompt_tokens) <= 96 from examples")).Single());
        var codes = await AskAsync(work, "fail", "select code, count(*) n from failures group by all order by n");
        Assert.Equal("prompt-too-long\t1", codes[0]);
        Assert.StartsWith("turn-before-failed\t", codes[1]);
    }

    [Fact]
    public async Task Several_teachers_share_the_prompts_and_the_student_learns_from_all()
    {
        using var work = new Workplace();
        var twin = Twin(work);
        var recipe = work.File("two.yaml", File.ReadAllText(work.Recipe("two", count: 80))
            .Replace("teacher: { gguf: models/home-teacher.gguf, license: Apache-2.0 }", $$"""teachers: [ { gguf: models/home-teacher.gguf, license: Apache-2.0 }, { gguf: {{twin}}, name: twin, weight: 3, license: MIT } ]""", StringComparison.Ordinal)
            .Replace("baseline: teacher-text, held_out: 20", "held_out: 5", StringComparison.Ordinal)
            .Replace("[ f32, f16, q8_0 ]", "[ f16 ]", StringComparison.Ordinal));

        var ended = await Forging.RunAsync("run", recipe, "--runs", work.Runs, "--json");
        Assert.True(ended.ExitCode == 0, ended.Error);

        var authors = JsonDocument.Parse(ended.Output).RootElement.GetProperty("authors");
        Assert.Equal(80, authors.GetProperty("home-teacher").GetInt64() + authors.GetProperty("twin").GetInt64());
        Assert.InRange(authors.GetProperty("twin").GetInt64(), 48, 72);
        var card = await File.ReadAllTextAsync(work.Run("two", "README.md"));
        Assert.Contains("home-teacher, twin", card, StringComparison.Ordinal);
        Assert.Contains("Apache-2.0 AND MIT", card, StringComparison.Ordinal);
        var manifest = await File.ReadAllTextAsync(work.Run("two", "manifests", "generate.json"));
        Assert.Contains("\"twin.kv_type\"", manifest, StringComparison.Ordinal);
        Assert.Contains("\"teacher twin\"", manifest, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Every_teacher_may_answer_every_prompt_and_a_category_may_go_to_one()
    {
        using var work = new Workplace();
        var twin = Twin(work);
        work.File("q.jsonl", """
            {"prompt": "turn on the kitchen lights", "category": "light"}
            {"prompt": "lock the front door", "category": "door"}
            """);

        await GenerateAsync(work, "every", $$"""
            prompts: { jsonl: q.jsonl }
            routing: every
            teachers: [ { gguf: models/home-teacher.gguf }, { gguf: {{twin}}, name: twin, when: { category: [ door ] } } ]
            """);

        Assert.Equal(["home-teacher\tdoor", "home-teacher\tlight", "twin\tdoor"], await AskAsync(work, "every", "select author, category from examples order by all"));
    }

    [Fact]
    public async Task Teachers_of_different_vocabularies_are_refused_before_anybody_is_asked()
    {
        using var work = new Workplace();
        var other = Path.Combine(work.Path, "other.gguf");
        var bytes = await File.ReadAllBytesAsync(Path.Combine(Home.Root, "models", "home-teacher.gguf"));
        // Another token in the same place: another vocabulary.
        var at = bytes.AsSpan().IndexOf("tokenizer.ggml.tokens"u8);
        var token = at + bytes.AsSpan(at).IndexOf("lights"u8);
        bytes[token] = (byte)'L';
        await File.WriteAllBytesAsync(other, bytes);
        work.File("q.jsonl", """{"prompt": "turn on the kitchen lights"}""");
        var recipe = RecipeOf(work, "odd", $$"""
            prompts: { jsonl: q.jsonl }
            teachers: [ { gguf: models/home-teacher.gguf }, { gguf: {{other}} } ]
            """, "", "");

        var ended = await Forging.RunAsync("generate", recipe, "--runs", work.Runs);

        Assert.Equal(2, ended.ExitCode);
        Assert.Contains("teachers  speak different vocabularies", ended.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_adapter_is_handed_to_the_engine_which_refuses_what_is_none()
    {
        using var work = new Workplace();
        work.File("q.jsonl", """{"prompt": "turn on the kitchen lights"}""");

        var ended = await Forging.RunAsync("generate", RecipeOf(work, "lora", "prompts: { jsonl: q.jsonl }", "", "lora: models/home-teacher.gguf, "), "--runs", work.Runs);

        Assert.Equal(2, ended.ExitCode);
        Assert.Contains("home-teacher.gguf", ended.Error, StringComparison.Ordinal);
        Assert.Contains("adapter", ended.Error, StringComparison.OrdinalIgnoreCase);
    }

    [Fact]
    public async Task A_budget_stops_cleanly_and_raising_it_goes_on()
    {
        using var work = new Workplace();
        var recipe = work.Recipe("poor", count: 150);
        var text = await File.ReadAllTextAsync(recipe);
        await File.WriteAllTextAsync(recipe, text + "\nbudget: { max_tokens: 2500 }\n");

        var stopped = await Forging.RunAsync("generate", recipe, "--runs", work.Runs);
        await File.WriteAllTextAsync(recipe, text + "\nbudget: { max_tokens: 100000 }\n");
        var finished = await Forging.RunAsync("generate", recipe, "--runs", work.Runs);

        Assert.Equal(2, stopped.ExitCode);
        Assert.Contains("budget.max_tokens", stopped.Error, StringComparison.Ordinal);
        Assert.Contains("of 150 rows are answered", stopped.Error, StringComparison.Ordinal);
        Assert.True(finished.ExitCode == 0, finished.Error);
        Assert.Contains("of 150 rows are answered already", finished.Error, StringComparison.Ordinal);
        Assert.Equal("150\t150", (await AskAsync(work, "poor", "select count(*), count(distinct id) from examples")).Single());
    }

    [Fact]
    public async Task Another_capture_reads_the_answers_again_instead_of_asking_again()
    {
        using var work = new Workplace();
        Assert.Equal(0, (await Forging.RunAsync("generate", work.Recipe(count: 60, topLogprobs: 8), "--runs", work.Runs)).ExitCode);
        const string Texts = "select list(completion[1].content order by prompt[1].content) from examples e where exists (from prompts p where p.id = e.id)";
        var before = await AskAsync(work, "tiny", Texts);

        var again = await Forging.RunAsync("generate", work.Recipe(count: 60, topLogprobs: 5), "--runs", work.Runs);

        Assert.True(again.ExitCode == 0, again.Error);
        Assert.Contains("60 answers of an earlier capture were read again", again.Error, StringComparison.Ordinal);
        Assert.Equal(before, await AskAsync(work, "tiny", Texts));
        Assert.Equal("5", (await AskAsync(work, "tiny", "select max(list_max(head_sizes)) from traces t where exists (from prompts p where p.id = t.id)")).Single());
    }

    [Fact]
    public async Task Plan_says_what_a_run_takes_and_leaves_nothing_behind()
    {
        using var work = new Workplace();

        var plan = await Forging.RunAsync("plan", work.Recipe(), "--runs", work.Runs, "--json");
        var lines = await Forging.RunAsync("plan", work.Recipe(), "--runs", work.Runs);

        Assert.True(plan.ExitCode == 0, plan.Error);
        var root = JsonDocument.Parse(plan.Output).RootElement;
        var teacher = root.GetProperty("asking")[0];
        Assert.Equal((140, 140), (teacher.GetProperty("rows").GetInt64(), teacher.GetProperty("open").GetInt64()));
        Assert.InRange(teacher.GetProperty("completion_tokens").GetDouble(), 140 * 4, 140 * 48);
        Assert.True(teacher.GetProperty("seconds").GetDouble() > 0);
        Assert.Equal(0, teacher.GetProperty("cost_usd").GetDouble());
        Assert.True(root.GetProperty("disk_bytes").GetDouble() > 10_000);
        Assert.Contains("140 rows", lines.Output, StringComparison.Ordinal);
        Assert.False(Directory.Exists(work.Run("tiny", "examples")));
    }

    internal static async Task GenerateAsync(Workplace work, string name, string lines, string generate = "", string teacher = "")
    {
        var ended = await Forging.RunAsync("generate", RecipeOf(work, name, lines, generate, teacher), "--runs", work.Runs);
        Assert.True(ended.ExitCode == 0, ended.Error);
    }

    internal static async Task<IReadOnlyList<string>> AskAsync(Workplace work, string run, string sql)
    {
        var ended = await Forging.RunAsync("sql", sql, "--run", work.Run(run));
        Assert.True(ended.ExitCode == 0, ended.Error);
        return [.. ended.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries).Skip(1)];
    }

    static string RecipeOf(Workplace work, string name, string lines, string generate, string teacher) => work.File(name + ".yaml", $$"""
        name: {{name}}
        seed: 3
        {{(lines.Contains("teachers:", StringComparison.Ordinal) ? "" : $"teacher: {{ {teacher}gguf: models/home-teacher.gguf }}")}}
        {{lines.ReplaceLineEndings("\n")}}
        generate: { max_tokens: 32, top_logprobs: 4, tail_samples: 2{{(generate.Length > 0 ? ", " + generate : "")}} }
        evaluate: { held_out: 0 }
        """);

    // The same weights with another name in the file: another teacher with the same vocabulary.
    static string Twin(Workplace work)
    {
        var bytes = File.ReadAllBytes(Path.Combine(Home.Root, "models", "home-teacher.gguf"));
        var name = bytes.AsSpan().IndexOf("general.name"u8) + "general.name".Length + 4 + 8;
        Assert.Equal("home-teacher", Encoding.UTF8.GetString(bytes, name, 12));
        bytes[name] = (byte)'H';
        var path = Path.Combine(work.Path, "twin.gguf");
        File.WriteAllBytes(path, bytes);
        return path;
    }
}
