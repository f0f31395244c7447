using System.Diagnostics;
using System.Net.Sockets;
using DistillForge.Data;
using DistillForge.Runs;
using DistillForge.Runs.Lineage;

namespace DistillForge.EndToEnd.Tests.Lineage;

/// <summary>Rows go to people and come back, on a copy of a run.</summary>
public sealed class ReviewTests : IClassFixture<FilteredRun>, IDisposable
{
    readonly Workplace work = new();
    readonly string run;

    public ReviewTests(FilteredRun made)
    {
        run = work.Run("tiny");
        made.CopyTo(run);
    }

    public void Dispose() => work.Dispose();

    [Fact]
    public async Task Decisions_hold_when_filtering_again_and_no_teacher_is_asked_and_the_ledger_vouches_for_them()
    {
        var sheet = work.Run("sheet.csv");
        var (before, examples) = (await CuratedAsync(), File.ReadAllBytes(Directory.GetFiles(Path.Combine(run, "examples"))[0]));
        Assert.Equal(before.Count, await Review.ExportAsync(run, sheet, ReviewRows.Kept, CancellationToken.None));
        var lines = ReviewSheet.Read(sheet).ToDictionary(row => row["id"], row => row.Values.ToDictionary());
        var (gone, changed) = (before[0], before[1]);
        lines[gone.Id]["decision"] = "reject";
        (lines[changed.Id]["decision"], lines[changed.Id]["edited"], lines[changed.Id]["comment"]) = ("edit", """{"action":"edited"}""", "wrong room");
        ReviewSheet.Write(sheet, lines.Values);

        var imported = await Forging.RunAsync("review", "import", run, sheet, "--reviewer", "Ada");
        await Forge.RunAsync(new RunRequest(work.Recipe(count: 12), work.Runs, "filter"), SilentProgress.Instance, TimeProvider.System, CancellationToken.None);

        Assert.True(imported.ExitCode == 0, imported.Error);
        Assert.StartsWith("1 reject, 1 edit; ", imported.Output, StringComparison.Ordinal);
        var after = await CuratedAsync();
        Assert.Equal(before.Count - 1, after.Count);
        Assert.DoesNotContain(gone.Id, after.Select(row => row.Id));
        Assert.Contains("""{"action":"edited"}""", after.Select(row => row.Text));
        Assert.Equal(examples, File.ReadAllBytes(Directory.GetFiles(Path.Combine(run, "examples"))[0]));
        Assert.Empty(Verification.Of(run, null, CancellationToken.None).Changes);
        Assert.Contains("rejected, by Ada", string.Join('\n', (await RowStory.TellAsync(gone.Id, run, CancellationToken.None)).Lines()), StringComparison.Ordinal);
        Assert.Contains("goes on as row", string.Join('\n', (await RowStory.TellAsync(changed.Id, run, CancellationToken.None)).Lines().Last(line => line.StartsWith("outcome", StringComparison.Ordinal))), StringComparison.Ordinal);

        var file = Path.Combine(run, "decisions", "0001.jsonl");
        File.WriteAllText(file, File.ReadAllText(file).Replace("Ada", "Eve", StringComparison.Ordinal));
        Assert.Contains(Verification.Of(run, null, CancellationToken.None).Changes, change => change.Where == "decisions/0001.jsonl");
        Assert.Contains("not as it was brought in", Assert.Throws<ForgeException>(() => DecisionLog.Read(run)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_an_import_left_that_broke_off_is_no_change_and_a_takedown_takes_it_along()
    {
        var row = (await CuratedAsync())[0];
        Directory.CreateDirectory(Path.Combine(run, "decisions"));
        string[] left = ["decisions/0001.jsonl", "decisions/0001.jsonl.partial"];
        Array.ForEach(left, name => File.WriteAllText(Path.Combine(run, name), "{\"edited\":\"for Anna Meier\"}\n"));

        var found = Verification.Of(run, null, CancellationToken.None);
        await Takedown.DoAsync(run, new TakedownSearch([row.Id]), "Ada", "asked for", TimeProvider.System, CancellationToken.None);

        Assert.Empty(found.Changes);
        Assert.Equal(left, found.Left);
        Assert.Empty(Directory.GetFiles(Path.Combine(run, "decisions")));

        File.WriteAllText(Path.Combine(run, "decisions", "0007.jsonl"), "");
        Assert.Equal("decisions/0007.jsonl", Assert.Single(Verification.Of(run, null, CancellationToken.None).Changes).Where);
    }

    [Fact]
    public async Task Killed_between_the_ledgers_entry_and_its_head_however_often_it_verifies()
    {
        var head = Path.Combine(run, RunLedger.HeadName);
        var before = File.ReadAllBytes(head);
        foreach (var row in (await CuratedAsync()).Take(5))
        {
            var sheet = work.File("sheet.jsonl", $$"""{"id":"{{row.Id}}","decision":"approve","reviewer":"Ada"}""");
            await Review.ImportAsync(run, sheet, null, TimeProvider.System, CancellationToken.None);
            File.WriteAllBytes(head, before);
        }

        Assert.Empty(Verification.Of(run, null, CancellationToken.None).Changes);
    }

    [Fact]
    public async Task A_run_that_cannot_say_who_holds_its_lock_is_not_in_use_by_nobody()
    {
        File.Delete(Path.Combine(run, ".holder"));
        // Opening a socket as a file fails as a full disk does; its second name stays when the first one goes.
        using (var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified))
        {
            socket.Bind(new UnixDomainSocketEndPoint(Path.Combine(work.Path, "s")));
            Process.Start("ln", [Path.Combine(work.Path, "s"), Path.Combine(run, ".holder")]).WaitForExit();
        }

        var error = await Assert.ThrowsAsync<ForgeException>(() => Review.ImportAsync(run, work.File("sheet.jsonl", ""), "Ada", TimeProvider.System, CancellationToken.None));

        Assert.StartsWith($"{run}: cannot be written: ", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task One_wrong_row_and_nothing_is_taken()
    {
        var rows = await CuratedAsync();
        var sheet = work.File("sheet.jsonl", $$"""
            {"id":"{{rows[0].Id}}","decision":"approve","reviewer":"Ada"}
            {"id":"{{rows[1].Id}}","decision":"perhaps","reviewer":"Ada"}
            """);

        var error = await Assert.ThrowsAsync<ForgeException>(() => Review.ImportAsync(run, sheet, null, TimeProvider.System, CancellationToken.None));

        Assert.Equal(2, Assert.Single(error.Problems).Line);
        Assert.False(Directory.Exists(Path.Combine(run, "decisions")));
    }

    [Fact]
    public async Task A_file_that_comes_twice_decides_once_and_a_changed_mind_counts_again()
    {
        var id = (await CuratedAsync())[0].Id;
        async Task<int> TakenAsync(string decision) => (await Review.ImportAsync(run, work.File("sheet.jsonl", $$"""{"id":"{{id}}","decision":"{{decision}}"}"""), "Ada", TimeProvider.System, CancellationToken.None)).New.Values.Sum();

        var taken = new List<int>();
        foreach (var decision in new[] { "approve", "approve", "reject", "reject", "approve" })
        {
            taken.Add(await TakenAsync(decision));
        }

        Assert.Equal([1, 0, 1, 0, 1], taken);
    }

    Task<List<Example>> CuratedAsync() => ExamplesFile.ReadAsync([Path.Combine(run, "curated.parquet")], CancellationToken.None).ToListAsync().AsTask();
}
