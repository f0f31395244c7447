using DistillForge.Data;
using DistillForge.Filters;
using Some = DistillForge.Tests.Data.Some;

namespace DistillForge.Tests.Filters;

public sealed class DecisionTests : IDisposable
{
    static readonly DateTimeOffset Noon = new(2026, 11, 26, 12, 0, 0, TimeSpan.Zero);

    readonly Scratch folder = new();

    public void Dispose() => folder.Dispose();

    [Fact]
    public async Task What_people_decide_wins_over_the_filters_and_rows_that_await_them_are_neither_kept_nor_dropped()
    {
        var rows = new Rows([("ask", "fine"), ("ask", "bad"), ("ask", "bad too"), ("ask", "odd"), ("ask", "odd one"), ("ask", "odd, write to anna@example.org"), ("ask", "fine too")]);
        var decisions = new Decisions(
        [
            On("1", DecisionKind.Approve), On("4", DecisionKind.Reject), On("5", DecisionKind.Edit) with { Edited = "even, write to ben@example.org" }, On("6", DecisionKind.Reject),
            On("6", DecisionKind.Approve) with { Time = Noon.AddHours(-1) }, On("3", DecisionKind.Comment) with { Comment = "who knows" },
        ]);

        var summary = await RunAsync("filters: [ regex: { deny: [ bad ] }, blocked-terms: { terms: [ odd ], action: review }, redact ]", rows, decisions);

        var curated = await Some.ListAsync(ExamplesFile.ReadAsync([folder["curated.parquet"]], default));
        var verdicts = await Some.ListAsync(VerdictsFile.ReadAsync([folder["verdicts.parquet"]], default));
        Assert.Equal((3, 3, 1, 1), (summary.Kept, summary.Dropped, summary.Awaiting, summary.Changed));
        Assert.Equal(["fine", "bad", "even, write to [EMAIL]"], curated.Select(row => row.Text));
        Assert.Equal(new Dictionary<string, long> { ["denied-pattern"] = 1, ["rejected"] = 2 }, summary.ByReason);
        Assert.Equal(new Dictionary<string, long> { ["approved"] = 1, ["edited"] = 1, ["rejected"] = 2 }, summary.ByPersons);
        Assert.Equal("goes on as row " + curated[2].Id + ", by Ada, 2026-11-26 12:00 UTC", Person("5").Reason!.Detail);
        Assert.Equal("by Ada, 2026-11-26 12:00 UTC: who knows", Person("3").Reason!.Detail);
        Assert.Equal(Policy("filters: [ regex: { deny: [ bad ] } ]").Filters[0].Version, verdicts.First(row => row.Filter == "regex").Version);

        Verdict Person(string id) => Assert.Single(verdicts, row => row.Id == id && row.Filter == Decisions.Filter).Verdict;
    }

    [Fact]
    public async Task A_filter_that_was_taught_to_judge_otherwise_signs_with_another_version()
    {
        await RunAsync("filters: [ refusal, regex: { deny: [ bad ] } ]", new Rows([("ask", "I can't help with that.")]), new Decisions([]));

        var verdicts = await Some.ListAsync(VerdictsFile.ReadAsync([folder["verdicts.parquet"]], default));
        var policy = Policy("filters: [ refusal, regex: { deny: [ bad ] } ]").Filters;
        Assert.Equal((4, 1), (FilterPipeline.RevisionOf("refusal"), FilterPipeline.RevisionOf("regex")));
        Assert.NotEqual(policy[0].Version, verdicts.Single(row => row.Filter == "refusal").Version);
        Assert.Equal((FilterPipeline.VersionOf(policy[0]), policy[1].Version), (verdicts.Single(row => row.Filter == "refusal").Version, verdicts.Single(row => row.Filter == "regex").Version));
    }

    [Fact]
    public async Task An_approval_does_not_lift_the_terms_that_a_row_is_under()
    {
        folder.Put("teachers.yaml", "teachers:\n  - { name: rival, match: { model: '*' }, may_train: no }\n");
        var terms = new TermsInForce(TermsRegister.Read([folder["teachers.yaml"]]), new Dictionary<string, TeacherSigns>(), null);

        var summary = await RunAsync("filters: [ terms ]", new Rows([("ask", "fine")]), new Decisions([On("0", DecisionKind.Approve)]), terms);

        Assert.Equal((0, 1, 1), (summary.Kept, summary.Dropped, summary.ByReason["terms-forbid-training"]));
    }

    [Theory]
    [InlineData("sheet.csv")]
    [InlineData("sheet.jsonl")]
    public void A_sheet_comes_back_as_it_went_out_and_no_spreadsheet_takes_an_answer_for_a_formula(string name)
    {
        string[] answers = ["=HYPERLINK(\"http://evil\")", "-1", "'+1", "''@x", "plain, \"quoted\"\nand two lines", "@sum", ""];
        ReviewSheet.Write(folder[name], answers.Select((answer, i) => new Dictionary<string, string> { ["id"] = $"{i}", ["answer"] = answer, ["prompt"] = "ünïcode 👍" }));

        var rows = ReviewSheet.Read(folder[name]);

        Assert.Equal(answers, rows.Select(row => row["answer"]));
        Assert.All(rows, row => Assert.Equal("ünïcode 👍", row["prompt"]));
        Assert.True(name.EndsWith("jsonl", StringComparison.Ordinal) || !File.ReadAllText(folder[name]).Contains(",=", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("id,decision,reviewer\n0,aprove,Ada\n", "is 'aprove'.", "Did you mean 'approve'?")]
    [InlineData("id,decision,reviewer\n9,approve,Ada\n", "'9' is no row of this run.", "")]
    [InlineData("id,decision\n0,approve\n", "is missing.", "--reviewer")]
    [InlineData("id,decision,reviewer\n0,edit,Ada\n", "does not change the answer.", "")]
    [InlineData("id,decision,reviewer,edited\n0,edit,Ada,as it was\n", "does not change the answer.", "")]
    [InlineData("id,decision,reviewer,edited\n0,approve,Ada,other\n", "has an answer, but the decision is 'approve'.", "")]
    [InlineData("id,decision,reviewer,time\n0,approve,Ada,2026-11-27T00:00:00Z\n", "lies in the future.", "")]
    [InlineData("id,decision,reviewer,time\n0,approve,Ada,yesterday\n", "'yesterday' is no time.", "")]
    [InlineData("id,decision,reviewer\n0,comment,Ada\n", "is empty.", "")]
    [InlineData("id,decision,reviewer\n0,approve,\"A\u0007da\"\n", "is no name: 1 to 100 characters on one line.", "")]
    [InlineData("id,verdict\n0,approve\n", "unknown key.", "Known")]
    [InlineData("id,id\n0,approve\n", "names a column twice.", "")]
    public void A_sheet_that_says_nonsense_is_refused_with_the_line(string csv, string what, string instead)
    {
        var problems = new List<Problem>();
        var error = Record.Exception(() =>
        {
            foreach (var row in ReviewSheet.Read(folder.Put("sheet.csv", csv)))
            {
                Assert.Null(row.ToDecision(new Dictionary<string, string> { ["0"] = "as it was" }, null, Noon, problems));
            }
        });

        var problem = Assert.Single(error is ForgeException refused ? refused.Problems : problems);
        Assert.Equal(what, problem.What);
        Assert.Contains(instead, problem.Instead, StringComparison.Ordinal);
        Assert.InRange(problem.Line, 1, 2);
    }

    [Theory]
    [InlineData("{\"id\":\"0\",\"decision\":[]}")]
    [InlineData("[[[[[[[[[[[[[[]]]]]]]]]]]]]]")]
    [InlineData("{\"id\":\"\\ud800\"}")]
    [InlineData("nothing")]
    public void A_line_that_is_no_object_of_texts_is_refused(string line)
        => Assert.Equal(1, Assert.Throws<ForgeException>(() => ReviewSheet.Read(folder.Put("sheet.jsonl", line + "\n"))).Problems[0].Line);

    async Task<FilterSummary> RunAsync(string policy, IDataset rows, params object[] services)
        => await new FilterPipeline(Policy(policy), SilentProgress.Instance, services).RunAsync(rows, folder["verdicts.parquet"], folder["curated.parquet"], default);

    [Theory]
    [InlineData("name: \"a\\e[31m\"\nfilters: [ encoding ]", "name")]
    [InlineData("version: \"1\\n2\"\nfilters: [ encoding ]", "version")]
    public void A_policy_whose_name_steers_a_terminal_is_refused(string text, string where)
        => Assert.Equal(where, Assert.Single(Assert.Throws<ForgeException>(() => Policy(text)).Problems).Where);

    FilterPolicy Policy(string text) => RecipeReader.ReadPolicy(folder.Put("policy.yaml", text), new KnownNames { Filters = FilterPipeline.Known });

    static Decision On(string id, DecisionKind kind) => new(id, kind, null, null, "Ada", Noon);
}
