using DistillForge.Filters;
using Some = DistillForge.Tests.Data.Some;

namespace DistillForge.Tests.Filters;

/// <summary>What every filter owes, whoever adds it.</summary>
public sealed class FilterContractTests
{
    static readonly Catalog<IFilter> RowFilters = new(typeof(FilterPipeline).Assembly);
    static readonly Catalog<IDatasetFilter> DatasetFilters = new(typeof(FilterPipeline).Assembly);

    // Ordinary, empty, odd and broken rows; each twice.
    static readonly List<Example> Rows =
    [
        .. from round in new[] { 0, 1 }
           from example in new[]
           {
               Some.Example(1), Some.Example("", 2), Some.Example("{\"action\":1}", 3), Some.Example("\ud800 lone", 4), Some.Example(new string('x', 100_000), 5),
               Some.Example("x", 6) with { Completion = [] }, Some.Example("x", 7) with { FinishReason = "length" },
               Some.Example(8) with { Trace = Some.Trace(8) }, Some.Example(9) with { Trace = Some.Trace(9) with { TokenLogprobs = [float.NaN, float.NegativeInfinity] } },
           }
           select example,
    ];

    static readonly Catalog<ITransform> Transforms = new(typeof(FilterPipeline).Assembly);

    public static TheoryData<string> RowNames => new(RowFilters.Names);

    public static TheoryData<string> DatasetNames => new(DatasetFilters.Names);

    [Fact]
    public void The_catalogs_are_as_they_were_approved()
    {
        Assert.Equal(
            ["blocked-terms", "decontaminate", "encoding", "entropy", "expected-answer", "finish-reason", "json-schema", "language", "low-confidence-span", "max-length", "min-length", "perplexity", "pii", "profanity", "program", "prompt-echo", "prompt-injection", "refusal", "regex", "repetition", "sql-answer", "teacher-confidence", "terms", "unclosed", "valid-json"],
            RowFilters.Names);
        Assert.Equal(["balance", "disagreement", "diversity", "exact-duplicate", "near-duplicate", "self-consistency", "sql"], DatasetFilters.Names);
        Assert.Equal(["redact"], Transforms.Names);
        Assert.Equal(["judge"], new Catalog<IModelFilter>(typeof(FilterPipeline).Assembly).Names);
    }

    [Theory]
    [MemberData(nameof(RowNames))]
    public void A_row_filter_says_the_same_again_explains_itself_and_leaves_the_row_alone(string name)
    {
        var (one, two) = (RowFilters.Create(name, null), RowFilters.Create(name, null));
        foreach (var row in Rows)
        {
            var before = Some.Text(row);

            var verdict = one.Judge(row);

            Assert.Equal(verdict, one.Judge(row));
            Assert.Equal(verdict, two.Judge(row));
            Assert.Equal(before, Some.Text(row));
            CheckReason(verdict);
        }
    }

    [Theory]
    [MemberData(nameof(DatasetNames))]
    public async Task A_dataset_filter_gives_one_verdict_a_row_the_same_again_and_leaves_the_rows_alone(string name)
    {
        var filter = DatasetFilters.Create(name, null);
        var before = Some.Text(Rows);

        var verdicts = await Some.ListAsync(filter.JudgeAsync(new InMemory(Rows), default));

        Assert.Equal(Rows.Count, verdicts.Count);
        Assert.Equal(verdicts, await Some.ListAsync(filter.JudgeAsync(new InMemory(Rows), default)));
        Assert.Equal(before, Some.Text(Rows));
        Assert.All(verdicts, CheckReason);
    }

    [Fact]
    public void A_transform_does_the_same_again_and_leaves_the_row_alone()
    {
        foreach (var transform in Transforms.Names.Select(name => Transforms.Create(name, null)))
        {
            foreach (var row in Rows.Append(Some.Example("mail anna@example.org", 10)))
            {
                var before = Some.Text(row);

                var after = transform.Apply(row);

                Assert.Equal(before, Some.Text(row));
                Assert.Equal(Some.Text(after), Some.Text(transform.Apply(row)));
                Assert.True(ReferenceEquals(after, row) || (after.Id != row.Id && after.Trace is null));
            }
        }
    }

    static void CheckReason(Verdict verdict)
    {
        Assert.Equal(verdict.Action == FilterAction.Keep, verdict.Reason is null);
        if (verdict.Reason is { } reason)
        {
            Assert.Matches("^[a-z][a-z0-9]*(-[a-z0-9]+)*$", reason.Code);
            Assert.NotEmpty(reason.Detail);
        }
    }

    internal sealed class InMemory(IReadOnlyList<Example> rows) : IDataset
    {
        public long Count => rows.Count;

        public IAsyncEnumerable<Example> ReadAsync(CancellationToken cancellationToken) => Some.Async(rows);
    }
}
