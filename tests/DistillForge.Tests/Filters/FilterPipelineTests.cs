using DistillForge.Data;
using DistillForge.Filters;
using Some = DistillForge.Tests.Data.Some;

namespace DistillForge.Tests.Filters;

public sealed class FilterPipelineTests : IDisposable
{
    readonly Scratch folder = new();

    public void Dispose() => folder.Dispose();

    [Fact]
    public async Task Every_filter_judges_every_row_and_the_first_drop_is_the_cause()
    {
        var rows = new Rows([("a", "one two"), ("a", "one two"), ("b", ""), ("b", ""), ("c", "one")]);

        var summary = await RunAsync("filters: [ { min-length: { words: 1 } }, exact-duplicate, { max-length: { words: 1, action: warn } } ]", rows);

        var verdicts = await Some.ListAsync(VerdictsFile.ReadAsync([folder["verdicts.parquet"]], default));
        Assert.Equal(
            [
                "0 min-length Keep", "0 exact-duplicate Keep", "0 max-length Warn too-long",
                "1 min-length Keep", "1 exact-duplicate Drop duplicate", "1 max-length Warn too-long",
                "2 min-length Drop too-short", "2 exact-duplicate Keep", "2 max-length Keep",
                "3 min-length Drop too-short", "3 exact-duplicate Drop duplicate", "3 max-length Keep",
                "4 min-length Keep", "4 exact-duplicate Keep", "4 max-length Keep",
            ],
            verdicts.Select(row => $"{row.Id} {row.Filter} {row.Verdict.Action} {row.Verdict.Reason?.Code}".TrimEnd()));
        Assert.Equal((2, 3), (summary.Kept, summary.Dropped));
        Assert.Equal(new Dictionary<string, long> { ["duplicate"] = 1, ["too-short"] = 2 }, summary.ByReason);
        Assert.Equal(["0", "4"], (await Some.ListAsync(ExamplesFile.ReadAsync([folder["curated.parquet"]], default))).Select(row => row.Id));
    }

    [Fact]
    public async Task Thousands_of_rows_stay_in_order_and_none_is_lost()
    {
        var rows = new Rows([.. Enumerable.Range(0, 3000).Select(i => ("ask", i % 3 == 0 ? "" : $"answer {i}"))]);

        var summary = await RunAsync("filters: [ min-length, exact-duplicate ]", rows);

        Assert.Equal((2000, 1000), (summary.Kept, summary.Dropped));
        Assert.Equal(Enumerable.Range(0, 3000).Where(i => i % 3 != 0).Select(i => $"{i}"), (await Some.ListAsync(ExamplesFile.ReadAsync([folder["curated.parquet"]], default))).Select(row => row.Id));
        Assert.Equal(6000, await RowCount.OfAsync([folder["verdicts.parquet"]], default));
    }

    [Fact]
    public async Task A_preview_counts_what_each_filter_adds_and_shows_it_without_control_characters()
    {
        var rows = new Rows([("a", "one two"), ("a", "one two"), ("b", ""), ("b", ""), ("c", "one\u001b[2J two")]);

        var preview = await new FilterPipeline(RecipeReader.ReadPolicy(folder.Put("policy.yaml", "filters: [ { min-length: { words: 1 } }, exact-duplicate, { max-length: { words: 1, action: review } } ]"), Known), SilentProgress.Instance).PreviewAsync(rows, 3, default);

        Assert.Equal((5, 3, 0), (preview.Rows, preview.Dropped, preview.Changed));
        Assert.Equal(
            ["min-length Drop too-short 2 2 2", "exact-duplicate Drop duplicate 2 1 1", "max-length Review too-long 3 0 0"],
            preview.Reasons.Select(reason => $"{reason.Filter} {reason.Action} {reason.Code} {reason.Rows} {reason.Causes} {reason.Examples[0].Id}"));
        Assert.Equal("5 rows: 0 would be kept, 3 dropped (60.0 %), 2 would await a person (40.0 %)", preview.Lines().First());
        Assert.Contains("    one\uFFFD[2J two", preview.Lines());
        Assert.DoesNotContain(preview.Lines(), line => line.Contains('\u001b', StringComparison.Ordinal));
        Assert.False(Path.Exists(folder["verdicts.parquet"]) || Path.Exists(folder["curated.parquet"]));
    }

    [Fact]
    public async Task Without_filters_every_row_is_kept()
        => Assert.Equal(2, (await RunAsync("filters: []", new Rows([("a", ""), ("a", "")]))).Kept);

    [Fact]
    public async Task A_dataset_that_breaks_leaves_no_files()
    {
        var broken = new Broken();

        Assert.Equal("disk on fire", (await Assert.ThrowsAsync<IOException>(() => RunAsync("filters: [ exact-duplicate ]", broken))).Message);
        Assert.Equal(["policy.yaml"], Directory.EnumerateFiles(folder.Folder).Select(Path.GetFileName));
    }

    [Theory]
    [InlineData("default")]
    [InlineData("home")]
    [InlineData("strict")]
    [InlineData("code")]
    [InlineData("governance")]
    public void The_policies_that_we_ship_are_read(string name)
        => Assert.Contains("teacher-confidence", RecipeReader.ReadPolicy(Path.Combine(Home.Root, "filters", $"{name}.yaml"), Known).Filters.Select(filter => filter.Name));

    [Fact]
    public void Options_are_checked_when_the_policy_is_read()
    {
        var path = folder.Put("policy.yaml", "filters:\n  - min-length: { word: 1 }\n  - teacher-confidence: { without_trace: drp, action: keep }\n");

        var error = Assert.Throws<ForgeException>(() => RecipeReader.ReadPolicy(path, Known));

        Assert.Equal(
            ["2 filters[0].min-length.word unknown key. Did you mean 'words'?", "3 filters[1].teacher-confidence.without_trace is 'drp'; it takes keep or drop. Did you mean 'drop'?", "3 teacher-confidence.action is 'keep', which would judge nothing. Write drop, warn or review, or remove the filter."],
            error.Problems.Select(problem => $"{problem.Line} {problem.Where} {problem.What} {problem.Instead}".TrimEnd()));
    }

    static KnownNames Known => new() { Filters = FilterPipeline.Known };

    Task<FilterSummary> RunAsync(string policy, IDataset rows)
        => new FilterPipeline(RecipeReader.ReadPolicy(folder.Put("policy.yaml", policy), Known), SilentProgress.Instance)
            .RunAsync(rows, folder["verdicts.parquet"], folder["curated.parquet"], default);

    sealed class Broken : IDataset
    {
        public long Count => 2;

        public async IAsyncEnumerable<Example> ReadAsync([System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancellationToken)
        {
            yield return Some.Example(1);
            await Task.Yield();
            throw new IOException("disk on fire");
        }
    }
}
