using System.Diagnostics;
using DistillForge.Core;

namespace DistillForge.Runs.Benches;

/// <summary>Measures several things in turns, again and again, and takes medians: what disturbs the machine disturbs all of them.</summary>
static class Rounds
{
    /// <param name="limit">No further round begins after so long; null: never mind.</param>
    /// <returns>[things] medians, in their order.</returns>
    public static async Task<double[]> MedianAsync(int rounds, string what, IProgressLog log, IReadOnlyList<Func<Task<double>>> things, CancellationToken cancellationToken, TimeSpan? limit = null)
        => [.. (await AllAsync(rounds, what, log, things, cancellationToken, limit)).Select(Median)];

    /// <returns>[things][rounds], in their order; what is of one round was measured close together.</returns>
    public static async Task<IReadOnlyList<double>[]> AllAsync(int rounds, string what, IProgressLog log, IReadOnlyList<Func<Task<double>>> things, CancellationToken cancellationToken, TimeSpan? limit = null)
    {
        var seen = things.Select(_ => new List<double>()).ToArray();
        var start = Stopwatch.GetTimestamp();
        for (var round = 0; round < rounds && (round == 0 || limit is null || Stopwatch.GetElapsedTime(start) < limit); round++)
        {
            for (var turn = 0; turn < things.Count; turn++)
            {
                cancellationToken.ThrowIfCancellationRequested();
                // Forwards and backwards, so that none always comes after the same other.
                var thing = round % 2 == 0 ? turn : things.Count - 1 - turn;
                seen[thing].Add(await things[thing]());
            }

            log.Report(what, round + 1, rounds, "rounds");
        }

        return [.. seen];
    }

    public static double Median(IEnumerable<double> values)
    {
        var sorted = values.Order().ToArray();
        return sorted.Length % 2 == 1 ? sorted[sorted.Length / 2] : (sorted[(sorted.Length / 2) - 1] + sorted[sorted.Length / 2]) / 2;
    }
}
