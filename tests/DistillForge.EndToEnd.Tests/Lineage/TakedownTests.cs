using System.Text.Json;
using DistillForge.Data;
using DistillForge.Runs;
using DistillForge.Runs.Lineage;

namespace DistillForge.EndToEnd.Tests.Lineage;

/// <summary>Rows go, and what stays adds up.</summary>
public sealed class TakedownTests : IClassFixture<FilteredRun>, IDisposable
{
    readonly Workplace work = new();
    readonly string run;

    public TakedownTests(FilteredRun made)
    {
        run = work.Run("tiny");
        made.CopyTo(run);
    }

    public void Dispose() => work.Dispose();

    [Fact]
    public async Task A_row_is_gone_from_every_file_counts_balance_verify_passes_and_it_does_not_come_back()
    {
        var row = (await RowsAsync("curated.parquet"))[0];
        var sheet = work.File("sheet.jsonl", $$"""{"id":"{{row.Id}}","decision":"edit","edited":"something else","reviewer":"Ada"}""");
        await Review.ImportAsync(run, sheet, null, TimeProvider.System, CancellationToken.None);
        await ForgeAsync(work.Recipe(count: 12));
        var derived = (await RowsAsync("curated.parquet")).Single(other => other.Text == "something else").Id;

        var shown = await Forging.RunAsync("takedown", run, "--id", row.Id[..12]);
        var gone = await Takedown.DoAsync(run, new TakedownSearch([row.Id[..12]]), "Ada", "asked for", TimeProvider.System, CancellationToken.None);

        Assert.True(shown.ExitCode == 0, shown.Error);
        Assert.Contains("nothing was removed", shown.Output, StringComparison.Ordinal);
        Assert.Equal(["audit.parquet", "curated.parquet", "decisions/0001.jsonl", "examples/000001.parquet", "failures.parquet", "prompts.parquet", "traces/000001.parquet", "verdicts.parquet"], gone.Removed.Keys.Order(StringComparer.Ordinal));
        foreach (var (view, column) in new[] { ("examples", "id"), ("traces", "id"), ("verdicts", "id"), ("curated", "id") })
        {
            Assert.Equal("0", (await Sql.QueryAsync($"select count(*) from {view} where {column} in ('{row.Id}', '{derived}')", run, CancellationToken.None)).Rows[0][0]);
        }

        Assert.DoesNotContain("something else", File.ReadAllText(Path.Combine(run, "decisions", "0001.jsonl")), StringComparison.Ordinal);
        Assert.Empty(Verification.Of(run, null, CancellationToken.None).Changes);
        Assert.Contains("taken-down: by Ada", string.Join('\n', (await RowStory.TellAsync(row.Id, run, CancellationToken.None)).Lines()), StringComparison.Ordinal);

        await ForgeAsync(work.Recipe(count: 12));
        var figures = Manifest.TryRead(run, "generate")!.Figures;
        Assert.Equal((12, 11, 1), (figures["prompts"], figures["examples"], figures["failures"]));
        Assert.Empty(Verification.Of(run, null, CancellationToken.None).Changes);

        // Another capture makes other ids of the same questions: the question is known again, and nobody is asked.
        await ForgeAsync(work.Recipe(count: 12, topLogprobs: 9));
        figures = Manifest.TryRead(run, "generate")!.Figures;
        Assert.Equal((12, 11, 1), (figures["prompts"], figures["examples"], figures["failures"]));
        Assert.DoesNotContain(row.Prompt[^1].Content, (await RowsAsync("curated.parquet")).Select(other => other.Prompt[^1].Content));
    }

    [Fact]
    public async Task A_person_is_found_wherever_she_is_mentioned_and_what_was_made_of_her_rows_goes_with_them()
    {
        string[] lines = ["""{"prompt":"write to Anna Meier","completion":"mail anna.meier@example.org"}""", """{"prompt":"who is that?","completion":"ANNA MEIER, of course"}""", """{"prompt":"who is that?","completion":"nobody"}""", """{"prompt":"hello","completion":"hi"}"""];
        var policy = work.File("policy.yaml", "filters: [ redact ]");
        var recipe = work.File("people.yaml", $"name: people\ndataset: {{ jsonl: {work.File("people.jsonl", string.Join('\n', lines))} }}\nfilters: {policy}\nstudent: {{ layers: 1, width: 64, heads: 2, vocabulary: {{ train: 300 }} }}\n");
        await ForgeAsync(recipe);
        var people = work.Run("people");

        var plan = await Takedown.PlanAsync(people, new TakedownSearch([], Person: "anna meier"), CancellationToken.None);
        var done = await Takedown.DoAsync(people, new TakedownSearch([], Person: "anna meier"), "Ada", "asked for", TimeProvider.System, CancellationToken.None);

        Assert.Equal(3, plan.Rows.Count);
        Assert.Equal((3, 3), (done.Removed["examples/0.parquet"], done.Removed["curated.parquet"]));
        Assert.Empty(Verification.Of(people, null, CancellationToken.None).Changes);
        Assert.DoesNotContain("Meier", string.Concat(Directory.GetFiles(people, "*.json*", SearchOption.AllDirectories).Select(File.ReadAllText)), StringComparison.OrdinalIgnoreCase);

        await ForgeAsync(recipe);
        var figures = Manifest.TryRead(people, "dataset")!.Figures;
        Assert.Equal((1, 3), (figures["examples"], figures["taken_down"]));
        Assert.Equal("hi", Assert.Single(await ExamplesFile.ReadAsync([Path.Combine(people, "curated.parquet")], CancellationToken.None).ToListAsync()).Text);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(2)]
    public async Task Killed_between_its_steps_it_is_finished_by_the_same_command_and_nothing_else_is_done_before(int steps)
    {
        var row = (await RowsAsync("curated.parquet"))[0];
        var record = new TakedownRecord("Ada", "asked for", DateTimeOffset.UnixEpoch, "id", [new Tombstone(row.Id, Tombstone.QuestionOf(row.Prompt))], new Dictionary<string, string>());
        Directory.CreateDirectory(Path.Combine(run, Tombstones.FolderName));
        Tombstones.Write(Path.Combine(run, Tombstones.FolderName, "pending.json"), record);
        if (steps > 0)
        {
            await ParquetRows.RemoveAsync(Path.Combine(run, "curated.parquet"), [row.Id], CancellationToken.None);
            await ParquetRows.RemoveAsync(Path.Combine(run, "examples", "000001.parquet"), [row.Id], CancellationToken.None);
        }

        if (steps > 1)
        {
            // All but the ledger's entry and the end.
            var removal = new TakedownRemoval(run, record, isResumed: true);
            await removal.RemoveAsync(new HashSet<string> { row.Id }, CancellationToken.None);
            Tombstones.Write(Path.Combine(run, Tombstones.FolderName, "0001.json"), record with { Files = removal.Files() });
        }

        var found = Verification.Of(run, null, CancellationToken.None);
        Assert.Empty(found.Changes);
        Assert.Equal(steps > 0, found.Half!.Files.Contains("curated.parquet"));
        Assert.EndsWith($"a takedown of 1 row, begun on 1970-01-01 00:00:00Z by Ada (asked for), broke off. Finish it: distillforge takedown {run} --id {row.Id} --remove --by Ada --reason 'asked for'", found.Half.Problem.ToString(), StringComparison.Ordinal);
        Assert.Contains("broke off", (await Assert.ThrowsAsync<ForgeException>(() => ForgeAsync(work.Recipe(count: 12)))).Message, StringComparison.Ordinal);
        await Takedown.DoAsync(run, new TakedownSearch([row.Id]), "Ada", "asked for", TimeProvider.System, CancellationToken.None);

        Assert.Empty(Verification.Of(run, null, CancellationToken.None).Changes);
        Assert.Equal("0", (await Sql.QueryAsync($"select (select count(*) from examples where id = '{row.Id}') + (select count(*) from traces where id = '{row.Id}') + (select count(*) from curated where id = '{row.Id}') + (select count(*) from verdicts where id = '{row.Id}')", run, CancellationToken.None)).Rows[0][0]);
        Assert.Equal(["0001.json"], Directory.GetFiles(Path.Combine(run, Tombstones.FolderName)).Select(Path.GetFileName));
        Assert.Equal(row.Id, Tombstones.Of(run).Find(row.Id)?.Id);
    }

    [Theory]
    [InlineData("mistakes.jsonl")]
    [InlineData("verdicts.parquet")]
    public async Task Wherever_it_breaks_off_the_same_command_leaves_nothing_of_the_row(string stuck)
    {
        var row = (await RowsAsync("curated.parquet"))[0];
        var sheet = work.File("sheet.jsonl", $$"""{"id":"{{row.Id}}","decision":"edit","edited":"for Anna Meier","reviewer":"Ada"}""");
        await Review.ImportAsync(run, sheet, null, TimeProvider.System, CancellationToken.None);
        var mistakes = Path.Combine(run, "mistakes.jsonl");
        File.WriteAllText(mistakes, JsonSerializer.Serialize(new { question = row.Prompt[^1].Content }) + "\n");
        // A folder where the new file is to be written: as good as a full disk.
        Directory.CreateDirectory(Path.Combine(run, stuck + ".partial"));

        var broken = await Forging.RunAsync("takedown", run, "--person", "anna meier", "--remove", "--by", "Ada", "--reason", "asked for");
        Directory.Delete(Path.Combine(run, stuck + ".partial"));
        var half = await Forging.RunAsync("verify", run);
        var done = await Forging.RunAsync("takedown", run, "--person", "anna meier", "--remove", "--by", "Ada", "--reason", "asked for");

        Assert.NotEqual(0, broken.ExitCode);
        Assert.Equal((2, 0), (half.ExitCode, done.ExitCode));
        Assert.Contains("nothing else changed", half.Output, StringComparison.Ordinal);
        Assert.Contains("Finish it: distillforge takedown", half.Output, StringComparison.Ordinal);
        Assert.Empty(File.ReadAllText(mistakes));
        Assert.Empty(File.ReadAllText(Path.Combine(run, "decisions", "0001.jsonl")));
        Assert.Empty(Verification.Of(run, null, CancellationToken.None).Changes);
    }

    [Theory]
    [InlineData("--person", "ab")]
    [InlineData("--id", "abc")]
    [InlineData("--id", "0123456789", "--source", "x")]
    [InlineData("--id", "0123456789", "--remove", "--by", "Ada")]
    public async Task A_takedown_that_is_not_clear_is_refused(params string[] arguments)
    {
        var search = new TakedownSearch(Given("--id") is { } id ? [id] : [], Given("--person"), Given("--source"));

        await Assert.ThrowsAsync<ForgeException>(() => Takedown.DoAsync(run, search, Given("--by") ?? "Ada", arguments.Contains("--remove") ? "" : "asked for", TimeProvider.System, CancellationToken.None));

        Assert.False(Directory.Exists(Path.Combine(run, Tombstones.FolderName)));

        string? Given(string option) => Array.IndexOf(arguments, option) is >= 0 and var at ? arguments[at + 1] : null;
    }

    [Fact]
    public async Task What_somebody_changed_is_not_hidden_by_a_takedown()
    {
        var row = (await RowsAsync("curated.parquet"))[0];
        File.AppendAllText(Path.Combine(run, "prompts.parquet"), "x");

        var error = await Assert.ThrowsAsync<ForgeException>(() => Takedown.DoAsync(run, new TakedownSearch([row.Id]), "Ada", "asked for", TimeProvider.System, CancellationToken.None));

        Assert.Contains("a takedown would hide that", error.Message, StringComparison.Ordinal);
    }

    static Task ForgeAsync(string recipe) => Forge.RunAsync(new RunRequest(recipe, Path.Combine(Path.GetDirectoryName(recipe)!, "runs"), "filter"), SilentProgress.Instance, TimeProvider.System, CancellationToken.None);

    Task<List<Example>> RowsAsync(string name) => ExamplesFile.ReadAsync([Path.Combine(run, name)], CancellationToken.None).ToListAsync().AsTask();
}
