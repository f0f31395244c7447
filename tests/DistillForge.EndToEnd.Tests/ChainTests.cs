using System.Text.Json;

namespace DistillForge.EndToEnd.Tests;

public class ChainTests
{
    [Fact]
    public async Task A_recipe_becomes_a_checked_student_and_a_second_run_does_nothing()
    {
        using var work = new Workplace();
        var recipe = work.Recipe();

        var first = await Forging.RunAsync("run", recipe, "--runs", work.Runs, "--json");
        Assert.True(first.ExitCode == 0, first.Error);
        var scores = JsonDocument.Parse(first.Output).RootElement;
        var made = Times(work);
        var second = await Forging.RunAsync("run", recipe, "--runs", work.Runs, "--json");

        Assert.Equal(0, second.ExitCode);
        Assert.Equal(made, Times(work));
        Assert.DoesNotContain("generate:", second.Error, StringComparison.Ordinal);
        Assert.Equal(120, scores.GetProperty("rows").GetProperty("in").GetInt64());
        Assert.True(scores.GetProperty("student").GetProperty("kl_to_teacher").GetDouble() > 0);
        Assert.True(scores.GetProperty("untrained").GetProperty("kl_to_teacher").GetDouble() > scores.GetProperty("student").GetProperty("kl_to_teacher").GetDouble());
        Assert.True(scores.GetProperty("student").GetProperty("memory_bytes").GetInt64() > 1_000_000);
        Assert.Equal(["student", "baseline", "untrained"], JsonDocument.Parse(File.ReadAllText(work.Run("tiny", "fidelity.json"))).RootElement.EnumerateArray().Select(model => model.GetProperty("model").GetString()));
        Assert.Contains("id=\"kl-histogram\"", File.ReadAllText(work.Run("tiny", "report.html")), StringComparison.Ordinal);
        Assert.All(["robustness", "robustness-same", "quantization-speed"], plot => Assert.Contains($"<figure id=\"{plot}\"", File.ReadAllText(work.Run("tiny", "report.html")), StringComparison.Ordinal));
        Assert.All(["was distilled from home-teacher", "## Intended use", "## Out of scope", "## Compute and energy", "## Known losses", "## Robustness"], part => Assert.Contains(part, File.ReadAllText(work.Run("tiny", "README.md")), StringComparison.Ordinal));
        var together = scores.GetProperty("robustness").EnumerateArray().First();
        Assert.Equal(("all of them", 2), (together.GetProperty("kind").GetString(), together.GetProperty("questions").GetInt32()));
        Assert.Equal(["teacher", "student", "baseline", "untrained"], together.GetProperty("models").EnumerateObject().Select(model => model.Name));
        foreach (var type in new[] { "f32", "f16", "q8_0" })
        {
            Assert.True(File.Exists(work.Run("tiny", $"tiny-{type}.gguf")), type);
        }

        Assert.Empty(Directory.GetFiles(work.Run("tiny"), "*.candidate"));
    }

    [Fact]
    public async Task Changing_a_value_of_the_training_redoes_training_but_asks_the_teacher_nothing()
    {
        using var work = new Workplace();
        Assert.Equal(0, (await Forging.RunAsync("train", work.Recipe(), "--runs", work.Runs)).ExitCode);
        var before = File.GetLastWriteTimeUtc(work.Run("tiny", "manifests", "generate.json"));

        var again = await Forging.RunAsync("train", work.Recipe(learningRate: 1e-3), "--runs", work.Runs);

        Assert.Equal(0, again.ExitCode);
        Assert.Contains("train:", again.Error, StringComparison.Ordinal);
        Assert.DoesNotContain("generate:", again.Error, StringComparison.Ordinal);
        Assert.DoesNotContain("filter:", again.Error, StringComparison.Ordinal);
        Assert.Equal(before, File.GetLastWriteTimeUtc(work.Run("tiny", "manifests", "generate.json")));
    }

    [Fact]
    public async Task Raising_the_count_asks_only_for_the_new_rows()
    {
        using var work = new Workplace();
        Assert.Equal(0, (await Forging.RunAsync("generate", work.Recipe(count: 60), "--runs", work.Runs)).ExitCode);

        var more = await Forging.RunAsync("generate", work.Recipe(count: 90), "--runs", work.Runs);

        Assert.Equal(0, more.ExitCode);
        Assert.Contains("60 of 90 rows are answered already", more.Error, StringComparison.Ordinal);
    }

    static Dictionary<string, DateTime> Times(Workplace work)
        => Directory.GetFiles(work.Run("tiny"), "*", SearchOption.AllDirectories)
            .Where(path => Path.GetFileName(path) is not ".lock" and not ".holder" and not "hashes.json")
            .ToDictionary(path => path, File.GetLastWriteTimeUtc);
}
