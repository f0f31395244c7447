using System.Text.Json;
using DistillForge.Evaluation;

namespace DistillForge.Tests;

public sealed class ScoresTests : IDisposable
{
    readonly string path = Path.Combine(Directory.CreateTempSubdirectory("forge-scores-").FullName, "scores.json");

    static readonly Scores Some = new(
        "quickstart",
        new(5_000_000, 5_400_000, 0.98, 1200),
        new(600_000, 700_000, 0.97, 4000, 0.02, 0.99, Range95.Of(Interval.Wilson(291, 300)), new Dictionary<string, double> { ["lights"] = 1 }),
        new(600_000, 700_000, 0.95, 4000, double.PositiveInfinity, 0.95),
        new Dictionary<string, string> { ["q8_0"] = "runs/quickstart/student-q8_0.gguf" },
        new(6000, 5900, 90, 10),
        new Dictionary<string, double> { ["generate"] = 60.5 },
        new(new(0.02, 0.0, 0.04), null));

    public void Dispose() => Directory.Delete(Path.GetDirectoryName(path)!, recursive: true);

    // These names are promised to whoever reads the file.
    [Fact]
    public void The_names_are_those_of_the_architecture()
    {
        using var json = JsonDocument.Parse(Some.ToJson());
        var root = json.RootElement;

        Assert.Equal(["name", "teacher", "student", "baseline", "gguf", "rows", "seconds", "comparison", "slices", "tasks", "contamination"], root.EnumerateObject().Select(property => property.Name));
        Assert.Equal(
            ["parameters", "bytes", "exact_match", "tokens_per_second", "kl_to_teacher", "top1_agreement", "exact_match_interval", "exact_match_by_category", "questions", "top5_agreement", "perplexity", "calibration_error", "same_answers", "answer_similarity", "prompt_tokens_per_second", "first_token_milliseconds", "memory_bytes"],
            root.GetProperty("student").EnumerateObject().Select(property => property.Name));
        Assert.Equal(["in", "kept", "dropped", "failed"], root.GetProperty("rows").EnumerateObject().Select(property => property.Name));
        Assert.Equal("runs/quickstart/student-q8_0.gguf", root.GetProperty("gguf").GetProperty("q8_0").GetString());
        Assert.Equal(60.5, root.GetProperty("seconds").GetProperty("generate").GetDouble());
    }

    [Fact]
    public void What_is_written_is_read_again()
    {
        Some.Write(path);

        Assert.Equal(Some.ToJson(), Scores.Read(path).ToJson());
        Assert.Single(Directory.GetFiles(Path.GetDirectoryName(path)!));
    }

    [Theory]
    [InlineData("")]
    [InlineData("{}")]
    [InlineData("[1]")]
    public void A_broken_file_is_named(string content)
    {
        File.WriteAllText(path, content);

        Assert.Contains(path, Assert.Throws<ForgeException>(() => Scores.Read(path)).Message);
    }
}
