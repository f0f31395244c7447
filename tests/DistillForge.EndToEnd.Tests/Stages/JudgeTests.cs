using System.Text.Json;
using DistillForge.Data;
using DistillForge.Runs;
using DistillForge.Runs.Benches;

namespace DistillForge.EndToEnd.Tests.Stages;

/// <summary>A GGUF judges rows through the worker. This one has random weights and what it thinks is worth nothing; that it can say nothing but a grade is.</summary>
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

        var all = await FilterAsync(min: 1);
        var lines = File.ReadAllLines(Directory.GetFiles(judgements).Single());
        var none = await FilterAsync(min: 5);

        Assert.Equal((4, 0), (all.Kept, all.Dropped));
        Assert.Equal((0, 4), (none.Kept, none.Dropped));
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

    async Task<(long Kept, long Dropped)> FilterAsync(int min)
    {
        work.File("judge.yaml", $"filters: [ {{ judge: {{ rubric: prompts/answer.rubric.yaml, by: {{ gguf: {gguf}, context: 1536 }}, min: {min} }} }} ]");
        var recipe = work.File("judged.yaml", """
            name: judged
            dataset: { jsonl: rows.jsonl }
            filters: judge.yaml
            student: { vocabulary: { train: 300 } }
            """);
        await Forge.RunAsync(new RunRequest(recipe, work.Runs, "filter"), SilentProgress.Instance, TimeProvider.System, CancellationToken.None);
        var figures = Manifest.TryRead(work.Run("judged"), "filter")!.Figures;
        return ((long)figures["kept"], (long)figures["dropped"]);
    }
}
