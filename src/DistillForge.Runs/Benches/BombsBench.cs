using System.Diagnostics;
using DistillForge.Core;

namespace DistillForge.Runs.Benches;

/// <summary>How long hostile inputs take to be refused, and in how much memory.</summary>
[Component("bombs")]
sealed class BombsBench : IBench
{
    public string Purpose => $"{Bombs.All.Count} hostile inputs: seconds and memory until each is refused, and files where none belong";

    public async Task<Measurement> MeasureAsync(BenchRequest request, IProgressLog log, CancellationToken cancellationToken)
    {
        // Once for the libraries: a bomb is not charged for loading them.
        await DefuseAsync(Bombs.All[^1]);
        var measured = new List<Measurement>();
        foreach (var bomb in Bombs.All)
        {
            cancellationToken.ThrowIfCancellationRequested();
            GC.Collect();
            using var process = Process.GetCurrentProcess();
            var (resident, allocated, start) = (process.WorkingSet64, GC.GetTotalAllocatedBytes(), Stopwatch.GetTimestamp());
            var (told, strays, most) = await DefuseAsync(bomb, resident);
            var seconds = Stopwatch.GetElapsedTime(start).TotalSeconds;
            if (told is null || !told.Contains(bomb.Refused, StringComparison.Ordinal) || strays > 0)
            {
                log.Say($"{bomb.Name}: {(strays > 0 ? $"{strays} files outside; " : "")}{(told is null ? "not refused" : $"refused otherwise: {told}")}");
            }

            measured.Add(new Measurement(bomb.Name, Math.Round(seconds, 3), "s", Better.Lower, "asked for: below 1", seconds)
            {
                Details =
                [
                    new("memory", Math.Round(most / 1e6, 1), "MB more resident", Better.Lower, "asked for: below 256", most / 256e6),
                    new("allocated", Math.Round((GC.GetTotalAllocatedBytes() - allocated) / 1e6, 1), "MB", Better.Lower),
                    new("refused", told?.Contains(bomb.Refused, StringComparison.Ordinal) == true ? 1 : 0, "clearly", Better.Higher),
                    new("strays", strays, "files outside", Better.Lower),
                ],
            });
        }

        return new Measurement("bombs", measured.Max(bomb => bomb.Value), "s, the slowest", Better.Lower, "asked for: below 1", measured.Max(bomb => bomb.Value)) { Details = measured };
    }

    static Task<(string? Told, int Strays, long Most)> DefuseAsync(Bomb bomb) => DefuseAsync(bomb, 0);

    /// <param name="resident">Bytes before.</param>
    static async Task<(string? Told, int Strays, long Most)> DefuseAsync(Bomb bomb, long resident)
    {
        using var place = new BombPlace();
        using var ended = new CancellationTokenSource();
        var watching = Task.Run(() => WatchAsync(resident, ended.Token), CancellationToken.None);
        string? told = null;
        try
        {
            await bomb.Explode(place);
        }
        catch (ForgeException refused) when (refused.ExitCode == ExitCode.UserCanFix)
        {
            told = refused.Message;
        }

        catch (Exception bug) when (bug is not OperationCanceledException)
        {
            told = $"{bug.GetType().Name}: {bug.Message}";
        }

        await ended.CancelAsync();
        return (told, place.Strays.Count, await watching);
    }

    // The process's memory, a hundred times a second.
    static async Task<long> WatchAsync(long resident, CancellationToken ended)
    {
        var most = 0L;
        while (!ended.IsCancellationRequested)
        {
            most = Math.Max(most, Environment.WorkingSet - resident);
            await Task.Delay(10, CancellationToken.None);
        }

        return Math.Max(most, Environment.WorkingSet - resident);
    }
}
