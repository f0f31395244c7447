using DistillForge.Data;

namespace DistillForge.Tests.Data;

public sealed class SqlTests : IAsyncLifetime
{
    readonly Scratch folder = new();

    public async Task InitializeAsync()
    {
        await ExamplesFile.WriteAsync(folder["run/examples/000001.parquet"], Some.Async(Enumerable.Range(0, 10).Select(Some.Example)), default);
        await FailuresFile.WriteAsync(folder["run/failures.parquet"], Some.Async([new Failure("x", "prompt-too-long", "d")]), default);
        folder.Put("secret.csv", "a\n1\n");
    }

    public Task DisposeAsync()
    {
        folder.Dispose();
        return Task.CompletedTask;
    }

    [Fact]
    public async Task Stage_files_are_tables()
    {
        var table = await Query("SELECT count(*) AS n, max(completion[1].content) AS said, NULL AS nothing FROM examples; ");

        Assert.Equal(["n", "said", "nothing"], table.Columns);
        Assert.Equal(["BIGINT", "VARCHAR", "INTEGER"], table.Types);
        Assert.Equal(["10", "Answer 9, and a longer text than twelve bytes: žluťoučký kůň.", null], table.Rows.Single());
    }

    [Fact]
    public async Task Coded_log_probabilities_can_be_read()
    {
        await TracesFile.WriteAsync(folder["run/traces/000001.parquet"], Some.Async([Some.Trace(1) with { HeadLogprobs = [.. Enumerable.Repeat(-4f, 6)] }]), default);

        Assert.Equal(["-4.0"], (await Query("SELECT list_min(list_transform(head_logprobs, code -> logprob(code))) FROM traces")).Rows.Single());
    }

    [Theory]
    [InlineData("SELECT * FROM settings", "there is no table 'settings' in this run.", "There are examples, failures.")]
    [InlineData("SELECT * FROM example", "there is no table 'example' in this run.", "Did you mean 'examples'? There are examples, failures.")]
    public async Task Who_names_a_table_that_is_not_there_hears_which_are(string sql, string what, string instead)
    {
        var problem = (await Assert.ThrowsAsync<ForgeException>(() => Query(sql))).Problems.Single();

        Assert.Equal((what, instead), (problem.What, problem.Instead));
    }

    [Fact]
    public async Task Rows_beyond_the_limit_are_cut_and_told()
    {
        var table = await Sql.QueryAsync("FROM range(100)", folder["run"], default, limit: 3);

        Assert.Equal((3, true), (table.Rows.Count, table.Truncated));
    }

    [Theory]
    [InlineData("SELECT * FROM read_csv('{0}/secret.csv')")]
    [InlineData("SELECT * FROM '/etc/passwd'")]
    [InlineData("SELECT * FROM read_text('/etc/passwd')")]
    [InlineData("COPY (SELECT 1) TO '{0}/run/made.csv'")]
    [InlineData("SELECT 1; COPY (SELECT 1) TO '{0}/run/made.csv'")]
    [InlineData("SELECT 1) TO '{0}/run/made.csv' --")]
    [InlineData("DROP VIEW examples")]
    [InlineData("ATTACH '{0}/run/made.db'")]
    [InlineData("INSTALL httpfs")]
    [InlineData("SET enable_external_access = true")]
    [InlineData("SELECT * FROM nowhere")]
    public async Task Nothing_but_reading_the_runs_own_files_is_possible(string sql)
    {
        await Assert.ThrowsAsync<ForgeException>(() => Query(sql.Replace("{0}", folder.Folder)));

        Assert.Equal(["examples", "failures.parquet"], Directory.EnumerateFileSystemEntries(folder["run"]).Select(Path.GetFileName).Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task A_long_query_stops_when_it_is_cancelled()
    {
        using var stop = new CancellationTokenSource(TimeSpan.FromMilliseconds(200));

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => Sql.QueryAsync("SELECT sum(a.range * b.range) FROM range(10000000) a, range(10000000) b", folder["run"], stop.Token));
    }

    Task<SqlTable> Query(string sql) => Sql.QueryAsync(sql, folder["run"], default);
}
