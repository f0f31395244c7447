using System.Text.Json;
using DistillForge.Runs;
using DistillForge.Runs.Benches;
using DistillForge.Runs.Lineage;

namespace DistillForge.EndToEnd.Tests.Stages;

/// <summary><c>evaluate.robustness.by</c>: a model says test questions in other words, as a GGUF in its worker or behind a server of the test's own.</summary>
public sealed class ParaphraseTests : IDisposable
{
    const string Key = "DISTILLFORGE_PARAPHRASE_KEY";

    readonly Workplace work = new();

    readonly HeardProgress said = new();

    public void Dispose() => work.Dispose();

    [Fact]
    public async Task An_API_rewords_each_question_once_and_what_is_no_other_wording_is_not_asked()
    {
        Environment.SetEnvironmentVariable(Key, "sk-canary");
        await using var server = Rewriter();
        // German, which no rule of ours can say otherwise.
        work.File("own.csv", "question,answer\nMach das Licht in der Küche an,a\nSchalte das Radio aus!,b\nStelle den Wecker auf sieben,c\nÖffne das Fenster,d\nSchließe die Tür,e\n");
        work.File("teachers.yaml", "teachers: [ { name: The Rewriter, match: { model: \"rewriter-*\" }, license: MIT, may_train: no } ]");
        var by = $"{{ api: \"{server.Address}\", model: rewriter-1, key_env: {Key}, requests_per_minute: 6000, timeout_s: 20 }}";

        Assert.Equal((5, 5), await PlannedAsync(by));
        Assert.Equal(0, server.Count);
        await RunAsync(by);
        var (first, lines) = (server.Count, Lines());
        Assert.Equal((5, 1), await PlannedAsync(by, types: "f16, q8_0"));
        await RunAsync(by, types: "f16, q8_0");

        // An echo in quotation marks, half a sentence and a refused request are none; the others are, without their quotation marks.
        Assert.Equal(["Mach das Licht in der Küche an -> Licht in der Küche: an", "Schließe die Tür -> Mach die Tür zu"], lines);
        // Each session asks once to find out what the server can; then five questions, and later only the one that was refused.
        Assert.Equal((1 + 5, 1 + 5 + 1 + 1), (first, server.Count));
        Assert.Equal([.. lines[..1], "Öffne das Fenster -> Mach das Fenster auf", lines[1]], Lines());
        Assert.Contains("rewriter-1 gave no paraphrase of 3 of 5 questions (1 the same words, or none, 1 cut-off, 1 ", said.Text, StringComparison.Ordinal);
        Assert.Contains("warning: evaluate.robustness.by: output of rewriter-1 may not train other models", said.Text, StringComparison.Ordinal);
        Assert.Contains("rewriter-1, who says test questions in other words", File.ReadAllText(work.Run("reworded", "README.md")), StringComparison.Ordinal);
        Assert.StartsWith("rewriter-1, ", RunLedger.Entries(work.Run("reworded")).Last(entry => entry.Stage == "evaluate").Facts!["paraphrases by"], StringComparison.Ordinal);
        Assert.Contains("paraphrase by rewriter-1", File.ReadAllText(work.Run("reworded", "report.html")), StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_budget_ends_before_a_question_that_does_not_fit_and_more_of_it_asks_only_the_rest()
    {
        Environment.SetEnvironmentVariable(Key, "sk-canary");
        await using var server = Rewriter(charged: 400);
        work.File("own.csv", "question,answer\nMach das Licht in der Küche an,a\nSchließe die Tür,e\n");
        var by = $"{{ api: \"{server.Address}\", model: rewriter-1, key_env: {Key}, requests_per_minute: 6000, max_concurrency: 1 }}";

        // The first request of a session finds out what the server can. Each could take about 310 tokens, and 400 are charged: a third does not fit.
        var error = await Assert.ThrowsAnyAsync<ForgeException>(() => RunAsync(by, budget: 1_000));
        var spent = server.Count;
        await RunAsync(by, budget: 5_000);

        Assert.Contains("budget.max_tokens", error.Message, StringComparison.Ordinal);
        Assert.Equal(1 + 1, spent);
        Assert.Equal(1 + 1 + 1 + 1, server.Count);
        Assert.Equal(2, Lines().Count);
    }

    [Fact]
    public async Task A_GGUF_rewords_each_question_once_and_a_taken_row_leaves_its_wordings_too()
    {
        var gguf = SpeedModel.Make("1m-2k", "f16", SilentProgress.Instance);

        // What is asked is what was trained on, as anybody's table may be.
        work.File("own.csv", string.Concat(Enumerable.Range(0, 5).Select(i => $"dim lamp {i},lamp {i} is dimmed\n").Prepend("question,answer\n")));

        await RunAsync($"{{ gguf: {gguf}, context: 512 }}");
        var kept = Directory.GetFiles(work.Run("reworded", "paraphrases")).Single();
        var before = File.ReadAllLines(kept);
        await RunAsync($"{{ gguf: {gguf}, context: 512 }}", types: "f16, q8_0");

        Assert.Equal(5, before.Length);
        Assert.Equal(before, File.ReadAllLines(kept));
        await Takedown.DoAsync(work.Run("reworded"), new TakedownSearch([], Sql: "select id from examples where prompt[1].content = 'dim lamp 3'"), "Ada", "asked for", TimeProvider.System, CancellationToken.None);
        Assert.Equal(before.Where(line => !line.Contains("dim lamp 3\"", StringComparison.Ordinal)), File.ReadAllLines(kept));
        Assert.DoesNotContain("dim lamp 3\"", string.Concat(Directory.GetFiles(work.Run("reworded"), "*.jsonl", SearchOption.AllDirectories).Select(File.ReadAllText)), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_model_that_nobody_would_ask_is_an_error()
    {
        var error = await Assert.ThrowsAsync<ForgeException>(() => RunAsync("{ gguf: models/home-teacher.gguf }", perturbations: "[ typos ]"));

        Assert.Contains("perturbations leave 'paraphrase' out", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_key_that_is_not_set_is_found_before_anything_is_done_and_the_plan_says_it()
    {
        await using var server = Rewriter();
        work.File("own.csv", "question,answer\nMach das Licht an,a\n");
        var by = $"{{ api: \"{server.Address}\", model: rewriter-1, key_env: DISTILLFORGE_NO_SUCH_KEY }}";

        var plan = await Forge.PlanAsync(new RunRequest(Recipe(by, "f16", "[ paraphrase ]", 100_000), work.Runs), SilentProgress.Instance, TimeProvider.System, CancellationToken.None);
        var error = await Assert.ThrowsAsync<ForgeException>(() => RunAsync(by));

        Assert.Equal("names DISTILLFORGE_NO_SUCH_KEY, which is not set.", Assert.Single(error.Problems).What);
        Assert.Equal("evaluate.robustness.by.key_env", error.Problems[0].Where);
        Assert.Equal(["missing evaluate.robustness.by.key_env names DISTILLFORGE_NO_SUCH_KEY, which is not set. Set the environment variable DISTILLFORGE_NO_SUCH_KEY, or the user secret of this name."], plan.Lines().Where(line => line.StartsWith("missing", StringComparison.Ordinal)));
        Assert.False(Directory.Exists(work.Run("reworded", "examples")));
        Assert.Equal(0, server.Count);
        // Who trains only asks nobody.
        await Forge.RunAsync(new RunRequest(Recipe(by, "f16", "[ paraphrase ]", 100_000), work.Runs, "filter"), said, TimeProvider.System, CancellationToken.None);
    }

    Task RunAsync(string by, string types = "f16", string perturbations = "[ paraphrase ]", int budget = 100_000)
        => Forge.RunAsync(new RunRequest(Recipe(by, types, perturbations, budget), work.Runs), said, TimeProvider.System, CancellationToken.None);

    async Task<(long Rows, long Open)> PlannedAsync(string by, string types = "f16")
    {
        var plan = await Forge.PlanAsync(new RunRequest(Recipe(by, types, "[ paraphrase ]", 100_000), work.Runs), SilentProgress.Instance, TimeProvider.System, CancellationToken.None);
        var planned = Assert.Single(plan.Asking);
        return (planned.Rows, planned.Open);
    }

    string Recipe(string by, string types, string perturbations, int budget)
    {
        work.File("rows.jsonl", string.Concat(Enumerable.Range(0, 40).Select(i => $$"""{"prompt": "dim lamp {{i}}", "completion": "lamp {{i}} is dimmed"}{{"\n"}}""")));
        return work.File("reworded.yaml", $$"""
            name: reworded
            dataset: { jsonl: rows.jsonl, license: MIT }
            student: { architecture: llama, layers: 1, width: 32, heads: 2, vocabulary: { train: 300 } }
            generate: { max_tokens: 16 }
            train: { epochs: 1, tokens_per_batch: 512 }
            budget: { max_tokens: {{budget}} }
            package: { quantize: [ {{types}} ] }
            evaluate: { benchmarks: [ exact-match: { file: own.csv } ], robustness: { perturbations: {{perturbations}}, by: {{by}} } }
            """);
    }

    List<string> Lines() => [.. File.ReadAllLines(work.Run("reworded", "robustness.jsonl")).Select(line => JsonDocument.Parse(line).RootElement).Select(line => $"{line.GetProperty("question").GetString()} -> {line.GetProperty("changed").GetString()}")];

    /// <summary>Says each command otherwise, or does not, in its own ways.</summary>
    static TestServer Rewriter(int charged = 21)
    {
        var refused = 0;
        return new TestServer(request => request.LastMessage.Split("\n\n")[^1] switch
        {
            "Mach das Licht in der Küche an" => Says("<think>another way …</think>\n\"Licht in der Küche: an\""),
            "Schalte das Radio aus!" => Says("\"schalte das Radio aus.\""),
            "Stelle den Wecker auf sieben" => Says("Ich hätte gern, dass der Wecker auf", "length"),
            "Öffne das Fenster" when Interlocked.Increment(ref refused) == 1 => TestReply.Error(400, "this one is not answered"),
            "Öffne das Fenster" => Says("Mach das Fenster auf"),
            "Schließe die Tür" => Says(" Mach die Tür zu\n"),
            _ => Says("?"),
        });

        TestReply Says(string text, string finish = "stop") => ChatJson.Text(text, finish, charged - 9, 9, "rewriter-1");
    }
}
