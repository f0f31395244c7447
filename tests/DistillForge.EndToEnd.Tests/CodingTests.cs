using DistillForge.Data;

namespace DistillForge.EndToEnd.Tests;

public class CodingTests
{
    [Fact]
    public async Task Random_draws_travel_from_capture_to_training_and_are_audited()
    {
        using var work = new Workplace();
        var recipe = work.Recipe();
        var text = File.ReadAllText(recipe);
        File.WriteAllText(recipe, text.Replace("top_logprobs: 8, tail_samples: 4", "random_draws: 12, draw_temperature: 2", StringComparison.Ordinal));
        Assert.NotEqual(text, File.ReadAllText(recipe));

        var trained = await Forging.RunAsync("train", recipe, "--runs", work.Runs);
        Assert.True(trained.ExitCode == 0, trained.Error);
        var draws = await Sql.QueryAsync("SELECT min(list_sum(head_draws[1].counts) / len(head_sizes)), max(list_sum(head_draws[1].counts) / len(head_sizes)), max(len(tail_samples)), max(head_draws[1].temperature) FROM traces", work.Run("tiny"), default);
        var audit = await Sql.QueryAsync("SELECT count(*), min(len(logprobs_float16)) > 1000 FROM audit", work.Run("tiny"), default);
        var inspected = await Forging.RunAsync("inspect", work.Run("tiny"));

        Assert.Equal(["12.0", "12.0", "0", "2.0"], draws.Rows.Single());
        Assert.Equal(["512", "true"], audit.Rows.Single());
        Assert.Matches(@"audit +positions 512 +ids_per_position \d", inspected.Output);
    }
}
