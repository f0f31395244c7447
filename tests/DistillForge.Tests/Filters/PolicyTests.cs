using DistillForge.Data;
using DistillForge.Filters;
using Some = DistillForge.Tests.Data.Some;

namespace DistillForge.Tests.Filters;

public sealed class PolicyTests : IDisposable
{
    readonly Scratch folder = new();

    public void Dispose() => folder.Dispose();

    [Fact]
    public void An_included_policy_comes_first_and_what_is_named_again_is_replaced()
    {
        folder.Put("base.yaml", "filters: [ min-length: { words: 1 }, finish-reason, max-length ]");
        folder.Put("middle.yaml", "include: base.yaml\nfilters: [ repetition ]");
        var policy = Read("include: [ middle.yaml ]\nfilters: [ refusal, min-length: { words: 5 } ]");

        Assert.Equal(["finish-reason", "max-length", "repetition", "refusal", "min-length"], policy.Filters.Select(filter => filter.Name));
        Assert.Contains("5", policy.Filters[^1].Text, StringComparison.Ordinal);
    }

    [Fact]
    public void A_policy_that_includes_itself_is_refused()
    {
        folder.Put("other.yaml", "include: policy.yaml\nfilters: []");

        var error = Assert.Throws<ForgeException>(() => Read("include: other.yaml\nfilters: []"));

        Assert.Equal("policy.yaml includes itself.", Assert.Single(error.Problems).What);
    }

    [Theory]
    [InlineData("regex: { deny: [ '(' ] }", "regex.deny[0]")]
    [InlineData("regex", "regex.")]
    [InlineData("language: { keep: [ xx ] }", "language.keep")]
    [InlineData("near-duplicate: { threshold: 0.2 }", "near-duplicate.threshold")]
    [InlineData("decontaminate", "decontaminate.against")]
    [InlineData("balance", "balance.")]
    [InlineData("blocked-terms: { list: nowhere.txt }", "blocked-terms.list")]
    [InlineData("json-schema", "json-schema.schema")]
    [InlineData("pii: { kinds: [ emial ] }", "pii.kinds[0]")]
    public void Options_that_do_not_do_are_found_when_the_policy_is_read(string filter, string where)
    {
        var error = Assert.Throws<ForgeException>(() => Read($"filters:\n  - min-length\n  - {filter}\n"));

        var problem = Assert.Single(error.Problems);
        Assert.Equal((3, $"filters[1].{where}"), (problem.Line, problem.Where));
    }

    [Fact]
    public async Task A_transform_changes_what_is_kept_and_the_verdicts_say_so()
    {
        var rows = new Rows([("ask", "mail anna@example.org please"), ("ask", "no data at all"), ("ask", "mail ben@example.org now")]);
        var policy = Read("filters: [ redact, regex: { deny: [ ben ] } ]");

        var summary = await new FilterPipeline(policy, SilentProgress.Instance).RunAsync(rows, folder["verdicts.parquet"], folder["curated.parquet"], default);

        var curated = await Some.ListAsync(ExamplesFile.ReadAsync([folder["curated.parquet"]], default));
        var verdicts = await Some.ListAsync(VerdictsFile.ReadAsync([folder["verdicts.parquet"]], default));
        Assert.Equal((2, 1, 1), (summary.Kept, summary.Dropped, summary.Changed));
        Assert.Equal(["mail [EMAIL] please", "no data at all"], curated.Select(row => row.Text));
        Assert.Equal("1", curated[1].Id);
        Assert.Equal(
            ["0 redact Warn", "0 regex Keep", "1 redact Keep", "1 regex Keep", "2 redact Warn", "2 regex Drop"],
            verdicts.Select(row => $"{row.Id} {row.Filter} {row.Verdict.Action}"));
        Assert.Equal(new Reason("changed", $"goes on as row {curated[0].Id}"), verdicts[0].Verdict.Reason);
    }

    [Fact]
    public async Task The_default_policy_keeps_ordinary_answers_of_many_kinds()
    {
        string[] answers =
        [
            "Yes.", "42", "{\"action\":\"on\"}", "Paris is the capital of France.", "```python\nfor i in range(3):\n    print(i)\n```\nThat prints three lines.",
            "1. Wash\n2. Cut\n3. Cook", "| a | b |\n|---|---|\n| 1 | 2 |", "Ha ha ha! That's so funny :)", "今日はいい天気ですね。", "Ja, gerne – um 8 Uhr?", "é", "(see below", "I know, I know, I know.", "👍🏽",
        ];
        var policy = RecipeReader.ReadPolicy(Path.Combine(Home.Root, "filters", "default.yaml"), new KnownNames { Filters = FilterPipeline.Known });

        var summary = await new FilterPipeline(policy, SilentProgress.Instance).RunAsync(new Rows([.. answers.Select(answer => ("ask", answer))]), folder["verdicts.parquet"], folder["curated.parquet"], default);

        Assert.Empty(summary.ByReason);
        Assert.Equal(answers.Length, summary.Kept);
    }

    FilterPolicy Read(string text) => RecipeReader.ReadPolicy(folder.Put("policy.yaml", text), new KnownNames { Filters = FilterPipeline.Known });
}
