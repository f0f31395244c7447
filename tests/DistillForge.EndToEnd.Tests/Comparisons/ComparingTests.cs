using System.Text.Json;
using DistillForge.Runs.Benches;
using DistillForge.Runs.Comparisons;

namespace DistillForge.EndToEnd.Tests.Comparisons;

/// <summary>Two GGUFs side by side. Random weights: their answers are worth nothing, but what is said of them must be all there and hold together.</summary>
public sealed class ComparingTests : IDisposable
{
    readonly Workplace work = new();

    readonly string[] models = [SpeedModel.Make("1m-2k", "f16", SilentProgress.Instance), SpeedModel.Make("1m-2k", "q8_0", SilentProgress.Instance)];

    public void Dispose() => work.Dispose();

    CompareRequest Request(string? data = null, string? recipe = null, int robustness = 0) => new([.. models, models[0]], data, "question", "answer", MaxTokens: 4, Most: 12, recipe, robustness);

    [Fact]
    public async Task Files_are_compared_on_questions_of_ones_own_and_the_page_has_the_tables_and_plots_of_a_report()
    {
        var data = work.File("mine.jsonl", string.Concat(Enumerable.Range(0, 12).Select(i => $$"""{"question": "dim lamp {{i}}", "answer": "done", "category": "{{(i < 6 ? "few" : "more")}}"}{{"\n"}}""")));

        var result = await Comparing.RunAsync(Request(data, robustness: 2), SilentProgress.Instance, CancellationToken.None);

        Assert.Equal(["1m-2k-f16", "1m-2k-q8_0", "1m-2k-f16 (2)"], result.Models.Select(model => model.Name));
        Assert.True(result.Models[1].Scores.KlToTeacher > 1e-4, $"{result.Models[1].Scores.KlToTeacher}");
        // The same file as the first: nothing lies between them.
        Assert.Equal((0.0, 1.0), (Math.Round(result.Models[2].Scores.KlToTeacher!.Value, 9), result.Models[2].Scores.Top1Agreement));
        Assert.All(result.Models, model => Assert.True(model.Scores is { TokensPerSecond: > 0, Bytes: > 0, Questions: 12 }));
        Assert.Equal(("mine", 12), (result.Tasks.Single().Benchmark, result.Tasks.Single().Models["1m-2k-q8_0"].Questions));
        Assert.Equal(["few", "more"], result.Slices.Select(slice => slice.Category).Order(StringComparer.Ordinal));
        var otherwise = result.Robustness!.First(kind => kind.Kind == "all of them");
        Assert.Equal((2, 3), (otherwise.Questions, otherwise.Models.Count));
        var page = result.ToPage().ToHtml();
        Assert.All(["size", "speed", "kl-histogram", "calibration", "retention", "robustness-same"], plot => Assert.Contains($"<figure id=\"{plot}\"", page, StringComparison.Ordinal));
        Assert.Equal(3, JsonDocument.Parse(result.ToJson()).RootElement.GetProperty("models").GetArrayLength());
    }

    [Fact]
    public async Task A_recipes_tasks_are_asked_instead_where_one_is_named()
    {
        work.File("sums.csv", "question,answer\nhow much is one plus one,2\nhow much is two plus two,4\n");
        var recipe = work.File("tasks.yaml", """
            name: tasks
            dataset: { jsonl: rows.jsonl }
            student: { vocabulary: { train: 300 } }
            evaluate: { benchmarks: [ numeric: { file: sums.csv }, token-f1: { file: sums.csv, title: words } ] }
            """);
        work.File("rows.jsonl", """{"prompt": "a", "completion": "b"}""");

        var result = await Comparing.RunAsync(Request(recipe: recipe), SilentProgress.Instance, CancellationToken.None);

        Assert.Equal(["numeric", "words"], result.Tasks.Select(task => task.Benchmark));
        Assert.All(result.Tasks, task => Assert.Equal(models.Length + 1, task.Models.Count));
    }

    [Fact]
    public async Task The_command_prints_a_table_or_JSON_of_two_files_and_writes_the_page()
    {
        var data = work.File("mine.csv", "ask,right,category\ndim lamp 1,done,few\ndim lamp 2,done,few\ndim lamp 3,done,more\n");
        string[] compare = ["compare", .. models, "--data", data, "--column", "ask", "--answer-column", "right", "--questions", "2", "--max-tokens", "4"];

        var shown = await Forging.RunAsync([.. compare, "--out", Path.Combine(work.Path, "page.html")]);
        var json = await Forging.RunAsync([.. compare, "--json"]);

        Assert.True((shown.ExitCode, json.ExitCode) == (0, 0), shown.Error + json.Error);
        Assert.Matches(@"1m-2k-f16 +1m-2k-q8_0\n", shown.Output);
        Assert.Matches(@"exact match +0\.0 % \(0\.0–\d+\.\d\) +0\.0 %", shown.Output);
        Assert.Contains("2 questions of mine.csv; everything is beside 1m-2k-f16.", shown.Output, StringComparison.Ordinal);
        var page = await File.ReadAllTextAsync(Path.Combine(work.Path, "page.html"));
        Assert.All(["1m-2k-f16 and 1m-2k-q8_0", "<figure id=\"kl-histogram\"", "<figure id=\"retention\""], part => Assert.Contains(part, page, StringComparison.Ordinal));
        var scores = JsonDocument.Parse(json.Output).RootElement.GetProperty("models").EnumerateArray().ToList();
        Assert.Equal(models, scores.Select(model => model.GetProperty("path").GetString()));
        Assert.True(scores[1].GetProperty("scores").GetProperty("kl_to_teacher").GetDouble() > 0);
    }

    [Fact]
    public async Task Two_files_without_questions_are_an_error_that_says_what_to_give()
    {
        var ended = await Forging.RunAsync(["compare", .. models]);

        Assert.Equal(2, ended.ExitCode);
        Assert.Contains("has no questions to compare on. Name a run among the models, give --data questions.jsonl", ended.Error, StringComparison.Ordinal);
    }
}
