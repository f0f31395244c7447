using System.Text.Json;
using System.Xml.Linq;
using DistillForge.Runs.Sweeps;

namespace DistillForge.EndToEnd.Tests;

public sealed class SweepTests
{
    [Fact]
    public async Task The_best_of_a_sweep_is_the_runs_student_nothing_is_trained_twice_and_who_diverges_ends_alone()
    {
        using var work = new Workplace();
        string Recipe(string rates, string more = "") => $$"""
            name: swept
            seed: 3
            dataset: { template: prompts/home.prompt.yaml, count: 150 }
            student: { layers: 1, width: 32, heads: 2, vocabulary: { train: 300 } }
            train: { epochs: 2, tokens_per_batch: 512, validation: 0.1, losses: [ { cross-entropy: { label_smoothing: 0 } } ] }
            sweep: { values: { train.learning_rate: [ {{rates}} ], train.losses.cross-entropy.label_smoothing: [ 0, 0.3 ]{{more}} } }
            """;
        var recipe = work.File("swept.yaml", Recipe("1e-5, 8e-3"));

        var first = await Forging.RunAsync("train", recipe, "--runs", work.Runs);
        Assert.True(first.ExitCode == 0, first.Error);
        using var sweep = JsonDocument.Parse(await File.ReadAllBytesAsync(work.Run("swept", "sweep", "sweep.json")));
        var students = sweep.RootElement.GetProperty("students").EnumerateArray().ToList();
        var best = students.MinBy(student => student.GetProperty("measure").GetDouble());
        work.File("swept.yaml", Recipe("1e-5, 8e-3", ", train.losses.cross-entropy.weight: [ 1, 1e38 ]"));
        var second = await Forging.RunAsync("train", recipe, "--runs", work.Runs);

        Assert.Equal(["1e-5 0", "1e-5 0.3", "8e-3 0", "8e-3 0.3"], students.Select(student => string.Join(' ', student.GetProperty("values").EnumerateObject().Select(value => value.Value.GetString()))));
        Assert.Equal(best.GetProperty("id").GetString(), sweep.RootElement.GetProperty("best").GetString());
        Assert.StartsWith("8e-3", best.GetProperty("values").GetProperty("train.learning_rate").GetString(), StringComparison.Ordinal);
        Assert.Equal(File.ReadAllBytes(work.Run("swept", "sweep", best.GetProperty("id").GetString()!, "checkpoint", "model.safetensors")), File.ReadAllBytes(work.Run("swept", "checkpoint", "model.safetensors")));
        Assert.Contains("kept", first.Error, StringComparison.Ordinal);
        Assert.Contains("learning_rate  cross-entropy.label_smoothing  held-out  at step", first.Error, StringComparison.Ordinal);
        Assert.Equal(8, XDocument.Load(work.Run("swept", "sweep", "sweep.svg")).Descendants().Count(element => element.Name.LocalName == "polyline"));

        Assert.True(second.ExitCode == 0, second.Error);
        Assert.Equal(4, Trained(first.Error));
        Assert.Equal(4, Trained(second.Error));
        Assert.Equal(4, second.Error.Split('\n').Count(line => line.EndsWith("  diverged", StringComparison.Ordinal)));
        using var again = JsonDocument.Parse(await File.ReadAllBytesAsync(work.Run("swept", "sweep", "sweep.json")));
        Assert.Equal(best.GetProperty("id").GetString(), again.RootElement.GetProperty("best").GetString());
    }

    [Theory]
    [InlineData(3, 10, 2.5, true)]
    [InlineData(3, 10, 1.9, false)]
    [InlineData(2, 10, 9.0, false)]     // two have no median worth the name
    [InlineData(3, 30, 9.0, false)]     // nobody came so far
    [InlineData(3, 20, 1.9, true)]      // their best so far counts: 1, 1.5 and 3
    public void A_student_is_given_up_that_is_worse_than_half_of_those_before_it(int before, long step, double best, bool given)
    {
        SweepResult[] results = [.. new[] { (2.0, 1.5), (1.0, 4.0), (3.0, 3.0) }.Take(before).Select((at, i) => new SweepResult($"{i}", new Dictionary<string, string>(), 0, 0, 20, 1, null, [new(10, at.Item1), new(20, at.Item2)]))];

        Assert.Equal(given, Median.WhyStop(step, best, results, enough: 3) is not null);
    }

    [Fact]
    public void A_student_given_up_at_its_first_measurement_is_seen_in_the_plot_and_one_that_diverged_is_named()
    {
        SweepResult Of(string id, double measure, string? ended, params SweepPoint[] points) => new(id, new Dictionary<string, string> { ["train.learning_rate"] = id }, measure, 5, 5, 1, ended, points);
        SweepResult[] results = [Of("1e-3", 1, null, new(5, 2), new(10, 1)), Of("1e-2", 3, "worse than half of the students before it", new SweepPoint(5, 3)), Of("1", double.PositiveInfinity, "diverged")];

        var drawn = XDocument.Parse(SweepPlot.Draw(results, results[0])).Descendants().ToList();

        Assert.Equal(2, drawn.Count(element => element.Name.LocalName == "circle"));
        Assert.Contains("train.learning_rate 1: diverged", drawn.Select(element => element.Value));
    }

    static int Trained(string messages) => messages.Split('\n').Count(line => line.Contains("what is trained in", StringComparison.Ordinal));
}
