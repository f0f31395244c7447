using System.Diagnostics;
using System.Runtime.InteropServices;

namespace DistillForge.EndToEnd.Tests;

public partial class InterruptTests
{
    const int SigInt = 2;
    const int SigKill = 9;

    [Theory]
    [InlineData(SigInt)]
    [InlineData(SigKill)]
    public async Task A_run_that_is_stopped_goes_on_without_losing_a_row_or_asking_twice(int signal)
    {
        using var work = new Workplace();
        var recipe = work.Recipe(count: 1500);
        using var process = Forging.Start("generate", recipe, "--runs", work.Runs);
        var errors = process.StandardError;
        while (await errors.ReadLineAsync() is { } line && !line.Contains("generate   ", StringComparison.Ordinal))
        {
        }

        // Some rows are on the disk by now, most are not.
        await Task.Delay(300);
        var since = Stopwatch.GetTimestamp();
        Assert.Equal(0, Kill(process.Id, signal));
        await process.WaitForExitAsync();
        var waited = Stopwatch.GetElapsedTime(since);
        var again = await Forging.RunAsync("generate", recipe, "--runs", work.Runs);
        var count = await Forging.RunAsync("sql", "select count(*) n, count(distinct id) d from examples", "--run", work.Run("tiny"));

        Assert.Equal(signal == SigInt ? 130 : 137, process.ExitCode);
        Assert.True(waited < TimeSpan.FromSeconds(2), $"it took {waited}");
        Assert.True(again.ExitCode == 0, again.Error);
        Assert.Contains("of 1,500 rows are answered already", again.Error, StringComparison.Ordinal);
        Assert.Contains("1500\t1500", count.Output, StringComparison.Ordinal);
    }

    [LibraryImport("libc", EntryPoint = "kill", SetLastError = true)]
    private static partial int Kill(int process, int signal);
}
