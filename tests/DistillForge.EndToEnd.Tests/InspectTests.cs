using System.Text.Json;
using DistillForge.Data;
using DistillForge.Runs;

namespace DistillForge.EndToEnd.Tests;

public class InspectTests
{
    // Row i of 100 asks with i words and answers with 2 i; 97 to 100 say the same but for their last word.
    static string Words(int row, int count, string kind) => string.Join(' ', Enumerable.Range(0, count).Select(word => row < 97 || word < count - 1 ? $"{kind}{(row < 97 ? row : 97)}w{word}" : $"end{row}"));

    static string Jsonl(Workplace work) => work.File("rows.jsonl", string.Join('\n', Enumerable.Range(1, 100).Select(row =>
        JsonSerializer.Serialize(new { prompt = Words(row, row, "q"), completion = Words(row, 2 * row, "a"), category = "c" }))));

    [Fact]
    public async Task Rows_columns_lengths_and_clusters_of_a_file_are_those_that_were_written()
    {
        using var work = new Workplace();

        var survey = JsonSerializer.Deserialize<JsonElement>(await Inspection.ToJsonAsync(Jsonl(work), new Survey(samples: 4), default));

        Assert.Equal(100, survey.GetProperty("rows").GetInt64());
        Assert.Equal("prompt VARCHAR, completion VARCHAR, category VARCHAR", string.Join(", ", survey.GetProperty("columns").EnumerateArray().Select(column => $"{column.GetProperty("name")} {column.GetProperty("type")}")));
        Assert.Equal(["prompt words 1 50 95 100", "answer words 2 100 190 200"], Lengths(survey).Where(length => length.Contains("words", StringComparison.Ordinal)));
        var cluster = Assert.Single(survey.GetProperty("clusters").EnumerateArray());
        Assert.Equal(4, cluster.GetProperty("rows").GetInt32());
        Assert.StartsWith("q97w0 ", cluster.GetProperty("first").GetProperty("prompt").GetString(), StringComparison.Ordinal);
        Assert.Equal(4, survey.GetProperty("samples").GetArrayLength());
    }

    [Fact]
    public async Task A_run_shows_its_stages_the_reasons_of_its_filters_and_the_tokens_that_it_counted()
    {
        using var work = new Workplace();
        var run = work.Run("made");
        Directory.CreateDirectory(Path.Combine(run, "manifests"));
        Directory.CreateDirectory(Path.Combine(run, "examples"));
        var rows = Enumerable.Range(1, 20).Select(row => new Example { Id = $"{row:x64}", Prompt = [Message.User($"Question {row}?")], Completion = [Message.Assistant($"Answer {row}.")], Author = "somebody", PromptTokens = row, CompletionTokens = 100 + row }).ToList();
        await ExamplesFile.WriteAsync(Path.Combine(run, "examples", "1.parquet"), rows.Take(10).ToAsyncEnumerable(), default);
        await ExamplesFile.WriteAsync(Path.Combine(run, "examples", "2.parquet"), rows.Skip(10).ToAsyncEnumerable(), default);
        await VerdictsFile.WriteAsync(Path.Combine(run, "verdicts.parquet"), rows.SelectMany((row, i) => new[]
        {
            new JudgedRow(row.Id, "refusal", 0, i < 7 ? Verdict.Drop("refusal", "said so") : Verdict.Keep),
            new JudgedRow(row.Id, "pii", 1, i < 3 ? Verdict.Warn("email", "at 3") : Verdict.Keep),
        }).ToAsyncEnumerable(), default);

        foreach (var place in new[] { run, Path.Combine(run, "examples") })
        {
            var found = JsonSerializer.Deserialize<JsonElement>(await Inspection.ToJsonAsync(place, new Survey(), default));
            var survey = place == run ? found.GetProperty("rows") : found;
            var lines = await Inspection.DescribeAsync(place, new Survey(), default).ToListAsync();

            Assert.Equal(20, survey.GetProperty("rows").GetInt64());
            Assert.Equal(["drop refusal refusal 7", "warn pii email 3"], survey.GetProperty("reasons").EnumerateArray().Select(reason => $"{reason.GetProperty("action")} {reason.GetProperty("filter")} {reason.GetProperty("code")} {reason.GetProperty("rows")}"));
            Assert.Equal(["prompt tokens 1 10 19 20", "answer tokens 101 110 119 120"], Lengths(survey).Where(length => length.Contains("tokens", StringComparison.Ordinal)));
            Assert.Contains(lines, line => line.StartsWith("  drop             7  refusal: refusal", StringComparison.Ordinal));
            Assert.Contains("20 rows", lines);
        }
    }

    [Fact]
    public async Task What_rows_say_does_not_steer_the_terminal_and_is_cut()
    {
        using var work = new Workplace();
        var file = work.File("hostile.jsonl", JsonSerializer.Serialize(new Dictionary<string, string> { ["prompt"] = "\u001b[2J\u001b]0;owned\u0007\u202egnp.exe\r\n" + new string('x', 5000), ["completion"] = "\u009b31m", ["\u001b[31mkey"] = "v" }));

        var ended = await Forging.RunAsync("inspect", file);

        Assert.True(ended.ExitCode == 0, ended.Error);
        Assert.Contains("1 rows", ended.Output, StringComparison.Ordinal);
        Assert.Contains("[31mkey", ended.Output, StringComparison.Ordinal);
        Assert.DoesNotContain(ended.Output, character => (char.IsControl(character) && character != '\n') || character == '\u202e');
        Assert.All(ended.Output.Split('\n'), line => Assert.InRange(line.Length, 0, 250));
    }

    [Fact]
    public async Task A_table_without_questions_is_shown_as_a_table_and_a_column_that_is_named_is_read()
    {
        using var work = new Workplace();
        var file = work.File("deeds.csv", "who,deed\nada,\"wrote a program\"\nbob,sang\n");

        var table = await Inspection.DescribeAsync(file, new Survey(), default).ToListAsync();
        var named = await Inspection.DescribeAsync(file, new Survey(column: "who", answer: "deed"), default).ToListAsync();

        Assert.Equal("2 rows", table[0]);
        Assert.Contains("  ada\twrote a program", table);
        Assert.StartsWith("Not read as questions and answers: ", table[^1], StringComparison.Ordinal);
        Assert.Contains("  ada → wrote a program", named);
        Assert.Contains(named, line => line.StartsWith("  answer words", StringComparison.Ordinal));
    }

    static IEnumerable<string> Lengths(JsonElement survey) => survey.GetProperty("lengths").EnumerateArray()
        .Select(length => $"{length.GetProperty("of")} {length.GetProperty("unit")} {length.GetProperty("min")} {length.GetProperty("median")} {length.GetProperty("p95")} {length.GetProperty("max")}");
}
