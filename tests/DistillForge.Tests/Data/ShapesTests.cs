using System.Text.Json;
using DistillForge.Data;
using DistillForge.Text;

namespace DistillForge.Tests.Data;

/// <summary>Every shape that goes out comes back whole: by our own import, and by readers that others wrote.</summary>
public sealed class ShapesTests : IDisposable
{
    static readonly string Long = string.Concat(Enumerable.Repeat("žluťoučký kůň \"úpěl\", 😀\n", 800));

    readonly Scratch folder = new();

    // Texts with their marks are no conversation any more: they go out and do not come back.
    public static TheoryData<string> Shapes => [.. ExportShape.All.Values.Where(shape => !shape.NeedsTemplate).Select(shape => shape.Name).Order(StringComparer.Ordinal)];

    static Dialogue Template { get; } = Dialogue.OfText(Vocabulary.Read(Path.Combine(Home.Root, "models", "home-teacher.gguf")));

    public void Dispose() => folder.Dispose();

    [Theory]
    [MemberData(nameof(Shapes))]
    public async Task What_goes_out_in_a_shape_is_imported_again(string name)
    {
        var rows = RowsOf(name);
        foreach (var path in await WriteAsync(name, rows))
        {
            var back = await Some.ListAsync(Path.GetExtension(path) switch
            {
                ".csv" => Import.CsvAsync(path, "text", null, default),
                ".jsonl" => Import.JsonlAsync(path, default),
                _ => Import.ParquetAsync(path, default),
            });

            // In a cell of CSV an empty text is no value.
            var blank = Path.GetExtension(path) == ".csv" && name.StartsWith("alpaca", StringComparison.Ordinal) | name == "prompt-completion";
            Assert.Equal(rows.Select(row => Said(row.Prompt, blank && row.Text.Length == 0 ? [] : row.Completion, blank && row.Rejected is "" ? null : row.Rejected)), back.Select(row => Said(row.Prompt, row.Completion, row.Rejected)));
        }
    }

    [NodeFact]
    public async Task Other_readers_find_every_text_of_every_shape()
    {
        var expected = new Dictionary<string, List<string>>();
        foreach (var name in ExportShape.All.Keys)
        {
            var rows = RowsOf(name == "kto" ? "preference" : name);
            foreach (var path in await WriteAsync(name, rows))
            {
                expected[path] = [.. rows.SelectMany(row => name == "kto" ? Kto(row) : [Others(name, row)]).Select(row => Canonical(JsonSerializer.SerializeToElement(row)))];
            }
        }

        var read = await Node.RunAsync(["rows", .. expected.Keys]);

        Assert.Equal((34, 34 + 11 + 12), (expected.Count, read.Count));
        foreach (var found in read)
        {
            var path = found.GetProperty("path").GetString()!;
            var rows = found.GetProperty("rows").EnumerateArray().Select(Canonical).ToList();
            Assert.True(expected[path].SequenceEqual(rows), $"{found.GetProperty("reader")} reads {Path.GetFileName(path)} otherwise: {First(expected[path], rows)}");
        }
    }

    [Fact]
    public async Task An_answer_that_is_not_wanted_does_not_come_back_as_one_to_learn_from()
    {
        foreach (var path in (await WriteAsync("kto", RowsOf("preference"))).Take(2))
        {
            var error = await Assert.ThrowsAsync<ForgeException>(async () => await Some.ListAsync(Path.GetExtension(path) == ".csv" ? Import.CsvAsync(path, "text", null, default) : Import.JsonlAsync(path, default)));

            Assert.Contains("an answer that is not wanted (KTO)", error.Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task A_text_that_a_spreadsheet_would_run_gets_an_apostrophe_in_a_file_for_people_and_only_there()
    {
        string[] texts = ["=cmd|' /C calc'!A0", "'=1+1", "a=b", "\n-2", "\uff1dA1", "@x"];
        string[] guarded = ["'=cmd|' /C calc'!A0", "''=1+1", "a=b", "'\n-2", "'\uff1dA1", "'@x"];
        var rows = texts.Select((text, i) => Some.Example(text, i) with { Prompt = [Message.User($"? {i}")] }).ToList();

        var plain = await ExportFile.WriteAsync(folder["plain.csv"], ExportShape.All["prompt-completion"], CsvCells.AsTheyAre, Some.Async(rows), default);
        await ExportFile.WriteAsync(folder["guarded.csv"], ExportShape.All["prompt-completion"], CsvCells.Guarded, Some.Async(rows), default);

        Assert.Equal((6L, 4L), plain);
        Assert.Equal(texts, (await Some.ListAsync(Import.CsvAsync(folder["plain.csv"], "text", null, default))).Select(row => row.Completion[0].Content));
        Assert.Equal(guarded, (await Some.ListAsync(Import.CsvAsync(folder["guarded.csv"], "text", null, default))).Select(row => row.Completion[0].Content));
        Assert.Contains("is no CSV", (await Assert.ThrowsAsync<ForgeException>(() => ExportFile.WriteAsync(folder["x.jsonl"], ExportShape.All["messages"], CsvCells.Guarded, Some.Async(rows), default))).Message, StringComparison.Ordinal);
    }

    [NodeFact]
    public async Task Other_readers_find_every_value_of_examples_verdicts_and_traces()
    {
        var examples = Enumerable.Range(0, 3).Select(Some.Example).Append(Some.Example(string.Concat(Enumerable.Repeat(Long, 10)), 9) with { Rejected = "", Reasoning = null }).ToList();
        var verdicts = new List<JudgedRow> { new(Some.Id(1), "pii", 3, Verdict.Drop("pii-email", "žluť 😀 \0\n"), "abc"), new(Some.Id(2), "terms", 0, Verdict.Keep) };
        var traces = new List<TokenTrace> { Some.Trace(1), Some.Trace(2, completion: 300), Some.DrawnTrace(3) };
        await ExamplesFile.WriteAsync(folder["examples.parquet"], Some.Async(examples), default);
        await VerdictsFile.WriteAsync(folder["verdicts.parquet"], Some.Async(verdicts), default);
        await TracesFile.WriteAsync(folder["traces.parquet"], Some.Async(traces), default);

        var read = await Node.RunAsync(["rows", folder["examples.parquet"], folder["verdicts.parquet"], folder["traces.parquet"]]);

        Assert.Equal(["duckdb", "hyparquet", "duckdb", "hyparquet", "duckdb", "hyparquet"], read.Select(found => found.GetProperty("reader").GetString()));
        List<object> expected = [examples.Select(Columns).ToList(), verdicts.Select(Columns).ToList(), traces.Select(Columns).ToList()];
        for (var i = 0; i < read.Count; i++)
        {
            Assert.Equal(Canonical(JsonSerializer.SerializeToElement(expected[i / 2])), Canonical(read[i].GetProperty("rows")));
        }
    }

    [Theory]
    [InlineData("prompt-completion", "has a system message or several turns, which texts cannot hold.")]
    [InlineData("preference", "has no rejected answer.")]
    [InlineData("alpaca", "has turns that are no pairs of question and answer.")]
    [InlineData("sharegpt", "has a system message that is not its first.")]
    [InlineData("axolotl-input-output", "cannot be written in this chat template: the user message holds the control token '<|end|>'.")]
    public async Task A_row_that_a_shape_cannot_hold_is_refused_and_no_file_is_left(string name, string what)
    {
        Message[] turns = name == "axolotl-input-output" ? [Message.User("a<|end|>")] : name == "sharegpt" ? [Message.User("a"), Message.System("b"), Message.User("c")] : [Message.User("a"), Message.User("b"), Message.User("c")];
        var row = Some.Example(1) with { Prompt = turns };

        var error = await Assert.ThrowsAsync<ForgeException>(() => ExportFile.WriteAsync(folder["x.jsonl"], ExportShape.All[name].In(Template), Some.Async([row]), default));

        Assert.Equal(what, error.Problems.Single().What);
        Assert.Empty(Directory.GetFiles(Path.GetDirectoryName(folder["x"])!));
    }

    [Theory]
    [InlineData("messages", "x.txt")]
    [InlineData("openai-preference", "x.parquet")]
    public async Task An_ending_that_says_nothing_is_refused(string name, string file)
        => Assert.Contains("ends with", (await Assert.ThrowsAsync<ForgeException>(() => ExportFile.WriteAsync(folder[file], ExportShape.All[name], Some.Async(RowsOf(name)), default))).Message);

    // Unicode, quotes, line ends of all kinds, what looks like CSV, JSON or a formula, empty texts, long ones, and several turns.
    static List<Example> RowsOf(string shape)
    {
        string[] texts = ["a, \"b\"\r\nc\r\rd", "=1+1", "[\"no\", \"messages\"]", "{}", "", " edges ", "\u0001\t\u2028\u00a0\ud83d\ude00 ŽŤ 中文 \u202eabc", "null", Long];
        var rows = texts.Select((text, i) => Some.Example(text, i) with { Prompt = [Message.User($"{(text.Length > 0 ? text : "?")} {i}")], Rejected = shape.EndsWith("preference", StringComparison.Ordinal) ? $"worse {text}" : null });
        var turns = Some.Example("last", 99) with { Prompt = [Message.System("be, \"brief\""), Message.User("one"), Message.Assistant(""), Message.User("two\nlines")], Rejected = shape.EndsWith("preference", StringComparison.Ordinal) ? "" : null };
        return shape == "prompt-completion" ? [.. rows] : [.. rows, turns];
    }

    async Task<List<string>> WriteAsync(string name, List<Example> rows)
    {
        var paths = ExportFile.Endings.Take(ExportShape.All[name].JsonlOnly ? 1 : 3).Select(ending => folder[name + ending]).ToList();
        foreach (var path in paths)
        {
            Assert.Equal(rows.Count + (name == "kto" ? rows.Count(row => row.Rejected is not null) : 0), await ExportFile.WriteAsync(path, ExportShape.All[name].In(Template), Some.Async(rows), default));
        }

        return paths;
    }

    // The shapes once more, as their readers' documentation shows them.
    static object Others(string name, Example row)
    {
        var (prompt, rejected) = (row.Prompt.Select(Said), new { role = "assistant", content = row.Rejected });
        var system = row.Prompt[0].Role == "system" ? row.Prompt[0].Content : "";
        var turns = row.Prompt.Where(turn => turn.Role != "system").Select(From).ToList();
        var asked = row.Prompt[^1].Content;
        string[][] history = row.Prompt.Count > 1 ? [["one", ""]] : [];
        return name switch
        {
            "trl" => new { prompt, completion = row.Completion.Select(Said) },
            "prompt-completion" => new { prompt = asked, completion = row.Text },
            "messages" => new { messages = row.Prompt.Concat(row.Completion).Select(Said) },
            "sharegpt" => new { conversations = turns.Append(From(row.Completion[0])), system },
            "alpaca" => new { instruction = asked, input = "", output = row.Text, system, history },
            "preference" => new { prompt, chosen = row.Completion.Select(Said), rejected = new[] { rejected } },
            "axolotl-preference" => new { messages = prompt, chosen = Said(row.Completion[0]), rejected },
            "sharegpt-preference" => new { conversations = turns, chosen = From(row.Completion[0]), rejected = new { from = "gpt", value = row.Rejected }, system },
            "alpaca-preference" => new { instruction = asked, input = "", chosen = row.Text, rejected = row.Rejected, system, history },
            "axolotl-input-output" => new
            {
                segments = new[]
                {
                    new { label = false, text = string.Concat(row.Prompt.Select(message => $"<|{message.Role}|>{message.Content}<|end|>")) + "<|assistant|>" },
                    new { label = true, text = row.Text + "<|end|>" },
                },
            },
            "openai-preference" => new { input = new { messages = prompt }, preferred_output = row.Completion.Select(Said), non_preferred_output = new[] { rejected } },
            _ => throw new ArgumentException(name, nameof(name)),
        };
    }

    static object[] Kto(Example row) =>
    [
        new { prompt = row.Prompt.Select(Said), completion = row.Completion.Select(Said), label = true },
        new { prompt = row.Prompt.Select(Said), completion = new[] { new { role = "assistant", content = row.Rejected } }, label = false },
    ];

    static object Said(Message message) => new { role = message.Role, content = message.Content };

    static object From(Message message) => new { from = message.Role == "user" ? "human" : "gpt", value = message.Content };

    static string Said(IReadOnlyList<Message> prompt, IReadOnlyList<Message> completion, string? rejected) => Some.Text((prompt, completion, rejected)) + Some.Text(prompt) + Some.Text(completion) + rejected;

    static object Columns(Example row) => new
    {
        id = row.Id,
        prompt = row.Prompt.Select(Said),
        completion = row.Completion.Select(Said),
        author = row.Author,
        author_sha256 = row.AuthorSha256,
        license = row.License,
        terms = row.Terms,
        finish_reason = row.FinishReason,
        sampling = row.Sampling,
        seed = $"{row.Seed}",
        prompt_tokens = row.PromptTokens,
        completion_tokens = row.CompletionTokens,
        cost_usd = row.CostUsd,
        seconds = row.Seconds,
        source = row.Source,
        template = row.Template,
        expected = row.Expected,
        category = row.Category,
        reasoning = row.Reasoning,
        rejected = row.Rejected,
    };

    static object Columns(JudgedRow row) => new
    {
        id = row.Id,
        filter = row.Filter,
        order = row.Order,
        action = row.Verdict.Action.ToString().ToLowerInvariant(),
        code = row.Verdict.Reason?.Code,
        detail = row.Verdict.Reason?.Detail,
        version = row.Version.Length > 0 ? row.Version : null,
    };

    static object Columns(TokenTrace row) => new
    {
        id = row.Id,
        scorer = row.Scorer,
        vocabulary = row.Vocabulary,
        token_ids = row.TokenIds,
        prompt_length = row.PromptLength,
        loss_mask = row.LossMask,
        token_logprobs = Doubles(row.TokenLogprobs),
        token_ranks = row.TokenRanks,
        entropies = Doubles(row.Entropies),
        head_sizes = row.HeadSizes,
        head_ids = row.HeadIds,
        head_logprobs = row.HeadLogprobs.Select(value => (int)LogprobCode.Encode(value)),
        head_draws = row.HeadDraws is { } draws ? new[] { new { temperature = draws.Temperature, counts = draws.Counts } } : [],
        tail_logsums = row.TailLogSums.Select(tail => new { temperature = tail.Temperature, values = tail.Values.Select(value => float.IsFinite(value) ? (object)(double)value : "-Infinity") }),
        tail_samples = row.TailSamples.Select(tail => new { temperature = tail.Temperature, ids = tail.Ids }),
        capped = row.Capped,
    };

    // A float prints as the double that it is.
    static IEnumerable<double> Doubles(float[] values) => values.Select(value => (double)value);

    // Keys in order, numbers as doubles; a whole number of 64 bits is a text in JavaScript, and a cell of CSV that is JSON, or a truth, is its value.
    static string Canonical(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.Object => "{" + string.Join(',', value.EnumerateObject().OrderBy(property => property.Name, StringComparer.Ordinal).Select(property => property.Name + ":" + Canonical(property.Value))) + "}",
        JsonValueKind.Array => "[" + string.Join(',', value.EnumerateArray().Select(Canonical)) + "]",
        JsonValueKind.Number => value.GetDouble().ToString("R", System.Globalization.CultureInfo.InvariantCulture),
        JsonValueKind.String when value.GetString() is "true" or "false" => value.GetString()!,
        JsonValueKind.String when Nested(value.GetString()!) is { } nested => Canonical(nested),
        JsonValueKind.String => JsonSerializer.Serialize(value.GetString()),
        _ => value.GetRawText(),
    };

    static JsonElement? Nested(string text) => text.StartsWith("[{\"", StringComparison.Ordinal) || text.StartsWith("{\"", StringComparison.Ordinal) || text is "[]" || text.StartsWith("[[", StringComparison.Ordinal) ? JsonDocument.Parse(text).RootElement : null;

    static string First(List<string> expected, List<string> found)
    {
        var at = expected.Zip(found).TakeWhile(pair => pair.First == pair.Second).Count();
        return $"row {at}: {Short(expected.ElementAtOrDefault(at))} and {Short(found.ElementAtOrDefault(at))}";
    }

    static string Short(string? text) => text is null ? "none" : text.Length <= 400 ? text : text[..400] + "…";
}
