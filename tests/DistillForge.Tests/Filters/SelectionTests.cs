using DistillForge.Data;
using DistillForge.Filters;
using Some = DistillForge.Tests.Data.Some;

namespace DistillForge.Tests.Filters;

/// <summary>Filters that choose a part of the dataset.</summary>
public sealed class SelectionTests : IDisposable
{
    readonly Scratch folder = new();

    public void Dispose() => folder.Dispose();

    [Theory]
    [InlineData(1, "keep drop keep drop")]
    [InlineData(2, "keep keep keep drop")]
    [InlineData(3, "keep keep keep keep")]
    public async Task Keeps_so_many_rows_of_a_cluster_of_near_duplicates(int most, string actions)
    {
        const string Text = "the quick brown fox jumps over the lazy dog while nineteen small grey cats look on from a wooden fence near the old mill and say nothing at all about it";
        string[] answers = [Text, Text + " today", string.Join(' ', Text.Split(' ').Reverse()), Text + " yesterday"];
        var rows = new FilterContractTests.InMemory([.. answers.Select((answer, i) => Some.Example(answer, i))]);

        var verdicts = await Some.ListAsync(new NearDuplicate(new(By: ExactDuplicate.Parts.Completion, Most: most)).JudgeAsync(rows, default));

        Assert.Equal(actions, Actions(verdicts));
        Assert.Equal(most == 2 ? $"; the cluster of row {Some.Id(0)} has 2 rows already" : "", verdicts[3].Reason?.Detail is { } detail && detail.Contains(';', StringComparison.Ordinal) ? detail[detail.IndexOf(';', StringComparison.Ordinal)..] : "");
    }

    [Theory]
    [InlineData(1, 1, "drop keep drop drop drop")]
    [InlineData(2, 1, "drop keep drop keep drop")]
    [InlineData(0, 0.6, "keep keep drop keep drop")]
    [InlineData(9, 1, "keep keep keep keep keep")]
    public async Task Keeps_the_rows_that_say_most_that_is_new(int keep, double share, string actions)
    {
        string[] answers = ["red apples are sweet", "green pears are sour and hard when they come from the north", "green pears are sour and hard when they come", "old ships sail slowly through cold fog at night", "red apples are sweet"];
        var rows = new FilterContractTests.InMemory([.. answers.Select((answer, i) => Some.Example(answer, i))]);

        var verdicts = await Some.ListAsync(new Diversity(new(keep, share, By: ExactDuplicate.Parts.Completion)).JudgeAsync(rows, default));

        Assert.Equal(actions, Actions(verdicts));
    }

    [Fact]
    public async Task Keeps_the_rows_on_which_the_student_disagrees_most_with_the_teacher()
    {
        float[] teacher = [-1, -1, -1, -1, -1];
        // Nats a token by which the teacher is surer: 0.5, 3, none (not scored), 1, −0.5; a token without a chance counts 20.
        float[]?[] student = [[-1.5f, -1.5f, -1.5f, -1.5f, -1.5f], [0, 0, 0, 0, float.NegativeInfinity], null, [-2, -2, -2, -2, -2], [-.5f, -.5f, -.5f, -.5f, -.5f]];
        var traces = student.Select((logprobs, i) => (Logprobs: logprobs, Id: i)).Where(row => row.Logprobs is not null).Select(row => Some.Trace(row.Id) with { Scorer = "student", TokenLogprobs = row.Logprobs! });
        await TracesFile.WriteAsync(folder["traces.parquet"], Some.Async(traces), default);
        var rows = new FilterContractTests.InMemory([.. Enumerable.Range(0, 5).Select(i => Some.Example(i) with { Trace = Some.Trace(i) with { TokenLogprobs = teacher } })]);
        var options = new Disagreement.Options { Student = [new RecipeFolder("traces", folder.Folder)], Share = 0.5 };

        var verdicts = await Some.ListAsync(new Disagreement(options).JudgeAsync(rows, default));

        Assert.Equal("drop keep keep keep drop", Actions(verdicts));
        Assert.Equal(new Reason("student-agrees", "the teacher finds the answer 0.500 nats a token likelier than the student does; rows from 1.000 on stay"), verdicts[0].Reason);
        Assert.Equal("drop keep drop drop drop", Actions(await Some.ListAsync(new Disagreement(options with { MinGap = 2, WithoutScore = Disagreement.Unscored.Drop }).JudgeAsync(rows, default))));
    }

    [Theory]
    [InlineData("scorer", "finds no row of this run among the 3 that other scored.")]
    [InlineData(null, "has no log-probabilities of the teacher for any row.")]
    public async Task Scores_of_other_rows_are_an_error_and_do_not_pass_for_agreement(string? scorer, string what)
    {
        await TracesFile.WriteAsync(folder["traces.parquet"], Some.Async(Enumerable.Range(90, 3).Select(i => Some.Trace(i) with { Scorer = "student" })), default);
        var rows = new FilterContractTests.InMemory([.. Enumerable.Range(0, 2).Select(i => Some.Example(i) with { Trace = scorer is null ? null : Some.Trace(i) with { Scorer = scorer } })]);
        var filter = new Disagreement(new Disagreement.Options { Student = [new RecipeFolder("other", folder.Folder)] });

        var error = await Assert.ThrowsAsync<ForgeException>(() => Some.ListAsync(filter.JudgeAsync(rows, default)));

        Assert.Equal(what, Assert.Single(error.Problems).What);
    }

    [Fact]
    public void A_policy_is_judged_anew_when_the_students_scores_change()
    {
        var policy = folder.Put("policy.yaml", "filters: [ disagreement: { student: . } ]");
        folder.Put("0.parquet", "one");
        var before = RecipeReader.ReadPolicy(policy, Known).Filters[0].Text;

        folder.Put("0.parquet", "two");

        Assert.NotEqual(before, RecipeReader.ReadPolicy(policy, Known).Filters[0].Text);
        Assert.DoesNotContain("most", RecipeReader.ReadPolicy(folder.Put("other.yaml", "filters: [ near-duplicate ]"), Known).Filters[0].Text, StringComparison.Ordinal);
    }

    static KnownNames Known => new() { Filters = FilterPipeline.Known };

    static string Actions(IEnumerable<Verdict> verdicts) => string.Join(' ', verdicts.Select(verdict => verdict.Action.ToString().ToLowerInvariant()));
}
