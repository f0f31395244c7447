using DistillForge.Data;
using DistillForge.Runs;
using DistillForge.Runs.Lineage;

namespace DistillForge.EndToEnd.Tests.Lineage;

public sealed class TermsGateTests : IDisposable
{
    const string Recipe = """
        name: rival
        teacher: { api: "https://api.openai.com/v1", model: gpt-4o-mini, key_env: DISTILLFORGE_NOT_SET }
        prompts: { template: prompts/home.prompt.yaml, count: 3 }
        student: { layers: 1, width: 64, heads: 2, vocabulary: { train: 300 } }
        train: { targets: text-only }
        """;

    readonly Workplace work = new();

    public void Dispose() => work.Dispose();

    [Fact]
    public async Task A_recipe_that_would_train_on_forbidden_answers_is_refused_before_anything_is_done()
    {
        var error = await Assert.ThrowsAsync<ForgeException>(() => RunAsync(Recipe));

        Assert.Contains("'OpenAI API', known by endpoint https://api.openai.com/*", error.Message, StringComparison.Ordinal);
        Assert.Contains("override: { by: NAME, reason: WHY }", error.Message, StringComparison.Ordinal);
        Assert.False(Directory.Exists(work.Run("rival", "manifests")));
        Assert.Empty(RunLedger.Entries(work.Run("rival")));
    }

    [Fact]
    public async Task An_override_lets_it_go_on_and_is_in_the_ledger_once()
    {
        var error = await Assert.ThrowsAsync<ForgeException>(() => RunAsync(Recipe + "\noverride: { by: Ada Lovelace, reason: the student competes with nobody }\n"));
        await Assert.ThrowsAsync<ForgeException>(() => RunAsync(Recipe + "\noverride: { by: Ada Lovelace, reason: the student competes with nobody }\n"));

        Assert.Contains("DISTILLFORGE_NOT_SET", error.Message, StringComparison.Ordinal);
        var entry = Assert.Single(RunLedger.Entries(work.Run("rival")), entry => entry.Kind == "override");
        Assert.Equal(("Ada Lovelace", "the student competes with nobody"), (entry.Facts!["by"], entry.Facts["reason"]));
        Assert.Contains("OpenAI API", entry.Facts["against"], StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_dataset_with_forbidden_rows_needs_the_filter_or_a_person()
    {
        var rows = new[] { "claude-x", "home-teacher" }.Select(author => new Example { Id = author, Prompt = [Message.User("hello " + author)], Completion = [Message.Assistant("hi")], Author = author });
        await ExamplesFile.WriteAsync(work.Run("rows.parquet"), rows.ToAsyncEnumerable(), CancellationToken.None);
        string Of(string policy) => $"name: rows{policy.Length}\ndataset: {{ parquet: {work.Run("rows.parquet")} }}\n{policy}student: {{ layers: 1, width: 64, heads: 2, vocabulary: {{ train: 300 }} }}\n";

        var error = await Assert.ThrowsAsync<ForgeException>(() => RunAsync(Of("")));
        await RunAsync(Of("filters: filters/default.yaml\n"));

        Assert.Contains("claude-x", error.Message, StringComparison.Ordinal);
        var run = work.Run($"rows{"filters: filters/default.yaml\n".Length}");
        Assert.Equal("home-teacher", Assert.Single(await ExamplesFile.ReadAsync([Path.Combine(run, "curated.parquet")], CancellationToken.None).ToListAsync()).Id);
        var manifest = Manifest.TryRead(run, "filter")!;
        Assert.Contains("may train: no", manifest.Chosen["terms.claude-x"], StringComparison.Ordinal);
        Assert.Equal(1, manifest.Figures["dropped.terms-forbid-training"]);
        Assert.Equal("default", RunLedger.Entries(run).Single(entry => entry.Stage == "filter").Facts!["policy"]);
    }

    [Theory]
    [InlineData("claude-x", "", "filters.judge is claude-x, whose grades would choose what is trained on, and its output may not train other models")]
    [InlineData("claude-x", "override: { by: Ada Lovelace, reason: nobody competes }", "DISTILLFORGE_NOT_SET")]
    [InlineData("stranger", "", "warning: filters.judge: nobody wrote down whether output of stranger may train other models")]
    public async Task A_judge_whose_grades_choose_rows_is_gated_as_those_are_who_answer(string judge, string lifted, string said)
    {
        work.File("rows.jsonl", """{"prompt": "hello", "completion": "hi"}""");
        work.File("judge.yaml", $"filters: [ {{ judge: {{ rubric: prompts/answer.rubric.yaml, by: {{ api: \"http://127.0.0.1:9/v1\", model: {judge}, key_env: DISTILLFORGE_NOT_SET }} }} }} ]");
        var recipe = $"name: judged\ndataset: {{ jsonl: rows.jsonl }}\nfilters: judge.yaml\nstudent: {{ vocabulary: {{ train: 300 }} }}\n{lifted}\n";
        var heard = new HeardProgress();

        var error = await Assert.ThrowsAsync<ForgeException>(() => Forge.RunAsync(new RunRequest(work.File("recipe.yaml", recipe), work.Runs, "filter"), heard, TimeProvider.System, CancellationToken.None));

        Assert.Contains(said, string.Join(' ', $"{heard.Text} {error.Message}".Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries)), StringComparison.Ordinal);
        var entries = RunLedger.Entries(work.Run("judged"));
        Assert.Equal(lifted.Length > 0 ? ["filters.judge"] : Array.Empty<string>(), entries.Where(entry => entry.Kind == "override").Select(entry => entry.Facts!["against"].Split(' ')[0]));
        // Neither a refusal nor a key that is missing begins a run; who lifted a refusal is written down all the same.
        Assert.Equal(lifted.Length == 0, entries.Count == 0);
    }

    Task RunAsync(string recipe) => Forge.RunAsync(new RunRequest(work.File("recipe.yaml", recipe), work.Runs, "filter"), SilentProgress.Instance, TimeProvider.System, CancellationToken.None);
}
