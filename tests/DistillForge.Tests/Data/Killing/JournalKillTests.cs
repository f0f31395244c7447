using System.Diagnostics;
using System.Globalization;
using DistillForge.Data;

namespace DistillForge.Tests.Data.Killing;

/// <summary>
/// A child process with a journal is killed again and again, by the clock and at counted system calls, and now and then its disk is full. The quick
/// form runs with the tests; <c>FORGE_KILLS=200</c> runs as many kills as it says.
/// </summary>
public sealed class JournalKillTests : IDisposable
{
    const int Rows = 400;
    const int QuickKills = 8;

    static readonly string[] Kinds = ["write", "fsync", "rename", "unlink", "any"];

    readonly Scratch scratch = new();
    readonly Dictionary<string, int> met = [];

    public void Dispose() => scratch.Dispose();

    [Fact]
    public async Task No_acknowledged_row_is_lost_or_doubled_wherever_the_process_is_killed_or_the_disk_is_full()
    {
        var wanted = Environment.GetEnvironmentVariable("FORGE_KILLS") is { Length: > 0 } given ? int.Parse(given, CultureInfo.InvariantCulture) : QuickKills;
        var faults = await BuildFaultsAsync();
        var expected = await UninterruptedAsync();
        var random = new Random(20261122);
        var (kills, campaign) = (0, 0);
        while (kills < wanted)
        {
            var folder = scratch[$"run{campaign}"];
            var list = scratch[$"acknowledged{campaign++}"];
            int exit;
            do
            {
                // A campaign that got through its kills is finished in peace.
                exit = await SessionAsync(folder, list, kills < wanted ? Fault.Draw(random, faults) : null, random.Next());
                Assert.NotEqual(JournalChild.LostARow, exit);
                kills += exit == JournalChild.Done ? 0 : 1;
            }
            while (exit != JournalChild.Done);

            Assert.Equal(expected, await ContentsAsync(folder));
            Assert.Equal(File.ReadAllLines(list).Length, File.ReadAllLines(list).Distinct().Count());
            Directory.Delete(folder, recursive: true);
        }

        Console.WriteLine($"{kills} kills in {campaign} runs: {string.Join(", ", met.OrderBy(kind => kind.Key).Select(kind => $"{kind.Key} {kind.Value}"))}");
        Assert.True(met.Keys.Count > (wanted > 100 ? 8 : 2), "kills of several kinds");
    }

    /// <param name="Kind">A system call, or <c>clock</c>.</param>
    sealed record Fault(string Kind, int At, int How, string Library)
    {
        const int Torn = 1;
        const int Full = 3;

        public static Fault Draw(Random random, string library)
        {
            var kind = random.Next(4) == 0 ? "clock" : Kinds[random.Next(Kinds.Length)];
            // Renames and deletions are few, writes many; the clock is read in milliseconds from the opening on.
            var at = kind is "rename" or "unlink" ? random.Next(1, 12) : kind == "clock" ? random.Next(0, 250) : random.Next(1, 90);
            return new Fault(kind, at, kind == "write" && random.Next(5) == 0 ? Full : random.Next(3), library);
        }

        public override string ToString() => How == Full ? "disk full" : Kind == "clock" ? Kind : $"{Kind} {(How == 0 ? "before" : How == Torn && Kind is "write" or "any" ? "torn" : "after")}";
    }

    async Task<int> SessionAsync(string folder, string list, Fault? fault, int seed)
    {
        Directory.CreateDirectory(folder);
        var start = new ProcessStartInfo("dotnet", [typeof(JournalChild).Assembly.Location, "journal", folder, list, $"{Rows}", $"{seed % 1000}"]) { UseShellExecute = false, RedirectStandardOutput = true, RedirectStandardError = true };
        if (fault is { Kind: not "clock" })
        {
            start.Environment["LD_PRELOAD"] = fault.Library;
            start.Environment["FAULT_FOLDER"] = folder;
            start.Environment["FAULT_KIND"] = fault.Kind;
            start.Environment["FAULT_AT"] = $"{fault.At}";
            start.Environment["FAULT_HOW"] = $"{fault.How}";
        }

        using var process = Process.Start(start)!;
        if (fault is { Kind: "clock" })
        {
            await process.StandardOutput.ReadLineAsync();
            await Task.Delay(fault.At);
            process.Kill();
        }

        var said = await process.StandardError.ReadToEndAsync();
        await process.WaitForExitAsync();
        var isKilled = process.ExitCode == 128 + 9;
        Assert.True(isKilled || process.ExitCode is JournalChild.Done or JournalChild.DiskFull, $"{fault}: exit code {process.ExitCode}\n{said}");
        Assert.True(process.ExitCode != JournalChild.DiskFull || said.Contains("the disk is full", StringComparison.Ordinal), said);
        if (fault is not null && process.ExitCode != JournalChild.Done)
        {
            met[$"{fault}"] = met.GetValueOrDefault($"{fault}") + 1;
        }

        return process.ExitCode;
    }

    async Task<string> UninterruptedAsync()
    {
        Assert.Equal(JournalChild.Done, await SessionAsync(scratch["peace"], scratch["peace-list"], null, 1));
        Assert.Equal(Rows, File.ReadAllLines(scratch["peace-list"]).Length);
        return await ContentsAsync(scratch["peace"]);
    }

    // Everything in the Parquet files by id, the seconds aside. Reading refuses an id that is there twice.
    static async Task<string> ContentsAsync(string folder)
    {
        Assert.Empty(Directory.EnumerateFiles(Path.Combine(folder, "journal")));
        await using var journal = await AnswerJournal.OpenAsync(folder, default);
        var shards = await journal.CompactAsync(default);
        var examples = await Some.ListAsync(new ParquetDataset(shards.Examples, shards.Traces).ReadAsync(default));
        var failures = await Some.ListAsync(FailuresFile.ReadAsync(shards.Failures, default));
        Assert.Equal(Rows, examples.Count + failures.Count);
        return Some.Text(examples.Select(example => example with { Seconds = 0 })) + Some.Text(failures.OrderBy(failure => failure.Id, StringComparer.Ordinal));
    }

    async Task<string> BuildFaultsAsync()
    {
        var library = scratch["faults.so"];
        var source = Path.Combine(Home.Root, "tests", "DistillForge.Tests", "Data", "Killing", "faults.c");
        // The set-up brings a C++ compiler for libtorch's shim; the C compiler comes with it.
        using var compiler = Process.Start(new ProcessStartInfo("gcc", ["-shared", "-fPIC", "-O1", "-o", library, source, "-ldl"]) { UseShellExecute = false, RedirectStandardError = true })!;
        var said = await compiler.StandardError.ReadToEndAsync();
        await compiler.WaitForExitAsync();
        Assert.True(compiler.ExitCode == 0, said);
        return library;
    }
}
