using System.Text.Json;
using DistillForge.Data;
using DistillForge.Runs;
using DistillForge.Runs.Stages;

namespace DistillForge.EndToEnd.Tests.Stages;

/// <summary>What a student is compared on must not nearly be what it was trained on.</summary>
public sealed class HeldOutChoiceTests : IDisposable
{
    readonly Workplace work = new();

    public void Dispose() => work.Dispose();

    // 60 documents of 60 words, five near copies each (one word changed): by prompt most held-out ones have a sister in training.
    [Theory]
    [InlineData("", 25, 31)]
    [InlineData(", split: clusters", 30, 0)]
    [InlineData(", split: { group: category }", 25, 0)] // whole categories of five documents
    public async Task By_clusters_no_document_is_on_both_sides(string split, int most, int both)
    {
        work.File("q.jsonl", string.Concat(Enumerable.Range(0, 300).Select(i => JsonSerializer.Serialize(new { prompt = $"{string.Join(' ', Enumerable.Range(0, 60).Select(word => $"w{i % 60 * 100 + word}"))} copy{i}", category = $"c{i % 60 / 5}" }) + "\n")));
        var recipe = RecipeReader.Read(work.File("r.yaml", $$"""
            name: r
            teacher: { gguf: {{Path.Combine(Home.Root, "models", "home-teacher.gguf")}} }
            prompts: { jsonl: q.jsonl }
            evaluate: { held_out: 30{{split}} }
            """), Components.Known);
        using var folder = RunFolder.Open(work.Run("r"));
        var run = new RunContext(recipe, folder, Settings.Load(), SilentProgress.Instance, TimeProvider.System);

        var (asked, heldOut) = await new PromptExpansion(run).ExpandAsync(CancellationToken.None);

        static string DocumentOf(Prompt prompt) => prompt.Messages[^1].Content.Split(' ')[0];
        Assert.Equal(300, asked.Count + heldOut.Count);
        Assert.InRange(heldOut.Count, most, 30);
        var documents = asked.Select(DocumentOf).ToHashSet();
        Assert.InRange(heldOut.Count(prompt => documents.Contains(DocumentOf(prompt))), both > 0 ? 20 : 0, both);
        Assert.True(split.Length == 0 || heldOut.CountBy(DocumentOf).All(document => document.Value == 5));
    }

    // A file's rows all train where the recipe says nothing of it: as ever.
    [Theory]
    [InlineData("", 40, 0)]
    [InlineData("evaluate: { held_out: 3 }", 37, 3)]
    [InlineData("evaluate: { held_out: 300 }", 36, 4)] // a tenth at most
    [InlineData("evaluate: { held_out: 0 }", 40, 0)]
    [InlineData("evaluate: { split: clusters }", 36, 4)]
    public async Task Of_a_file_without_a_teacher_as_many_rows_are_held_out_as_the_recipe_says(string evaluate, int rows, int heldOut)
    {
        work.File("rows.jsonl", string.Concat(Enumerable.Range(0, 40).Select(i => $$"""{"prompt": "the {{i}}th lamp {{i * i}}", "completion": "lamp {{i}} is dimmed"}{{"\n"}}""")));
        var recipe = RecipeReader.Read(work.File("r.yaml", $"name: r\ndataset: {{ jsonl: rows.jsonl }}\nstudent: {{ vocabulary: {{ train: 300 }} }}\n{evaluate}"), Components.Known);
        using var folder = RunFolder.Open(work.Run("r"));
        var run = new RunContext(recipe, folder, Settings.Load(), SilentProgress.Instance, TimeProvider.System);

        await new DatasetStage(run).DoAsync(CancellationToken.None);

        Assert.Equal((rows, heldOut), (await ExamplesFile.ReadAsync([work.Run("r", "examples", "0.parquet")], default).CountAsync(), HeldOutBenchmark.TryRead(folder)?.Questions().Count() ?? 0));
    }
}
