using DistillForge.Runs.Benches;

namespace DistillForge.EndToEnd.Tests.Benches;

public sealed class TrialTests : IDisposable
{
    readonly string folder = Directory.CreateTempSubdirectory("distillforge-trials-").FullName;

    string Results => Path.Combine(folder, "results.jsonl");

    [Fact]
    public async Task Each_method_takes_the_rate_that_does_best_on_the_tuning_rows_for_every_seed()
    {
        var done = await RunAsync((trial, _) => Figures(tuning: Math.Abs(trial.Rate - (trial.Method == "slow" ? 1 : 3)), kl: trial.Seed));

        Assert.Equal([1.0, 3.0], [done["slow"][0].Rate, done["fast"][0].Rate]);
        Assert.Equal([1L, 2L], done["slow"].Select(trial => trial.Seed));
    }

    [Fact]
    public async Task What_was_done_is_not_done_again_and_a_torn_line_is()
    {
        await RunAsync((_, _) => Figures(1, 1));
        var lines = File.ReadAllLines(Results);
        File.WriteAllText(Results, string.Join('\n', lines[..^1]) + "\n" + lines[^1][..10]);

        var again = 0;
        var done = await RunAsync((_, _) =>
        {
            Interlocked.Increment(ref again);
            return Figures(1, 1);
        });

        Assert.Equal(1, again);
        Assert.All(done.Values, trials => Assert.Equal(2, trials.Count));
        Assert.Equal(lines.Length, File.ReadAllLines(Results).Length);
    }

    [Fact]
    public async Task When_time_is_up_what_is_done_counts()
    {
        var done = await RunAsync(
            async (trial, token) =>
            {
                if (trial is { Method: "fast", Seed: 2 })
                {
                    await Task.Delay(Timeout.Infinite, token);
                }

                return await Figures(1, 1);
            },
            TimeSpan.FromSeconds(1));

        Assert.Equal([2, 1], [done["slow"].Count, done["fast"].Count]);
    }

    public void Dispose() => Directory.Delete(folder, recursive: true);

    Task<IReadOnlyDictionary<string, IReadOnlyList<Trial>>> RunAsync(TrialWork work, TimeSpan? limit = null)
        => new Trials(new TrialBook(Results), "setup", jobs: 2, limit, SilentProgress.Instance).RunAsync(["slow", "fast"], [1, 3], seeds: 2, work, CancellationToken.None);

    static Task<IReadOnlyDictionary<string, double>> Figures(double tuning, double kl)
        => Task.FromResult<IReadOnlyDictionary<string, double>>(new Dictionary<string, double> { [Trials.Tuning] = tuning, ["kl"] = kl });
}
