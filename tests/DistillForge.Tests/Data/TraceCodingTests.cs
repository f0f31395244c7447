using DistillForge.Data;
using DistillForge.Data.Duck;

namespace DistillForge.Tests.Data;

public sealed class LogprobCodeTests
{
    [Fact]
    public void A_code_is_off_by_at_most_half_a_step()
    {
        for (var x = 0.0; x <= 28.2; x += 0.00137)
        {
            // The step around x = (c/48)² is 2√x/48.
            var bound = (Math.Sqrt(x) / LogprobCode.Scale) + (0.25 / (LogprobCode.Scale * LogprobCode.Scale)) + 1e-6;
            Assert.InRange(LogprobCode.Decode(LogprobCode.Encode((float)-x)), -x - bound, -x + bound);
        }
    }

    [Theory]
    [InlineData(0f, 0)]
    [InlineData(-1f, 48)]
    [InlineData(-4f, 96)]
    [InlineData(-28.3f, 255)]
    [InlineData(-1000f, 255)]
    [InlineData(float.NegativeInfinity, 255)]
    [InlineData(1e-7f, 0)]
    public void A_log_probability_has_the_documented_code(float logprob, int code) => Assert.Equal(code, LogprobCode.Encode(logprob));

    [Theory]
    [InlineData(float.NaN)]
    [InlineData(0.1f)]
    [InlineData(float.PositiveInfinity)]
    public void What_is_no_log_probability_is_refused(float wrong) => Assert.Throws<InvalidDataException>(() => LogprobCode.Encode(wrong));

    [Fact]
    public void A_teacher_that_is_sure_keeps_the_digits_of_its_certainty()
    {
        // 1 − p = 1.1e-6, far below the step of a byte.
        float[] head = [LogprobCode.Decode(LogprobCode.Encode((float)Math.Log(1 - 1.1e-6))), LogprobCode.Decode(LogprobCode.Encode((float)Math.Log(1e-6)))];

        LogprobCode.Normalise(head, (float)Math.Log(1e-7));

        Assert.Equal(1.1e-6, -head[0], 8e-8);
    }

    [Fact]
    public void A_head_that_is_far_from_a_distribution_is_left_alone()
    {
        float[] head = [-1f, -3f];

        LogprobCode.Normalise(head, -0.1f);

        Assert.Equal([-1f, -3f], head);
    }
}

public sealed class TraceCodingTests : IDisposable
{
    readonly Scratch folder = new();

    public void Dispose() => folder.Dispose();

    [Fact]
    public async Task Heads_of_a_distribution_come_back_within_the_bound_and_add_up_to_one_with_their_tail()
    {
        var trace = Distribution(seed: 3, positions: 200);
        await TracesFile.WriteAsync(folder["t.parquet"], Some.Async([trace]), default);

        var read = (await Some.ListAsync(TracesFile.ReadAsync([folder["t.parquet"]], default))).Single();

        for (var i = 0; i < trace.HeadLogprobs.Length; i++)
        {
            // Half a step, and what the other ids' halves of a step add up to.
            Assert.InRange(read.HeadLogprobs[i] - trace.HeadLogprobs[i], -0.1 - (Math.Sqrt(-trace.HeadLogprobs[i]) / 48), 0.1 + (Math.Sqrt(-trace.HeadLogprobs[i]) / 48));
        }

        for (var position = 0; position < trace.HeadSizes.Length; position++)
        {
            Assert.Equal(1, read.HeadLogprobs.Skip(position * 8).Take(8).Sum(l => Math.Exp(l)) + Math.Exp(read.TailLogSums[0].Values[position]), 3);
        }

        Assert.Equal(Some.Text(trace with { HeadLogprobs = [] }), Some.Text(read with { HeadLogprobs = [] }));
    }

    [Fact]
    public async Task Files_with_plain_log_probabilities_are_read_to_the_bit_alone_and_beside_coded_ones()
    {
        var (old, coded) = (Distribution(seed: 1, positions: 5), Distribution(seed: 2, positions: 5) with { Id = Some.Id(2) });
        await TracesFile.WriteAsync(folder["new.parquet"], Some.Async([coded]), default);
        await TracesFile.WriteAsync(folder["old.parquet"], Some.Async([old]), default);
        var plain = $"[{string.Join(", ", old.HeadLogprobs.Select(l => FormattableString.Invariant($"'{l:R}'")))}]::FLOAT[]";
        Rewrite("old.parquet", $"SELECT * EXCLUDE (head_draws) REPLACE ({plain} AS head_logprobs) FROM traces");

        var alone = await Some.ListAsync(TracesFile.ReadAsync([folder["old.parquet"]], default));
        var both = await Some.ListAsync(TracesFile.ReadAsync([folder["new.parquet"], folder["old.parquet"]], default));
        await ExamplesFile.WriteAsync(folder["e.parquet"], Some.Async([Some.Example(1), Some.Example(2)]), default);
        var sorted = await Some.ListAsync(new ParquetDataset([folder["e.parquet"]], [folder["new.parquet"], folder["old.parquet"]]).ReadAsync(default));

        Assert.Equal(Some.Text(old), Some.Text(alone.Single()));
        Assert.Equal([Some.Text(both[0]), Some.Text(old)], both.Select(Some.Text));
        Assert.Equal(both.OrderBy(trace => trace.Id, StringComparer.Ordinal).Select(Some.Text), sorted.Select(row => Some.Text(row.Trace!)));
    }

    [Fact]
    public async Task Nats_are_rounded_to_a_1024th()
    {
        var trace = Some.Trace(1) with { TokenLogprobs = [-0.0001f, -0.7f, -3.14159f, -1e-3f, -20f], Entropies = [0.0004f, 0.0006f, 1.23456f, 2f, 9.87654f] };
        await TracesFile.WriteAsync(folder["t.parquet"], Some.Async([trace]), default);

        var read = (await Some.ListAsync(TracesFile.ReadAsync([folder["t.parquet"]], default))).Single();

        Assert.Equal([0f, -717 / 1024f, -3217 / 1024f, -1 / 1024f, -20f], read.TokenLogprobs);
        Assert.Equal([0f, 1 / 1024f, 1264 / 1024f, 2f, 10114 / 1024f], read.Entropies);
    }

    [Fact]
    public async Task A_file_says_itself_how_its_log_probabilities_are_coded()
    {
        await TracesFile.WriteAsync(folder["t.parquet"], Some.Async([Some.Trace(1)]), default);

        using var database = DuckDatabase.Open(folder["spill"], [folder["t.parquet"]]);
        var notes = Sql.Table(database, $"SELECT decode(key), decode(value) FROM parquet_kv_metadata('{folder["t.parquet"]}')", 100, default).ToDictionary(row => row[0]!, row => row[1]);

        Assert.Equal("traces", notes["distillforge"]);
        Assert.StartsWith("log p = -(code / 48)^2", notes["head_logprobs"]);
    }

    [Theory]
    [InlineData("head_logprobs::USMALLINT[] AS head_logprobs", "is USMALLINT[], should be UTINYINT[] or FLOAT[].")]
    [InlineData("list_transform(head_logprobs, c -> 0.5::FLOAT) AS head_logprobs", "head_logprobs has an entry that is no log-probability")]
    [InlineData("list_transform(head_logprobs, c -> 'nan'::FLOAT) AS head_logprobs", "head_logprobs has an entry that is no log-probability")]
    [InlineData("head_logprobs[2:] AS head_logprobs", "head_ids and head_logprobs have 16 and 15 entries")]
    [InlineData("list_reverse(head_ids) AS head_ids", "head_ids are not ascending at position 0")]
    [InlineData("list_transform(head_ids, x -> 7) AS head_ids", "head_ids are not ascending at position 0")]
    [InlineData("list_transform(head_ids, x -> x - 20) AS head_ids", "a token id is negative")]
    [InlineData("list_transform(token_ranks, x -> -1) AS token_ranks", "token_ranks has a negative entry")]
    [InlineData("list_transform(entropies, x -> -1::FLOAT) AS entropies", "entropies has an entry that is no entropy")]
    [InlineData("list_transform(token_logprobs, x -> 'inf'::FLOAT) AS token_logprobs", "token_logprobs or head_logprobs has an entry that is no log-probability")]
    [InlineData("[{'temperature': 0::FLOAT, 'values': [-1, -1]::FLOAT[]}] AS tail_logsums", "a temperature is not a number above 0")]
    [InlineData("[{'temperature': 1::FLOAT, 'values': [-1, 2]::FLOAT[]}] AS tail_logsums", "tail_logsums at temperature 1 has a mass above 1")]
    [InlineData("list_concat(tail_logsums, tail_logsums) AS tail_logsums", "has a temperature twice")]
    [InlineData("[{'temperature': 1::FLOAT, 'ids': [-2, 4]}] AS tail_samples", "tail_samples has an id below -1")]
    [InlineData("[{'temperature': 1::FLOAT, 'ids': [1, 2, 3]}] AS tail_samples", "tail_samples at temperature 1 has 3 entries, not a multiple of 2")]
    [InlineData("[{'temperature': 1::FLOAT, 'counts': [1, 2]::UTINYINT[]}] AS head_draws", "head_draws has 2 counts for 16 head_ids")]
    [InlineData("[{'temperature': 1::FLOAT, 'counts': list_transform(head_ids, x -> 0::UTINYINT)}] AS head_draws", "head_draws has a count below 1")]
    [InlineData("[{'temperature': 3::FLOAT, 'counts': list_transform(head_ids, x -> 1::UTINYINT)}] AS head_draws", "head_draws was drawn at temperature 3, whose tail_logsums are missing")]
    [InlineData("[{'temperature': 'nan'::FLOAT, 'counts': list_transform(head_ids, x -> 1::UTINYINT)}] AS head_draws", "whose tail_logsums are missing")]
    public async Task A_hostile_file_is_refused_with_what_is_wrong_in_it(string change, string what)
    {
        await TracesFile.WriteAsync(folder["t.parquet"], Some.Async([Distribution(seed: 1, positions: 2)]), default);
        Rewrite("t.parquet", $"SELECT * REPLACE ({change}) FROM traces");

        var error = await Assert.ThrowsAsync<ForgeException>(() => Some.ListAsync(TracesFile.ReadAsync([folder["t.parquet"]], default)));

        Assert.Contains(what, error.Message);
    }

    void Rewrite(string file, string sql)
    {
        File.Move(folder[file], folder["before.parquet"], overwrite: true);
        using var database = DuckDatabase.Open(folder["spill"], [folder[file], folder["before.parquet"]]);
        database.Execute($"CREATE VIEW traces AS FROM read_parquet('{folder["before.parquet"]}')", default);
        database.Execute($"COPY ({sql}) TO '{folder[file]}' (FORMAT parquet)", default);
    }

    // Heads of 8 and their exact tails, as a teacher has them: some sure, some not.
    static TokenTrace Distribution(int seed, int positions)
    {
        var random = new Random(seed);
        var all = Enumerable.Range(0, positions).Select(_ =>
        {
            var sharpness = 1 + (9 * random.NextDouble());
            var weights = Enumerable.Range(0, 9).Select(_ => Math.Exp(sharpness * random.NextDouble())).ToArray();
            return weights.Select(w => Math.Log(w / weights.Sum())).ToArray();
        }).ToList();
        return Some.Trace(1, positions) with
        {
            HeadSizes = [.. Enumerable.Repeat(8, positions)],
            HeadIds = [.. Enumerable.Range(0, positions).SelectMany(_ => Enumerable.Range(3, 8))],
            HeadLogprobs = [.. all.SelectMany(p => p[..8]).Select(l => (float)l)],
            TailLogSums = [new TailLogSums(1, [.. all.Select(p => MathF.Round((float)p[8] * 1024) / 1024)])],
            TailSamples = [],
        };
    }
}
