using System.Text.Json;
using DistillForge.Data;
using DistillForge.Llama;
using DistillForge.Runs;
using DistillForge.Runs.Benches;
using DistillForge.Runs.Lineage;
using DistillForge.Serving;

namespace DistillForge.EndToEnd.Tests.Stages;

/// <summary>A GGUF judges rows through the worker, or behind a server. This one has random weights and what it thinks is worth nothing; that it can say nothing but a grade is.</summary>
public sealed class JudgeTests : IDisposable
{
    readonly Workplace work = new();

    readonly string gguf = SpeedModel.Make("1m-2k", "f16", SilentProgress.Instance);

    public void Dispose() => work.Dispose();

    [Fact]
    public async Task A_GGUF_grades_each_row_once_with_its_probabilities_and_filtering_again_asks_nobody()
    {
        work.File("rows.jsonl", string.Concat(Enumerable.Range(0, 4).Select(i => $$"""{"prompt": "dim lamp {{i}}", "completion": "the lamp is dimmed {{i}}"}{{"\n"}}""")));
        var judgements = Path.Combine(work.Run("judged"), "judgements");

        var all = await FilterAsync(min: 1, $"{{ gguf: {gguf}, context: 1536 }}");
        var lines = File.ReadAllLines(Directory.GetFiles(judgements).Single());
        var none = await FilterAsync(min: 5, $"{{ gguf: {gguf}, context: 1536 }}");

        Assert.Equal((4, 0), (all.Kept, all.Dropped));
        // Which grades random weights give depends on the processor; an expected grade is below 5 where any other grade is possible.
        var best = lines.Select(line => JsonDocument.Parse(line).RootElement).Count(judged => judged.GetProperty("choice").GetString() == "5" && (judged.GetProperty("probabilities") is not { ValueKind: JsonValueKind.Object } odds || odds.EnumerateObject().All(choice => choice.Name == "5")));
        Assert.Equal((best, 4 - best), (none.Kept, none.Dropped));
        Assert.Equal(lines, File.ReadAllLines(Directory.GetFiles(judgements).Single()));
        Assert.Equal(4, lines.Length);
        foreach (var judged in lines.Select(line => JsonDocument.Parse(line).RootElement))
        {
            Assert.Matches("^[1-5]$", judged.GetProperty("choice").GetString());
            if (judged.GetProperty("probabilities") is { ValueKind: JsonValueKind.Object } odds)
            {
                Assert.Equal(1, odds.EnumerateObject().Sum(choice => choice.Value.GetDouble()), 6);
            }
        }
    }

    [Fact]
    public async Task A_judge_behind_an_API_grades_the_same_way_and_stands_with_its_terms_in_ledger_and_cards()
    {
        work.File("rows.jsonl", """{"prompt": "dim the lamp", "completion": "the lamp is dimmed"}""" + "\n" + """{"prompt": "", "completion": "?"}""");
        work.File("teachers.yaml", "teachers: [ { name: The Bench, match: { model: \"judge-*\" }, license: MIT, may_train: yes } ]");
        await using var model = await LlamaModel.OpenAsync(gguf, new LlamaOptions(Threads: 1, Parallel: 2, Context: 1536), CancellationToken.None);
        var watched = new Serving.WatchedModel(new ServedModel(model, "judge-1m"));
        await using var server = await ModelServer.StartAsync(watched, new ServeOptions(), TimeProvider.System, _ => { }, CancellationToken.None);

        var by = $"{{ api: \"{server.Address}v1\", model: judge-1m, tokenizer: {gguf} }}";
        var planned = Assert.Single((await PlanAsync(by)).Asking);
        var (kept, dropped) = await FilterAsync(min: 1, by);
        var done = Assert.Single((await PlanAsync(by)).Asking);

        Assert.Equal(("judge-1m as judge (filters.judge)", 2, 2, 0), (planned.Name, planned.Rows, planned.Open, done.Open));
        Assert.InRange(planned.PromptTokens, 500, 2_000);

        Assert.Equal((2, 0), (kept, dropped));
        var lines = File.ReadAllLines(Directory.GetFiles(work.Run("judged", "judgements")).Single());
        Assert.Equal(2, lines.Length);
        // One to find out what it can, then each row once.
        Assert.Equal(3, watched.Asked.Count);
        Assert.All(lines, line => Assert.Matches("^[1-5]$", JsonDocument.Parse(line).RootElement.GetProperty("choice").GetString()));
        var story = await RowStory.TellAsync(JsonDocument.Parse(lines[0]).RootElement.GetProperty("id").GetString()!, work.Run("judged"), CancellationToken.None);
        Assert.Matches("graded     [1-5](\\.[0-9]+)? of 5\n", string.Join('\n', story.Lines()));
        Assert.Contains("The Bench (known by model judge-*); license MIT; may train: yes", RunLedger.Entries(work.Run("judged")).Single(entry => entry.Stage == "filter").Facts!["judges"], StringComparison.Ordinal);
        Assert.Contains("| judge-1m | prompts/answer.rubric.yaml (", File.ReadAllText(work.Run("judged", "dataset", "GOVERNANCE.md")), StringComparison.Ordinal);
        Assert.Contains("judge-1m graded 2 rows", JsonDocument.Parse(File.ReadAllText(work.Run("judged", "dataset", "croissant.json"))).RootElement.GetProperty("rai:machineAnnotationTools").GetString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_judge_whose_key_is_not_set_is_found_before_a_row_is_judged_and_what_it_judged_before_still_counts()
    {
        work.File("rows.jsonl", """{"prompt": "dim the lamp", "completion": "the lamp is dimmed"}""");
        await using var model = await LlamaModel.OpenAsync(gguf, new LlamaOptions(Threads: 1, Parallel: 2, Context: 1536), CancellationToken.None);
        await using var server = await ModelServer.StartAsync(new ServedModel(model, "judge-1m"), new ServeOptions(), TimeProvider.System, _ => { }, CancellationToken.None);
        var by = $"{{ api: \"{server.Address}v1\", model: judge-1m";

        var error = await Assert.ThrowsAsync<ForgeException>(() => FilterAsync(min: 1, $"{by}, key_env: DISTILLFORGE_NO_SUCH_KEY }}"));
        Assert.False(Directory.Exists(work.Run("judged", "examples")));
        await FilterAsync(min: 1, $"{by} }}");
        var again = await FilterAsync(min: 5, $"{by}, key_env: DISTILLFORGE_NO_SUCH_KEY }}");

        Assert.Equal(("filters.judge.by.key_env", "names DISTILLFORGE_NO_SUCH_KEY, which is not set."), (error.Problems[0].Where, error.Problems[0].What));
        Assert.Equal(1, again.Kept + again.Dropped);
    }

    async Task<(long Kept, long Dropped)> FilterAsync(int min, string by)
    {
        await Forge.RunAsync(new RunRequest(Recipe(min, by), work.Runs, "filter"), SilentProgress.Instance, TimeProvider.System, CancellationToken.None);
        var figures = Manifest.TryRead(work.Run("judged"), "filter")!.Figures;
        return ((long)figures["kept"], (long)figures["dropped"]);
    }

    Task<RunPlan> PlanAsync(string by) => Forge.PlanAsync(new RunRequest(Recipe(1, by), work.Runs, "filter"), SilentProgress.Instance, TimeProvider.System, CancellationToken.None);

    string Recipe(int min, string by)
    {
        work.File("judge.yaml", $"filters: [ {{ judge: {{ rubric: prompts/answer.rubric.yaml, by: {by}, min: {min} }} }} ]");
        return work.File("judged.yaml", """
            name: judged
            dataset: { jsonl: rows.jsonl }
            filters: judge.yaml
            student: { vocabulary: { train: 300 } }
            """);
    }
}
