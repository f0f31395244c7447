using System.Text.Json;
using DistillForge.Data;
using DistillForge.Packaging;
using DistillForge.Runs.Benches;
using DistillForge.Runs.Lineage;

namespace DistillForge.EndToEnd.Tests;

public class ChainTests
{
    [NodeFact]
    public async Task A_recipe_becomes_a_checked_student_a_second_run_does_nothing_and_a_taken_row_is_gone_from_every_file()
    {
        using var work = new Workplace();
        var recipe = work.Recipe(judge: SpeedModel.Make("1m-2k", "f16", SilentProgress.Instance));

        var first = await Forging.RunAsync("run", recipe, "--runs", work.Runs, "--json");
        Assert.True(first.ExitCode == 0, first.Error);
        var scores = JsonDocument.Parse(first.Output).RootElement;
        var made = Times(work);
        var second = await Forging.RunAsync("run", recipe, "--runs", work.Runs, "--json");

        Assert.Equal(0, second.ExitCode);
        Assert.Equal(made, Times(work));
        Assert.DoesNotContain("generate:", second.Error, StringComparison.Ordinal);
        Assert.Equal(120, scores.GetProperty("rows").GetProperty("in").GetInt64());
        Assert.True(scores.GetProperty("student").GetProperty("kl_to_teacher").GetDouble() > 0);
        Assert.True(scores.GetProperty("untrained").GetProperty("kl_to_teacher").GetDouble() > scores.GetProperty("student").GetProperty("kl_to_teacher").GetDouble());
        Assert.True(scores.GetProperty("student").GetProperty("memory_bytes").GetInt64() > 1_000_000);
        Assert.Equal(["student", "baseline", "untrained"], JsonDocument.Parse(File.ReadAllText(work.Run("tiny", "fidelity.json"))).RootElement.EnumerateArray().Select(model => model.GetProperty("model").GetString()));
        Assert.Contains("id=\"kl-histogram\"", File.ReadAllText(work.Run("tiny", "report.html")), StringComparison.Ordinal);
        Assert.All(["robustness", "robustness-same", "quantization-speed"], plot => Assert.Contains($"<figure id=\"{plot}\"", File.ReadAllText(work.Run("tiny", "report.html")), StringComparison.Ordinal));
        Assert.All(["was distilled from home-teacher", "## Intended use", "## Out of scope", "## Compute and energy", "## Known losses", "## Robustness"], part => Assert.Contains(part, File.ReadAllText(work.Run("tiny", "README.md")), StringComparison.Ordinal));
        var together = scores.GetProperty("robustness").EnumerateArray().First();
        Assert.Equal(("all of them", 2), (together.GetProperty("kind").GetString(), together.GetProperty("questions").GetInt32()));
        // The untrained student is a network drawn at random: it has no answer that could change.
        Assert.Equal(["teacher", "student", "baseline"], together.GetProperty("models").EnumerateObject().Select(model => model.Name));
        foreach (var type in new[] { "f32", "f16", "q8_0", "iq4_nl" })
        {
            Assert.True(File.Exists(work.Run("tiny", $"tiny-{type}.gguf")), type);
        }

        Assert.Empty(Directory.GetFiles(work.Run("tiny"), "*.candidate"));
        // The template gives no text to both sides; how many are near each other it does not know.
        var contamination = scores.GetProperty("contamination").EnumerateArray().Single();
        Assert.Equal(("held-out", 20, 0), (contamination.GetProperty("set").GetString(), contamination.GetProperty("questions").GetInt32(), contamination.GetProperty("same").GetInt32()));
        Assert.Contains("among the prompts trained on", File.ReadAllText(work.Run("tiny", "README.md")), StringComparison.Ordinal);
        await CheckBillAsync(work, recipe);
        WinsAddUp(work, scores);
        await NothingOfATakenRowIsLeftAsync(work);
    }

    static async Task CheckBillAsync(Workplace work, string recipe)
    {
        var path = work.Run("tiny", BillOfMaterials.FileName);
        var bill = await File.ReadAllBytesAsync(path);
        var files = CycloneDx.FilesOf(path);
        Assert.Empty(new[] { "tiny-f32.gguf", "tiny-f16.gguf", "tiny-q8_0.gguf", "huggingface/model.safetensors", "README.md", "report.html", "curated.parquet", "held-out/prompts.parquet", "dataset/croissant.json" }.Except(files.Keys));
        Assert.All(files, file => Assert.Equal(Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData(File.ReadAllBytes(work.Run("tiny", file.Key)))), file.Value));
        var text = System.Text.Encoding.UTF8.GetString(bill);
        Assert.Contains(Sha256.OfFile(Path.Combine(Home.Root, "models", "home-teacher.gguf")), text, StringComparison.Ordinal);
        Assert.DoesNotContain(work.Path, text, StringComparison.Ordinal);
        Assert.DoesNotContain(Home.Root, text, StringComparison.Ordinal);
        if (Node.WhyNot is null)
        {
            var error = Assert.Single(await Node.RunAsync(["bom", path])).GetProperty("error");
            Assert.True(error.ValueKind == JsonValueKind.Null, error.ToString());
        }

        // Made again from the same run, it is the same.
        File.Delete(path);
        Assert.Equal(0, (await Forging.RunAsync("run", recipe, "--runs", work.Runs)).ExitCode);
        Assert.Equal(bill, await File.ReadAllBytesAsync(path));

        // Rows that were filtered anew are no tampering, although the bill knows the old ones; a file that nobody's stage made is.
        var (recipeText, curated) = (File.ReadAllText(recipe), await File.ReadAllBytesAsync(work.Run("tiny", "curated.parquet")));
        work.File("fewer.yaml", "include: filters/home.yaml\nfilters: [ max-length: { characters: 45 } ]");
        File.WriteAllText(recipe, recipeText.Replace("filters/home.yaml", "fewer.yaml", StringComparison.Ordinal));
        Assert.Equal(0, (await Forging.RunAsync("filter", recipe, "--runs", work.Runs)).ExitCode);
        Assert.NotEqual(curated, await File.ReadAllBytesAsync(work.Run("tiny", "curated.parquet")));
        Assert.Empty(Verification.Of(work.Run("tiny"), null, CancellationToken.None).Changes);
        File.WriteAllText(recipe, recipeText);
        Assert.Equal(0, (await Forging.RunAsync("filter", recipe, "--runs", work.Runs)).ExitCode);
        Assert.Equal(curated, await File.ReadAllBytesAsync(work.Run("tiny", "curated.parquet")));

        // A student that went elsewhere with its bill.
        var elsewhere = Directory.CreateDirectory(Path.Combine(work.Path, "elsewhere")).FullName;
        File.Copy(path, Path.Combine(elsewhere, BillOfMaterials.FileName));
        File.Copy(work.Run("tiny", "tiny-q8_0.gguf"), Path.Combine(elsewhere, "tiny-q8_0.gguf"));
        var check = BillCheck.TryOf(elsewhere, CancellationToken.None)!;
        Assert.Equal((1, 0), ((int)check.Files, check.Changes.Count));
        await using (var file = File.OpenWrite(Path.Combine(elsewhere, "tiny-q8_0.gguf")))
        {
            file.WriteByte((byte)'g');
        }

        var told = await Forging.RunAsync("verify", elsewhere);
        Assert.Equal(2, told.ExitCode);
        Assert.Contains("tiny-q8_0.gguf: is not what bom.cdx.json says", told.Output, StringComparison.Ordinal);
    }

    // Random weights: whom they prefer says nothing, that each question is asked in both orders and counted once does.
    static void WinsAddUp(Workplace work, JsonElement scores)
    {
        foreach (var model in new[] { "student", "baseline" })
        {
            var wins = scores.GetProperty(model).GetProperty("wins_against_teacher");
            int Count(string name) => wins.GetProperty(name).GetInt32();
            Assert.Equal(3, Count("wins") + Count("ties") + Count("losses") + Count("unjudged"));
            Assert.Equal((Count("wins") + (0.5 * Count("ties"))) / (3 - Count("unjudged")), wins.GetProperty("value").GetDouble(), 9);
        }

        Assert.InRange(File.ReadAllLines(Directory.GetFiles(work.Run("tiny", "judgements")).Single()).Length, 2, 12);
        Assert.Contains("wins against teacher", File.ReadAllText(work.Run("tiny", "report.html")), StringComparison.Ordinal);
        Assert.Contains("judge of the comparison", File.ReadAllText(work.Run("tiny", "README.md")), StringComparison.Ordinal);
        Assert.Contains("may train: unknown", RunLedger.Entries(work.Run("tiny")).Single(entry => entry.Stage == "evaluate").Facts!["judge"], StringComparison.Ordinal);
    }

    /// <summary>A held-out row that a judge saw and that somebody answered wrong: everything that a run writes of a row, and every file is searched.</summary>
    static async Task NothingOfATakenRowIsLeftAsync(Workplace work)
    {
        var run = work.Run("tiny");
        var judged = File.ReadAllLines(Directory.GetFiles(Path.Combine(run, "judgements")).Single()).Select(line => JsonDocument.Parse(line).RootElement.GetProperty("id").GetString()!).ToHashSet();
        var mistaken = File.ReadAllLines(Path.Combine(run, "mistakes.jsonl")).Select(line => JsonDocument.Parse(line).RootElement.GetProperty("question").GetString()!).ToHashSet();
        var held = await PromptsFile.ReadAsync([Path.Combine(run, "held-out", "prompts.parquet")], CancellationToken.None).ToListAsync();
        var asked = held.Concat(await PromptsFile.ReadAsync([Path.Combine(run, "prompts.parquet")], CancellationToken.None).ToListAsync()).ToList();
        var row = held.Where(prompt => judged.Contains(prompt.Id) && mistaken.Contains(prompt.Messages[^1].Content)).First(prompt => asked.Count(other => other.Messages[^1].Content.Contains(prompt.Messages[^1].Content, StringComparison.Ordinal)) == 1);
        var question = row.Messages[^1].Content;
        var before = (await HoldingAsync(run, question), await HoldingAsync(run, row.Id));

        await Takedown.DoAsync(run, new TakedownSearch([row.Id]), "Ada", "asked for", TimeProvider.System, CancellationToken.None);

        Assert.Superset(new HashSet<string> { "held-out/prompts.parquet", "held-out/examples/000001.parquet", "mistakes.jsonl", "report.html" }, before.Item1.ToHashSet());
        Assert.Superset(new HashSet<string> { "held-out/traces/000001.parquet", "task-scores.jsonl", "judgements" }, before.Item2.Select(name => name.Split("judgements/") is ["", _] ? "judgements" : name).ToHashSet());
        Assert.Empty(await HoldingAsync(run, question));
        Assert.Equal(["held-out/failures.parquet", "held-out/prompts.parquet", "takedowns/0001.json"], await HoldingAsync(run, row.Id));
        Assert.Empty(Verification.Of(run, null, CancellationToken.None).Changes);
    }

    // Parquet by two readers that others wrote; the journal's segments and everything else as bytes.
    static async Task<List<string>> HoldingAsync(string run, string text)
    {
        var files = Directory.GetFiles(run, "*", SearchOption.AllDirectories);
        var tables = files.Where(file => file.EndsWith(".parquet", StringComparison.Ordinal)).ToList();
        var read = await Node.RunAsync(["rows", .. tables]);
        var holding = read.Where(table => table.GetProperty("rows").GetRawText().Contains(JsonSerializer.Serialize(text)[1..^1], StringComparison.Ordinal)).Select(table => table.GetProperty("path").GetString()!)
            .Concat(files.Except(tables).Where(file => File.ReadAllBytes(file).AsSpan().IndexOf(System.Text.Encoding.UTF8.GetBytes(text)) >= 0));
        return [.. holding.Select(file => Path.GetRelativePath(run, file)).Distinct().Order(StringComparer.Ordinal)];
    }

    [Fact]
    public async Task Changing_a_value_of_the_training_redoes_training_but_asks_the_teacher_nothing()
    {
        using var work = new Workplace();
        Assert.Equal(0, (await Forging.RunAsync("train", work.Recipe(), "--runs", work.Runs)).ExitCode);
        var before = File.GetLastWriteTimeUtc(work.Run("tiny", "manifests", "generate.json"));

        // Of a row that was trained on the student is named, and not what lies beside its weights to go on from.
        var row = await ExamplesFile.ReadAsync([work.Run("tiny", "curated.parquet")], CancellationToken.None).FirstAsync();
        Assert.True(File.Exists(work.Run("tiny", "checkpoint", "optimizer.safetensors")));
        Assert.Equal(["checkpoint/model.safetensors"], (await Takedown.PlanAsync(work.Run("tiny"), new TakedownSearch([row.Id]), CancellationToken.None)).Students.Select(student => student.Path));

        var again = await Forging.RunAsync("train", work.Recipe(learningRate: 1e-3), "--runs", work.Runs);

        Assert.Equal(0, again.ExitCode);
        Assert.Contains("train:", again.Error, StringComparison.Ordinal);
        Assert.DoesNotContain("generate:", again.Error, StringComparison.Ordinal);
        Assert.DoesNotContain("filter:", again.Error, StringComparison.Ordinal);
        Assert.Equal(before, File.GetLastWriteTimeUtc(work.Run("tiny", "manifests", "generate.json")));
    }

    [Fact]
    public async Task Raising_the_count_asks_only_for_the_new_rows()
    {
        using var work = new Workplace();
        Assert.Equal(0, (await Forging.RunAsync("generate", work.Recipe(count: 60), "--runs", work.Runs)).ExitCode);

        var more = await Forging.RunAsync("generate", work.Recipe(count: 90), "--runs", work.Runs);

        Assert.Equal(0, more.ExitCode);
        Assert.Contains("60 of 90 rows are answered already", more.Error, StringComparison.Ordinal);
    }

    static Dictionary<string, DateTime> Times(Workplace work)
        => Directory.GetFiles(work.Run("tiny"), "*", SearchOption.AllDirectories)
            .Where(path => Path.GetFileName(path) is not ".lock" and not ".holder" and not "hashes.json")
            .ToDictionary(path => path, File.GetLastWriteTimeUtc);
}
