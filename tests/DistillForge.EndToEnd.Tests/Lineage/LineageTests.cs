using System.Text.Json;
using DistillForge.Runs.Lineage;

namespace DistillForge.EndToEnd.Tests.Lineage;

/// <summary>One small run up to its filters.</summary>
public sealed class FilteredRun : IAsyncLifetime
{
    readonly Workplace work = new();

    public async Task InitializeAsync()
    {
        var ended = await Forging.RunAsync("filter", work.Recipe(count: 12), "--runs", work.Runs);
        Assert.True(ended.ExitCode == 0, ended.Error);
    }

    public Task DisposeAsync()
    {
        work.Dispose();
        return Task.CompletedTask;
    }

    public void CopyTo(string folder)
    {
        foreach (var file in Directory.GetFiles(work.Run("tiny"), "*", SearchOption.AllDirectories))
        {
            var target = Path.Combine(folder, Path.GetRelativePath(work.Run("tiny"), file));
            Directory.CreateDirectory(Path.GetDirectoryName(target)!);
            File.Copy(file, target);
        }
    }
}

/// <summary>Everything that can be asked of a run, each on a copy of its own.</summary>
public sealed class LineageTests : IClassFixture<FilteredRun>, IDisposable
{
    readonly Workplace work = new();
    readonly string run;

    public LineageTests(FilteredRun made)
    {
        run = work.Run("tiny");
        made.CopyTo(run);
    }

    public void Dispose() => work.Dispose();

    [Fact]
    public async Task A_run_verifies_until_something_is_changed()
    {
        var sound = Verification.Of(run, null, CancellationToken.None);
        Assert.Empty(sound.Changes);
        Assert.True(sound is { Entries: >= 4, Files: >= 6 }, $"{sound.Entries} entries, {sound.Files} files");
        Assert.Empty(Verification.Of(run, sound.Head, CancellationToken.None).Changes);

        await ChangedAsync(Path.Combine(run, "curated.parquet"), bytes => bytes[^9] ^= 1, "curated.parquet");
        await ChangedAsync(Path.Combine(run, "manifests", "filter.json"), bytes => bytes[^3] = (byte)' ', "manifests/filter.json");
        var ledger = Path.Combine(run, RunLedger.FileName);
        await ChangedAsync(ledger, bytes => bytes[Array.IndexOf(bytes, (byte)'2')] = (byte)'3', RunLedger.FileName);
        await ChangedAsync(ledger, WithoutLine(0), RunLedger.FileName);
        await ChangedAsync(ledger, WithoutLine(^1), RunLedger.FileName);
        await ChangedAsync(ledger, text => string.Join('\n', [.. Lines(text)[1..2], .. Lines(text)[..1], .. Lines(text)[2..]]) + "\n", RunLedger.FileName);

        var cli = await Forging.RunAsync("verify", run);
        Assert.Equal((0, true), (cli.ExitCode, cli.Output.Contains("nothing changed", StringComparison.Ordinal)));
        File.Delete(Path.Combine(run, "verdicts.parquet"));
        Assert.Equal(2, (await Forging.RunAsync("verify", run)).ExitCode);
    }

    [Fact]
    public void An_interrupted_line_is_cut_off_and_told_and_the_chain_goes_on()
    {
        var ledger = Path.Combine(run, RunLedger.FileName);
        File.AppendAllText(ledger, """{"number":99,"ti""");

        RunLedger.Append(run, DateTimeOffset.UnixEpoch, "filter", Sha256.OfFile(Path.Combine(run, "manifests", "filter.json")), new Dictionary<string, double>());

        Assert.Empty(Verification.Of(run, null, CancellationToken.None).Changes);
        var repair = RunLedger.Parse(Lines(File.ReadAllText(ledger))[^2])!;
        Assert.Equal(("repair", 16), (repair.Kind, (int)repair.Figures["bytes_cut_off"]));
    }

    [Fact]
    public async Task A_row_tells_its_story()
    {
        var id = JsonDocument.Parse((await ExportAsync("trl"))[0]).RootElement.GetProperty("prompt")[0].GetProperty("content").GetString()!;
        var rows = await Forging.RunAsync("sql", "select id from curated", "--run", run);
        var row = rows.Output.Split('\n')[1].Trim();

        var told = await Forging.RunAsync("why", row[..16], "--run", run);
        var json = await RowStory.TellAsync(row, run, CancellationToken.None);

        Assert.True(told.ExitCode == 0, told.Error);
        Assert.NotEmpty(id);
        Assert.Contains(row, told.Output, StringComparison.Ordinal);
        Assert.Contains(json.Example!.Text, told.Output, StringComparison.Ordinal);
        Assert.Contains("curated: it may be trained on", told.Output, StringComparison.Ordinal);
        Assert.NotEmpty(json.Verdicts);
        Assert.Contains("license Apache-2.0", told.Output, StringComparison.Ordinal);
        Assert.Equal(2, (await Forging.RunAsync("why", "000000000000", "--run", run)).ExitCode);
        Assert.Equal(row, JsonDocument.Parse(json.ToJson()).RootElement.GetProperty("id").GetString());
    }

    [Fact]
    public async Task Every_shape_holds_every_curated_row()
    {
        var trl = (await ExportAsync("trl")).Select(line => JsonDocument.Parse(line).RootElement).ToList();
        var messages = (await ExportAsync("messages")).Select(line => JsonDocument.Parse(line).RootElement).ToList();
        var sharegpt = (await ExportAsync("sharegpt")).Select(line => JsonDocument.Parse(line).RootElement).ToList();
        var alpaca = (await ExportAsync("alpaca")).Select(line => JsonDocument.Parse(line).RootElement).ToList();

        Assert.NotEmpty(trl);
        for (var i = 0; i < trl.Count; i++)
        {
            var (asked, said) = (Last(trl[i], "prompt", "content"), Last(trl[i], "completion", "content"));
            var turns = messages[i].GetProperty("messages").EnumerateArray().ToList();
            Assert.Equal(["user", "assistant"], turns.TakeLast(2).Select(turn => turn.GetProperty("role").GetString()));
            Assert.Equal([asked, said], turns.TakeLast(2).Select(turn => turn.GetProperty("content").GetString()));
            Assert.Equal(("gpt", said), (Last(sharegpt[i], "conversations", "from"), Last(sharegpt[i], "conversations", "value")));
            Assert.Equal((asked, said), (alpaca[i].GetProperty("instruction").GetString(), alpaca[i].GetProperty("output").GetString()));
        }

        // Four files went out with every row: the ledger knows, and whoever asks about a row is told.
        var id = (await DistillForge.Data.Sql.QueryAsync("select id from curated", run, CancellationToken.None)).Rows[0][0]!;
        var story = await RowStory.TellAsync(id, run, CancellationToken.None);
        Assert.Equal(["trl", "messages", "sharegpt", "alpaca"], story.Exports.Select(export => export.Shape));
        Assert.All(story.Exports, export => Assert.Equal(("Ada", trl.Count, Sha256.OfFile(export.Path)), (export.By, (int)export.Rows, export.Sha256)));
        Assert.Equal(4, (await Takedown.PlanAsync(run, new TakedownSearch([id]), CancellationToken.None)).Exports.Count);
        Assert.Empty(ExportLog.Holding(run, new HashSet<string> { "no such row" }));
        Assert.Empty(Verification.Of(run, null, CancellationToken.None).Changes);
        await ChangedAsync(Path.Combine(run, ExportLog.FolderName, "0002.ids"), bytes => bytes[3] = (byte)'x', "exports/0002.ids");

        var unknown = await Forging.RunAsync("export", run, "--format", "xml", "--out", work.Run("x.jsonl"));
        Assert.Equal(2, unknown.ExitCode);
        Assert.Equal(4, ExportLog.Files(RunLedger.Entries(run)).Count);
        Assert.Contains("sharegpt", unknown.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_dataset_has_a_card_that_the_hub_reads_Croissant_metadata_and_a_summary()
    {
        var folder = Path.Combine(run, "dataset");
        var card = await File.ReadAllTextAsync(Path.Combine(folder, "README.md"));
        var croissant = JsonDocument.Parse(await File.ReadAllTextAsync(Path.Combine(folder, "croissant.json"))).RootElement;
        var kept = (int)DistillForge.Data.Manifest.TryRead(run, "filter")!.Figures["kept"];

        var front = new YamlDotNet.Serialization.Deserializer().Deserialize<Dictionary<string, object>>(card.Split("---\n")[1]);
        var facts = (Dictionary<object, object>)front["dataset_info"];
        Assert.Equal("apache-2.0", front["license"]);
        Assert.Contains("synthetic", (List<object>)front["tags"]);
        Assert.Equal((await DistillForge.Data.Sql.QueryAsync("select column_name from (describe select * from curated)", run, CancellationToken.None)).Rows.Select(row => row[0]!), ((List<object>)facts["features"]).Select(feature => (string)((Dictionary<object, object>)feature)["name"]));
        Assert.Equal($"{kept}", ((Dictionary<object, object>)((List<object>)facts["splits"])[0])["num_examples"]);

        var file = croissant.GetProperty("distribution")[0];
        Assert.Equal(("cr:FileObject", "application/x-parquet", Sha256.OfFile(Path.Combine(folder, file.GetProperty("contentUrl").GetString()!))), (file.GetProperty("@type").GetString(), file.GetProperty("encodingFormat").GetString(), file.GetProperty("sha256").GetString()));

        var summary = await File.ReadAllTextAsync(Path.Combine(folder, "GOVERNANCE.md"));
        Assert.All(["## Teachers and terms", "| yes |", "## Filters of the policy", "## People", "## Personal data", "## Gaps", "no person looked at any row"], part => Assert.Contains(part, summary, StringComparison.Ordinal));

        // Beside an export as well, but never over somebody's own README.
        var target = work.Run("out/rows.jsonl");
        Assert.True((await CuratedExport.WriteAsync(run, "sharegpt", target, "Ada", TimeProvider.System, CancellationToken.None)).HasCard);
        Assert.Contains("\"name\": \"Ada\"", await File.ReadAllTextAsync(work.Run("out/croissant.json")), StringComparison.Ordinal);
        await File.WriteAllTextAsync(work.Run("out/README.md"), "mine");
        Assert.False((await CuratedExport.WriteAsync(run, "sharegpt", target, "Ada", TimeProvider.System, CancellationToken.None)).HasCard);
        Assert.Equal("mine", await File.ReadAllTextAsync(work.Run("out/README.md")));
    }

    [NodeFact]
    public async Task Croissant_metadata_say_what_the_specification_knows_and_what_is_in_the_files()
    {
        List<string> folders = [Path.Combine(run, "dataset")];
        foreach (var (format, ending) in new[] { ("trl", "jsonl"), ("alpaca", "parquet"), ("messages", "csv") })
        {
            await CuratedExport.WriteAsync(run, format, work.Run(format, $"rows.{ending}"), "Ada", TimeProvider.System, CancellationToken.None);
            folders.Add(work.Run(format));
        }

        var right = await File.ReadAllTextAsync(Path.Combine(folders[0], "croissant.json"));
        var (field, wrongs) = (right.IndexOf("\"subField\": [", StringComparison.Ordinal), new List<string>());
        Assert.True(field > 0);
        foreach (var wrong in new[] { right.Insert(field + 4, "s"), right.Replace("\"sha256\"", "\"sha265\"", StringComparison.Ordinal), right.Replace("sc:Organization", "sc:Thing", StringComparison.Ordinal), right.Replace("\"@id\": \"../curated.parquet\",", "\"@id\": \"x\",", StringComparison.Ordinal) })
        {
            wrongs.Add(work.File($"wrong{wrongs.Count}.json", wrong));
        }

        var read = await Node.RunAsync(["jsonld", .. folders.Select(folder => Path.Combine(folder, "croissant.json")), .. wrongs]);

        Assert.Equal(folders.Count + 4, read.Count);
        Assert.All(read.Skip(folders.Count), one => Assert.NotEmpty(CroissantRules.Problems(one.GetProperty("nodes"))));
        foreach (var (folder, nodes) in folders.Zip(read.Select(one => one.GetProperty("nodes"))))
        {
            Assert.Empty(CroissantRules.Problems(nodes));
            var file = nodes[0].GetProperty("https://schema.org/distribution")[0];
            var path = Path.Combine(folder, CroissantRules.Text(file.GetProperty("https://schema.org/contentUrl")));
            Assert.Equal((Sha256.OfFile(path), $"{new FileInfo(path).Length} B"), (CroissantRules.Text(file.GetProperty("https://schema.org/sha256")), CroissantRules.Text(file.GetProperty("https://schema.org/contentSize"))));
            var row = (await Node.RunAsync(["rows", path]))[0].GetProperty("rows")[0];
            var columns = CroissantRules.Columns(nodes[0]).ToList();
            Assert.Equal(row.EnumerateObject().Select(column => column.Name), columns.Select(column => column.Column).Distinct());
            Assert.All(columns.Where(column => column.Inner is not null), column => Assert.True(row.GetProperty(column.Column)[0].TryGetProperty(column.Inner!, out _), $"{column}"));
        }
    }

    async Task<string[]> ExportAsync(string format)
    {
        var target = work.Run($"{format}.jsonl");
        await CuratedExport.WriteAsync(run, format, target, "Ada", TimeProvider.System, CancellationToken.None);
        return await File.ReadAllLinesAsync(target);
    }

    async Task ChangedAsync(string path, Action<byte[]> change, string where)
    {
        var before = await File.ReadAllBytesAsync(path);
        var bytes = (byte[])before.Clone();
        change(bytes);
        await CheckAsync(path, before, bytes, where);
    }

    async Task ChangedAsync(string path, Func<string, string> change, string where)
    {
        var before = await File.ReadAllBytesAsync(path);
        await CheckAsync(path, before, System.Text.Encoding.UTF8.GetBytes(change(System.Text.Encoding.UTF8.GetString(before))), where);
    }

    async Task CheckAsync(string path, byte[] before, byte[] after, string where)
    {
        Assert.NotEqual(before, after);
        await File.WriteAllBytesAsync(path, after);
        Assert.Contains(Verification.Of(run, null, CancellationToken.None).Changes, change => change.Where == where);
        await File.WriteAllBytesAsync(path, before);
        Assert.Empty(Verification.Of(run, null, CancellationToken.None).Changes);
    }

    static string? Last(JsonElement row, string list, string field) => row.GetProperty(list).EnumerateArray().Last().GetProperty(field).GetString();

    static Func<string, string> WithoutLine(Index index) => text =>
    {
        var lines = Lines(text).ToList();
        lines.RemoveAt(index.GetOffset(lines.Count));
        return string.Join('\n', lines) + "\n";
    };

    static string[] Lines(string text) => text.Split('\n', StringSplitOptions.RemoveEmptyEntries);
}
