using System.Text.Json;

namespace DistillForge.EndToEnd.Tests;

public class BenchTests
{
    [Theory]
    [InlineData("generate", "tokens/s", "higher")]
    [InlineData("capture", "µs CPU/token", "lower")]
    [InlineData("prefix", "prompt tokens/s", "higher")]
    [InlineData("score", "tokens/s", "higher")]
    public async Task A_bench_prints_one_json_object_with_a_ratio(string name, string unit, string better)
    {
        var ended = await Forging.RunAsync("bench", name, "--make", "1m-2k", "--tokens", "8", "--rounds", "1", "--threads", "1", "--json");

        Assert.True(ended.ExitCode == 0, ended.Error);
        var json = JsonDocument.Parse(ended.Output).RootElement;
        Assert.Equal((name, unit, better), (json.GetProperty("name").GetString(), json.GetProperty("unit").GetString(), json.GetProperty("better").GetString()));
        Assert.InRange(json.GetProperty("ratio").GetDouble(), 0.01, 100);
        Assert.NotEmpty(json.GetProperty("reference").GetString()!);
        Assert.True(json.GetProperty("machine").GetProperty("cores").GetInt32() > 0);
        Assert.All(json.GetProperty("details").EnumerateArray(), detail => Assert.NotEmpty(detail.GetProperty("name").GetString()!));
    }

    [Fact]
    public async Task The_server_is_measured_under_every_load()
    {
        var ended = await Forging.RunAsync("bench", "serve", "--make", "1m-2k", "--tokens", "2", "--rounds", "1", "--threads", "1", "--parallel", "8", "--json");

        Assert.True(ended.ExitCode == 0, ended.Error);
        var json = JsonDocument.Parse(ended.Output).RootElement;
        var figures = json.GetProperty("details").EnumerateArray().Prepend(json).ToList();
        Assert.Equal(10, figures.Count);
        Assert.All(figures, figure => Assert.True(figure.GetProperty("unit").GetString() == "tokens/s" && figure.GetProperty("value").GetDouble() > 1, figure.ToString()));
        Assert.InRange(figures[^1].GetProperty("ratio").GetDouble(), 0.01, 100);
    }

    [Theory]
    [InlineData("sparse", "% of the gap", "top 16 + 8 tail samples")]
    [InlineData("distill", "nats/token", "forward KL")]
    public async Task A_bench_of_trainings_prints_what_each_method_reached(string name, string unit, string method)
    {
        string[] small = ["--model", Path.Combine(Home.Root, "models", "home-teacher.gguf"), "--data", Path.Combine(Home.Root, "prompts", "home.prompt.yaml"), "--prompts", "32", "--samples", "1", "--rounds", "1", "--seeds", "1", "--rates", "1e-3", "--jobs", "2", "--threads", "1"];
        var ended = await Forging.RunAsync(["bench", name, .. small, "--methods", name == "sparse" ? "top 16 + 8 tail" : "forward KL;hard labels, equal", "--json"]);

        Assert.True(ended.ExitCode == 0, ended.Error);
        var json = JsonDocument.Parse(ended.Output).RootElement;
        Assert.Equal(unit, json.GetProperty("unit").GetString());
        var found = json.GetProperty("details").EnumerateArray().Single(detail => detail.GetProperty("name").GetString() == method);
        Assert.Equal(1, found.GetProperty("details").EnumerateArray().Single(detail => detail.GetProperty("name").GetString() == "seeds").GetProperty("value").GetDouble());
        Assert.Contains($"| {method} |", ended.Error);
    }

    [Fact]
    public async Task A_device_is_compared_with_the_cpu_in_everything_that_training_computes()
    {
        var ended = await Forging.RunAsync("bench", "torch", "--device", "cpu", "--json");

        Assert.True(ended.ExitCode == 0, ended.Error);
        var json = JsonDocument.Parse(ended.Output).RootElement;
        Assert.True(json.GetProperty("value").GetInt32() == 0, ended.Error);
        Assert.InRange(json.GetProperty("details").GetArrayLength(), 80, 300);
    }

    [Fact]
    public async Task An_unknown_bench_is_the_users_to_fix_and_the_known_ones_are_named()
    {
        var ended = await Forging.RunAsync("bench", "generat");

        Assert.Equal(2, ended.ExitCode);
        Assert.Contains("Did you mean 'generate'?", ended.Error);
    }
}
