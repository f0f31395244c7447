namespace DistillForge.EndToEnd.Tests;

/// <summary>What a user sees, frozen: <c>FORGE_ACCEPT=1</c> rewrites it.</summary>
public class ScreenTests
{
    [Theory]
    [InlineData("help", "--help")]
    [InlineData("help-run", "run", "--help")]
    [InlineData("help-init", "init", "--help")]
    public async Task Help_reads_as_approved(string name, params string[] arguments)
    {
        var ended = await Forging.RunAsync(arguments);

        Assert.Equal(0, ended.ExitCode);
        Golden.Check($"Screens/{name}.txt", ended.Output);
    }

    [Fact]
    public async Task Every_problem_of_a_recipe_is_on_one_screen()
    {
        using var work = new Workplace();
        var path = work.File("wrong.yaml", """
            name: wrong
            teacher: { gguf: nowhere.gguf, licence: MIT }
            prompts: { template: prompts/home.prompt.yaml, count: -3 }
            generate: { temprature: 0.7, top_logprobs: many }
            student: { architecture: lama, width: 100, heads: 3 }
            train: { losses: [ { forward-lk: { weight: 1 } } ], epochs: 2 }
            evaluate: { benchmarks: [ home-action ] }
            """);

        var ended = await Forging.RunAsync("run", path, "--runs", work.Runs);

        Assert.Equal(2, ended.ExitCode);
        Golden.Check("Screens/wrong-recipe.txt", ended.Error.Replace(work.Path, "…"));
    }

    [Fact]
    public async Task The_doctor_finds_everything_that_a_run_needs()
    {
        var ended = await Forging.RunAsync("doctor");

        Assert.True(ended.ExitCode == 0, ended.Output);
        Assert.Contains("Everything that a run needs is here.", ended.Output, StringComparison.Ordinal);
    }
}
