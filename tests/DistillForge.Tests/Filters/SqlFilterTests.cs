using DistillForge.Data;
using DistillForge.Filters;
using Some = DistillForge.Tests.Data.Some;

namespace DistillForge.Tests.Filters;

public sealed class SqlFilterTests : IDisposable
{
    readonly Scratch folder = new();

    public void Dispose() => folder.Dispose();

    [Theory]
    [InlineData("length(answer) >= 4", "", "keep drop keep drop keep")]
    [InlineData("", "length(answer) < 4", "keep drop keep drop keep")]
    [InlineData("category = 'b'", "", "drop drop keep drop drop")]
    [InlineData("", "category = 'b'", "keep keep drop keep keep")]
    [InlineData("", "count(*) OVER (PARTITION BY category ORDER BY id) > 1", "keep drop keep keep drop")]
    [InlineData("question LIKE '%2?'", "", "drop drop keep drop drop")]
    [InlineData("", "list_avg(token_logprobs) < -1 -- as sure as it gets", "drop keep keep keep keep")]
    public async Task Judges_by_an_expression_over_the_columns(string keep, string drop, string actions)
    {
        // Categories a a b - a; the ids are hashes, so the window's order is given here by name.
        Example[] rows = [Row(0, "long", "a") with { Trace = Some.Trace(0) with { TokenLogprobs = [-2, -2, -2, -2, -2] } }, Row(1, "no", "a"), Row(2, "long", "b"), Row(3, "no", null), Row(4, "long", "a")];
        rows = [.. rows.Select((row, i) => row with { Id = $"{i}" })];

        var verdicts = await Some.ListAsync(new SqlFilter(new(keep, drop)).JudgeAsync(new FilterContractTests.InMemory(rows), default));

        Assert.Equal(actions, string.Join(' ', verdicts.Select(verdict => verdict.Action.ToString().ToLowerInvariant())));
    }

    [Fact]
    public async Task Says_whether_it_did_not_hold_or_is_unknown()
    {
        var rows = new FilterContractTests.InMemory([Row(0, "x", null) with { Id = "0" }, Row(1, "x", "a") with { Id = "1" }]);

        var verdicts = await Some.ListAsync(new SqlFilter(new(Keep: "category = 'b'", Code: "no-b")).JudgeAsync(rows, default));

        Assert.Equal([new Reason("no-b", "is unknown: category = 'b'"), new Reason("no-b", "does not hold: category = 'b'")], verdicts.Select(verdict => verdict.Reason));
    }

    [Theory]
    [InlineData("lenght(answer) < 4", "lenght")]
    [InlineData("colour = 'red'", "colour")]
    [InlineData("true); DROP TABLE examples; SELECT (true", "")]
    [InlineData("answer = (SELECT content FROM read_text('/etc/passwd'))", "disabled")]
    [InlineData("exists (SELECT * FROM read_csv('https://example.org/x.csv'))", "")]
    [InlineData("exists (SELECT * FROM '../recipes/*.parquet')", "")]
    public void What_is_no_expression_over_rows_is_refused_when_the_policy_is_read(string predicate, string says)
    {
        var path = folder.Put("policy.yaml", $"filters:\n  - sql:\n      drop: \"{predicate}\"\n");

        var error = Assert.Throws<ForgeException>(() => RecipeReader.ReadPolicy(path, new KnownNames { Filters = FilterPipeline.Known }));

        Assert.Equal(("filters[0].sql.drop", 3), (error.Problems[0].Where, error.Problems[0].Line));
        Assert.Contains(says, error.Message, StringComparison.OrdinalIgnoreCase);
    }

    [Theory]
    [InlineData("(SELECT count(*) FROM range(1000000) a, range(1000000) b) > 5", "longer than 0.2 s")]
    [InlineData("cast(answer AS INTEGER) > 5", "Could not convert string")]
    [InlineData("len((SELECT list(repeat('x', 1000) || a.range) FROM range(300000) a)) > 5", "memory")]
    public async Task Stops_at_its_bounds_and_says_so(string predicate, string says)
    {
        var filter = new SqlFilter(new(Drop: predicate, Seconds: says.Contains("0.2", StringComparison.Ordinal) ? 0.2 : 60, MemoryMb: 64));

        var error = await Assert.ThrowsAsync<ForgeException>(() => Some.ListAsync(filter.JudgeAsync(new FilterContractTests.InMemory([Row(0, "x", null)]), default)));

        Assert.Contains(says, error.Message, StringComparison.OrdinalIgnoreCase);
    }

    static Example Row(int i, string answer, string? category) => Some.Example(answer, i) with { Category = category };
}
