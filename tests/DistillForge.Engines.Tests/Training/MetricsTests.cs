using System.Buffers.Binary;
using System.Text;
using System.Text.Json;
using DistillForge.Data;
using DistillForge.Training;

namespace DistillForge.Engines.Tests.Training;

/// <summary>What a run tells machines and people while it goes.</summary>
public sealed class MetricsTests(Scratch scratch) : IClassFixture<Scratch>
{
    static readonly TrainingPlan Plan = new()
    {
        Shape = Small.Shape,
        Vocabulary = Small.Vocabulary,
        Losses = [new LossTerm("cross-entropy")],
        Seed = 7,
        Steps = 10,
        TokensPerBatch = 128,
        LearningRate = 1e-2,
        ValidationShare = 0.2,
        ValidateEvery = 5,
        CheckpointEvery = 4,
        Threads = 2,
    };

    [Fact]
    public async Task Every_step_is_written_once_even_when_a_run_goes_on_from_an_earlier_one()
    {
        var folder = scratch["metrics"];
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => Train(Plan, folder, new Watcher(), stopAfter: 7));
        // As if the machine had gone down after step 7: the checkpoint of step 4 is the newest.
        Directory.Delete(Path.Combine(folder, "resume", "00000007"), recursive: true);
        await File.AppendAllTextAsync(Path.Combine(folder, "metrics.jsonl"), """{"step":8,"lo""");

        var result = await Train(Plan, folder, new Watcher());

        var lines = File.ReadAllLines(Path.Combine(folder, "metrics.jsonl")).Select(line => JsonDocument.Parse(line).RootElement).ToList();
        var steps = lines.FindAll(line => line.TryGetProperty("loss", out _));
        Assert.Equal(Enumerable.Range(1, 10), steps.Select(line => line.GetProperty("step").GetInt32()));
        Assert.Equal(result.Curve.Loss, steps.Select(line => line.GetProperty("loss").GetDouble()));
        Assert.Equal(result.Curve.Validation.Select(point => (point.Step, point.Losses["cross-entropy"])), lines.Where(line => line.TryGetProperty("held_out", out _)).Select(line => (line.GetProperty("step").GetInt64(), line.GetProperty("held_out").GetProperty("cross-entropy").GetDouble())));
    }

    [Fact]
    public async Task TensorBoard_reads_the_same_curve()
    {
        var folder = scratch["board"];
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => Train(Plan, folder, new Watcher(), stopAfter: 7));
        Directory.Delete(Path.Combine(folder, "resume", "00000007"), recursive: true);

        var result = await Train(Plan, folder, new Watcher());

        var files = Directory.GetFiles(Path.Combine(folder, "events")).Order(StringComparer.Ordinal).ToArray();
        Assert.Equal(2, files.Length);
        var read = new SortedDictionary<(string Tag, long Step), float>();
        foreach (var @event in files.SelectMany(EventFile.Read))
        {
            if (@event.IsStart)
            {
                // What TensorBoard does: a session that starts at a step makes orphans of what was said of it and later ones.
                foreach (var orphan in read.Keys.Where(key => key.Step >= @event.Step).ToList())
                {
                    read.Remove(orphan);
                }
            }
            else if (@event.Tag is { } tag)
            {
                Assert.True(read.TryAdd((tag, @event.Step), @event.Value), $"{tag} of step {@event.Step} twice");
            }
        }

        Assert.Equal(result.Curve.Loss.Select((loss, i) => ("train/loss", i + 1L, (float)loss)), read.Where(pair => pair.Key.Tag == "train/loss").Select(pair => (pair.Key.Tag, pair.Key.Step, pair.Value)));
        Assert.Equal(result.Curve.Validation.Select(point => (float)point.Losses["cross-entropy"]), read.Where(pair => pair.Key.Tag == "held_out/cross-entropy").Select(pair => pair.Value));
    }

    [Fact]
    public void The_checksum_is_the_masked_one_of_its_standard()
        // 0xe3069283 is the check value of CRC-32C; turned by 15 bits and shifted.
        => Assert.Equal(((0xe3069283u >> 15) | (0xe3069283u << 17)) + 0xa282ead8u, TensorBoardEvents.MaskedChecksum("123456789"u8));

    [Fact]
    public async Task An_example_and_the_cost_are_shown_before_the_first_step()
    {
        var log = new Watcher();

        await Train(Plan, scratch["shown"], log);

        var counting = Small.Counting(60, new Random(2));
        var corpus = new Corpus(counting, 64, 0.2);
        var (prompt, answer) = (corpus.Training[0].Trace.TokenIds[..2], corpus.Training[0].Trace.TokenIds[2..]);
        Assert.Contains(log.Said, line => line.EndsWith($"    {Text(prompt)}⟦{Text(answer)}⟧", StringComparison.Ordinal) && Text(answer).EndsWith("<|end|>", StringComparison.Ordinal));
        Assert.Contains(log.Said, line => line.StartsWith("about 0.0", StringComparison.Ordinal) && line.EndsWith("GB of memory", StringComparison.Ordinal));
        Assert.Matches("^loss [0-9.]+, [0-9,]+ tokens/s$", log.Detail);
    }

    [Fact]
    public void A_row_cannot_steer_a_terminal()
    {
        var row = new Row(Some.Tokens("a", [1, 1, 60], 1), 64);
        var vocabulary = new DistillForge.Text.Vocabulary { Kind = "llama", Tokens = ["x", "\e[2J\u202e", .. Small.Vocabulary.Tokens.Skip(2)], Types = Small.Vocabulary.Types, Eos = 60 };

        Assert.Equal("·[2J·⟦·[2J·<|end|>⟧", ShownExample.Of(row, vocabulary, colour: false));
        Assert.Equal("·[2J·\e[32m·[2J·<|end|>\e[0m", ShownExample.Of(row, vocabulary, colour: true));
    }

    [Fact]
    public async Task The_batch_of_a_loss_that_is_no_number_is_saved_and_shown()
    {
        var folder = scratch["diverged"];
        var plan = Plan with { LearningRate = 1e30, Clip = 1e30 };

        var error = await Assert.ThrowsAnyAsync<ForgeException>(() => Train(plan, folder, new Watcher()));

        var place = Path.Combine(folder, "diverged");
        Assert.Contains($"inspect {Path.Combine(place, "traces.parquet")}", error.Message, StringComparison.Ordinal);
        var saved = await TracesFile.ReadAsync([Path.Combine(place, "traces.parquet")], default).ToListAsync();
        using var why = JsonDocument.Parse(await File.ReadAllBytesAsync(Path.Combine(place, "why.json")));
        Assert.Equal(saved.Select(trace => trace.Id), why.RootElement.GetProperty("rows").EnumerateArray().Select(row => row.GetProperty("id").GetString()));
        Assert.InRange(saved.Count, 5, 25);
        Assert.EndsWith("<|end|>⟧", why.RootElement.GetProperty("rows")[0].GetProperty("text").GetString(), StringComparison.Ordinal);

        await Train(Plan, folder, new Watcher());
        Assert.False(Directory.Exists(place));
    }

    [Theory]
    [InlineData(1.0, 2.0, false)]     // doubled
    [InlineData(0.05, 1.0, false)]    // twenty times, and still better than knowing nothing
    [InlineData(4.0, 13.0, true)]
    [InlineData(4.0, 8.0, false)]
    public void A_run_that_ends_far_above_its_start_and_above_ignorance_has_run_away(double first, double last, bool away)
        => Assert.Equal(away, Divergence.RunsAway([.. Enumerable.Repeat(first, 30), .. Enumerable.Repeat(last, 20)], uniform: 4.1));

    static string Text(IEnumerable<int> ids) => string.Concat(ids.Select(id => Small.Vocabulary.Tokens[id]));

    static async Task<TrainingResult> Train(TrainingPlan plan, string folder, Watcher log, long stopAfter = long.MaxValue)
    {
        using var stop = new CancellationTokenSource();
        log.Stop(stop, stopAfter);
        return await new Trainer(TimeProvider.System).TrainAsync(plan, Small.Counting(60, new Random(2)), folder, log, stop.Token);
    }
}

/// <summary>A reader of event files that shares nothing with the writer.</summary>
static class EventFile
{
    public sealed record Event(long Step, string? Tag, float Value, bool IsStart);

    public static IEnumerable<Event> Read(string path)
    {
        var bytes = File.ReadAllBytes(path);
        for (var at = 0; at < bytes.Length;)
        {
            var length = (int)BinaryPrimitives.ReadUInt64LittleEndian(bytes.AsSpan(at));
            Assert.Equal(Masked(bytes.AsSpan(at, 8)), BinaryPrimitives.ReadUInt32LittleEndian(bytes.AsSpan(at + 8)));
            Assert.Equal(Masked(bytes.AsSpan(at + 12, length)), BinaryPrimitives.ReadUInt32LittleEndian(bytes.AsSpan(at + 12 + length)));
            yield return Parse(bytes.AsSpan(at + 12, length));
            at += 16 + length;
        }
    }

    static Event Parse(ReadOnlySpan<byte> message)
    {
        var fields = Fields(message);
        var value = fields.TryGetValue(5, out var summary) ? Fields(Fields(summary)[1]) : null;
        return new Event(
            fields.TryGetValue(2, out var step) ? (long)BinaryPrimitives.ReadUInt64LittleEndian(step) : 0,
            value is null ? null : Encoding.UTF8.GetString(value[1]),
            value is null ? 0 : BinaryPrimitives.ReadSingleLittleEndian(value[2]),
            fields.ContainsKey(7));
    }

    static Dictionary<int, byte[]> Fields(ReadOnlySpan<byte> message)
    {
        var fields = new Dictionary<int, byte[]>();
        while (message.Length > 0)
        {
            var key = (int)Number(ref message);
            fields[key >> 3] = (key & 7) switch
            {
                0 => BitConverter.GetBytes(Number(ref message)),
                1 => Take(ref message, 8),
                2 => Take(ref message, (int)Number(ref message)),
                _ => Take(ref message, 4),
            };
        }

        return fields;
    }

    static byte[] Take(ref ReadOnlySpan<byte> message, int count)
    {
        var taken = message[..count].ToArray();
        message = message[count..];
        return taken;
    }

    static ulong Number(ref ReadOnlySpan<byte> message)
    {
        var (number, shift) = (0ul, 0);
        while (true)
        {
            var next = message[0];
            message = message[1..];
            number |= (ulong)(next & 0x7f) << shift;
            shift += 7;
            if (next < 0x80)
            {
                return number;
            }
        }
    }

    // Bit by bit: polynomial 0x1EDC6F41, turned around.
    static uint Masked(ReadOnlySpan<byte> bytes)
    {
        var sum = uint.MaxValue;
        foreach (var x in bytes)
        {
            sum ^= x;
            for (var bit = 0; bit < 8; bit++)
            {
                sum = (sum >> 1) ^ ((sum & 1) * 0x82F63B78u);
            }
        }

        sum = ~sum;
        return ((sum >> 15) | (sum << 17)) + 0xa282ead8u;
    }
}
