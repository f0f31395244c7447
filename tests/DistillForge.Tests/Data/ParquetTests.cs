using DistillForge.Data;
using DistillForge.Data.Duck;

namespace DistillForge.Tests.Data;

public sealed class ParquetTests : IDisposable
{
    readonly Scratch folder = new();

    public void Dispose() => folder.Dispose();

    // 5,000 rows are three chunks; order matters.
    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(5000)]
    public async Task Prompts_come_back_as_they_were_written(int count)
    {
        var prompts = Enumerable.Range(0, count).Select(Some.Prompt).ToList();

        Assert.Equal(count, await PromptsFile.WriteAsync(folder["p.parquet"], Some.Async(prompts), default));

        Assert.Equal(Some.Text(prompts), Some.Text(await Some.ListAsync(PromptsFile.ReadAsync([folder["p.parquet"]], default))));
        Assert.Equal(count, await RowCount.OfAsync([folder["p.parquet"]], default));
    }

    [Fact]
    public async Task Examples_come_back_as_they_were_written_but_for_their_traces()
    {
        var examples = Enumerable.Range(0, 3000).Select(Some.Example).ToList();

        await ExamplesFile.WriteAsync(folder["e.parquet"], Some.Async(examples.Select(e => e with { Trace = Some.Trace(1) })), default);

        Assert.Equal(Some.Text(examples), Some.Text(await Some.ListAsync(ExamplesFile.ReadAsync([folder["e.parquet"]], default))));
    }

    [Fact]
    public async Task Traces_come_back_bit_for_bit_with_empty_heads_infinities_and_unscored_rows()
    {
        var traces = Enumerable.Range(0, 2500).Select(i => Some.Trace(i, completion: i % 7, head: i % 5)).ToList();
        traces.AddRange(Enumerable.Range(5000, 40).Select(Some.DrawnTrace));
        traces.Add(Some.Trace(9999) with { TokenLogprobs = [], TokenRanks = [], Entropies = [], HeadSizes = [], HeadIds = [], HeadLogprobs = [], TailLogSums = [], TailSamples = [] });

        await TracesFile.WriteAsync(folder["t.parquet"], Some.Async(traces), default);

        Assert.Equal(Some.Text(traces), Some.Text(await Some.ListAsync(TracesFile.ReadAsync([folder["t.parquet"]], default))));
    }

    [Fact]
    public async Task Failures_and_verdicts_come_back_as_they_were_written()
    {
        List<Failure> failures = [new("a", "prompt-too-long", "has 9 tokens"), new("b", "worker-died", "")];
        List<JudgedRow> verdicts = [new("a", "min-length", 0, Verdict.Keep), new("a", "max-length", 1, Verdict.Drop("too-long", "9 words")), new("b", "x", 2, Verdict.Warn("odd", ""))];

        await FailuresFile.WriteAsync(folder["f.parquet"], Some.Async(failures), default);
        await VerdictsFile.WriteAsync(folder["v.parquet"], Some.Async(verdicts), default);

        Assert.Equal(failures, await Some.ListAsync(FailuresFile.ReadAsync([folder["f.parquet"]], default)));
        Assert.Equal(verdicts, await Some.ListAsync(VerdictsFile.ReadAsync([folder["v.parquet"]], default)));
    }

    [Fact]
    public async Task A_dataset_is_in_the_order_of_ids_with_each_trace_at_its_row()
    {
        int[] order = [4, 0, 3, 1, 2];
        await ExamplesFile.WriteAsync(folder["e1.parquet"], Some.Async(order[..2].Select(Some.Example)), default);
        await ExamplesFile.WriteAsync(folder["e2.parquet"], Some.Async(order[2..].Select(Some.Example)), default);
        await TracesFile.WriteAsync(folder["t.parquet"], Some.Async(new[] { 2, 4, 77, 0 }.Select(i => Some.Trace(i))), default);

        var dataset = new ParquetDataset([folder["e1.parquet"], folder["e2.parquet"]], [folder["t.parquet"]]);
        var rows = await Some.ListAsync(dataset.ReadAsync(default));

        Assert.Equal(5, dataset.Count);
        Assert.Equal(order.Select(Some.Id).Order(StringComparer.Ordinal), rows.Select(row => row.Id));
        Assert.Equal(new[] { 0, 2, 4 }.Select(Some.Id).Order(StringComparer.Ordinal), rows.Where(row => row.Trace is not null).Select(row => row.Trace!.Id));
        Assert.All(rows, row => Assert.Equal(row.Id, row.Trace?.Id ?? row.Id));
    }

    [Fact]
    public async Task Two_scorers_of_one_row_are_an_error_until_one_is_named()
    {
        await ExamplesFile.WriteAsync(folder["e.parquet"], Some.Async([Some.Example(1)]), default);
        await TracesFile.WriteAsync(folder["t.parquet"], Some.Async([Some.Trace(1), Some.Trace(1) with { Scorer = "other" }]), default);

        var either = new ParquetDataset([folder["e.parquet"]], [folder["t.parquet"]]);
        var other = new ParquetDataset([folder["e.parquet"]], [folder["t.parquet"]], "other");

        Assert.Contains("Name the scorer to take.", (await Assert.ThrowsAsync<ForgeException>(() => Some.ListAsync(either.ReadAsync(default)))).Message);
        Assert.Equal("other", (await Some.ListAsync(other.ReadAsync(default))).Single().Trace!.Scorer);
    }

    [Fact]
    public async Task When_the_rows_fail_their_error_comes_out_and_no_file_is_left()
    {
        var error = await Assert.ThrowsAsync<InvalidOperationException>(() => PromptsFile.WriteAsync(folder["p.parquet"], Broken(), default));

        Assert.Equal("the teacher left", error.Message);
        Assert.Empty(Directory.EnumerateFileSystemEntries(folder.Folder));

        static async IAsyncEnumerable<Prompt> Broken()
        {
            yield return Some.Prompt(1);
            await Task.Yield();
            throw new InvalidOperationException("the teacher left");
        }
    }

    [Fact]
    public async Task Cancelling_ends_the_write_and_leaves_no_file()
    {
        using var stop = new CancellationTokenSource();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => PromptsFile.WriteAsync(folder["p.parquet"], Endless(), stop.Token));

        Assert.Empty(Directory.EnumerateFileSystemEntries(folder.Folder));

        async IAsyncEnumerable<Prompt> Endless()
        {
            for (var i = 0; ; i++)
            {
                yield return Some.Prompt(i);
                if (i == 10_000)
                {
                    await stop.CancelAsync();
                }
            }
        }
    }

    [Fact]
    public async Task A_folder_that_cannot_be_made_is_named()
    {
        folder.Put("file", "");

        var error = await Assert.ThrowsAsync<ForgeException>(() => PromptsFile.WriteAsync(folder["file/p.parquet"], Some.Async([Some.Prompt(1)]), default));

        Assert.StartsWith($"{folder["file/p.parquet"]}: cannot be written: ", error.Message);
    }

    [Fact]
    public async Task A_full_disk_is_named_and_leaves_nothing()
    {
        Directory.CreateDirectory(folder["d"]);
        File.CreateSymbolicLink(folder["d/p.parquet.partial"], "/dev/full");

        var error = await Assert.ThrowsAsync<ForgeException>(() => PromptsFile.WriteAsync(folder["d/p.parquet"], Some.Async([Some.Prompt(1)]), default));

        Assert.Contains("cannot be written: the disk is full.", error.Message);
        Assert.Empty(Directory.EnumerateFileSystemEntries(folder["d"]));
    }
}

public sealed class ForeignParquetTests : IDisposable
{
    readonly Scratch folder = new();

    public void Dispose() => folder.Dispose();

    [Theory]
    [InlineData("SELECT 'a' AS id, 'c' AS kode, 'd' AS detail", "code", "is missing. Did you mean 'kode'?")]
    [InlineData("SELECT 'a' AS id, 7 AS code, 'd' AS detail", "code", "is INTEGER, should be VARCHAR.")]
    public async Task Columns_of_another_name_or_type_are_named(string sql, string column, string what)
    {
        var error = await ReadFailures(sql);

        Assert.Contains(error.Problems, problem => problem.Where == column && $"{problem.What} {problem.Instead}".TrimEnd() == what);
    }

    [Fact]
    public async Task An_absent_value_is_named_with_its_column()
        => Assert.EndsWith("column code has no value in a row that needs one", (await ReadFailures("SELECT 'a' AS id, NULL::VARCHAR AS code, 'd' AS detail")).Message);

    [Fact]
    public async Task Extra_columns_and_another_order_do_no_harm()
    {
        Make("SELECT 1 AS more, 'd' AS detail, 'c' AS code, 'a' AS id");

        Assert.Equal([new Failure("a", "c", "d")], await Some.ListAsync(FailuresFile.ReadAsync([folder["x.parquet"]], default)));
    }

    [Fact]
    public async Task Lengths_that_do_not_fit_each_other_are_named_with_the_row()
    {
        await TracesFile.WriteAsync(folder["x.parquet"], Some.Async([Some.Trace(1) with { HeadIds = [1] }]), default);

        var error = await Assert.ThrowsAsync<ForgeException>(() => Some.ListAsync(TracesFile.ReadAsync([folder["x.parquet"]], default)));

        Assert.Contains($"row {Some.Id(1)}: head_ids and head_logprobs have 1 and 6 entries, head_sizes adds up to 6", error.Message);
    }

    [Fact]
    public async Task A_file_that_is_no_parquet_is_named()
    {
        var path = folder.Put("x.parquet", "PAR1 this is not PAR1");

        var error = await Assert.ThrowsAsync<ForgeException>(() => Some.ListAsync(FailuresFile.ReadAsync([path], default)));

        Assert.StartsWith($"{path}: cannot be read as failures: ", error.Message);
    }

    // Whatever is broken, the answer is either a clear error or the rows; never fewer rows in silence.
    [Fact]
    public async Task Every_truncation_and_every_flipped_byte_is_an_error_or_harmless()
    {
        List<Failure> rows = [.. Enumerable.Range(0, 200).Select(i => new Failure(Some.Id(i), "code", $"detail {i}"))];
        await FailuresFile.WriteAsync(folder["good.parquet"], Some.Async(rows), default);
        var good = await File.ReadAllBytesAsync(folder["good.parquet"]);
        var random = new Random(5);
        var refused = 0;
        for (var i = 0; i < 60; i++)
        {
            var bad = i % 3 == 0 ? good[..random.Next(good.Length)] : [.. good];
            if (i % 3 != 0)
            {
                bad[i % 3 == 1 ? random.Next(good.Length) : good.Length - 1 - random.Next(600)] ^= (byte)(1 << random.Next(8));
            }

            await File.WriteAllBytesAsync(folder["bad.parquet"], bad);
            try
            {
                Assert.Equal(200, (await Some.ListAsync(FailuresFile.ReadAsync([folder["bad.parquet"]], default))).Count);
            }
            catch (ForgeException)
            {
                refused++;
            }
        }

        Assert.InRange(refused, 20, 60);
    }

    async Task<ForgeException> ReadFailures(string sql)
    {
        Make(sql);
        return await Assert.ThrowsAsync<ForgeException>(() => Some.ListAsync(FailuresFile.ReadAsync([folder["x.parquet"]], default)));
    }

    void Make(string sql)
    {
        using var database = DuckDatabase.Open(folder["spill"], [folder["x.parquet"]]);
        database.Execute($"COPY ({sql}) TO '{folder["x.parquet"]}' (FORMAT parquet)", default);
    }
}
