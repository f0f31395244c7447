using System.Diagnostics;
using System.Text.Json;
using DistillForge.Filters;
using Some = DistillForge.Tests.Data.Some;

namespace DistillForge.Tests.Filters;

public sealed class RefusalSetTests
{
    static bool IsDropped(string text) => new Refusal(new Refusal.Options()).Judge(Some.Example(text)).Action == FilterAction.Drop;

    [Fact]
    public void Knows_refusals_that_its_author_did_not_write()
    {
        Assert.True(RefusalSet.Refusals.Count >= 150 && RefusalSet.LookAlikes.Count >= 150, $"{RefusalSet.Refusals.Count} refusals, {RefusalSet.LookAlikes.Count} look-alikes");
        var missed = RefusalSet.Refusals.Where(text => !IsDropped(text)).ToList();
        var wrong = RefusalSet.LookAlikes.Where(IsDropped).ToList();
        var right = RefusalSet.Refusals.Count - missed.Count;
        var figures = $"recall {right}/{RefusalSet.Refusals.Count}, wrong {wrong.Count}/{RefusalSet.LookAlikes.Count}\nmissed:\n{string.Join('\n', missed)}\nwrong:\n{string.Join('\n', wrong)}";

        Assert.True(right >= 0.98 * RefusalSet.Refusals.Count && right >= 0.95 * (right + wrong.Count), figures);
    }

    static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web);

    /// <summary>Answers of every length, tone and language, and harder look-alikes, by another hand; measured blind once, see <c>src/decisions/curation.md</c>.</summary>
    sealed record Row(string Text, bool Refusal, string Kind);

    // The first four are among what the weights were fitted on; the fifth was measured blind, and nothing was tuned after.
    [Theory]
    [InlineData("refusals.jsonl", 0.98, 0.98)]
    [InlineData("refusals-one.jsonl", 0.97, 0.98)]
    [InlineData("refusals-two.jsonl", 0.97, 0.98)]
    [InlineData("refusals-three.jsonl", 0.97, 0.98)]
    [InlineData("refusals-four.jsonl", 0.89, 0.92)]
    public void Finds_refusals_in_many_tones_and_languages_and_takes_few_other_answers_for_one(string set, double recall, double precision)
    {
        var (refusals, others) = Read(set);
        var missed = refusals.Where(row => !IsDropped(row.Text)).Select(row => $"[{row.Kind}] {row.Text}").ToList();
        var wrong = others.Where(row => Judge(row.Text, new Refusal.Options()).Reason?.Code == "refusal").Select(row => $"[{row.Kind}] {row.Text}").ToList();
        // "As an AI I don't eat, but the best pancakes …" answers, and is boilerplate all the same.
        var boilerplate = others.Count(row => IsDropped(row.Text)) - wrong.Count;
        var right = refusals.Count - missed.Count;

        Assert.True(right >= recall * refusals.Count && right >= precision * (right + wrong.Count) && boilerplate <= 0.04 * others.Count, $"missed {missed.Count}, wrong {wrong.Count}, boilerplate {boilerplate}\n{string.Join('\n', missed)}\nwrong:\n{string.Join('\n', wrong)}");
    }

    [Fact]
    public void A_higher_bound_finds_fewer_and_is_wrong_less_often()
    {
        var sets = new[] { "refusals.jsonl", "refusals-one.jsonl", "refusals-two.jsonl" }.Select(Read).ToList();
        var (refusals, others) = (sets.SelectMany(set => set.Refusals).ToList(), sets.SelectMany(set => set.Others).ToList());
        int Dropped(List<Row> rows, double bound) => rows.Count(row => Judge(row.Text, new Refusal.Options(Bound: bound, Boilerplate: false)).Action == FilterAction.Drop);

        var found = new[] { -1.0, 0.5, 3 }.Select(bound => Dropped(refusals, bound)).ToList();
        var wrong = new[] { -1.0, 0.5, 3 }.Select(bound => Dropped(others, bound)).ToList();

        Assert.True(found[0] >= found[1] && found[1] > found[2] && wrong[0] > wrong[1] && wrong[1] >= wrong[2], $"found {string.Join(' ', found)}, wrong {string.Join(' ', wrong)}");
    }

    static Verdict Judge(string text, Refusal.Options options) => new Refusal(options).Judge(Some.Example(text));

    static (List<Row> Refusals, List<Row> Others) Read(string set)
    {
        var rows = File.ReadLines(Path.Combine(Home.Root, "tests", "DistillForge.Tests", "Filters", set)).Select(line => JsonSerializer.Deserialize<Row>(line, Json)!).ToList();
        var (refusals, others) = (rows.Where(row => row.Refusal).ToList(), rows.Where(row => !row.Refusal).ToList());
        Assert.True(refusals.Count >= 200 && others.Count >= 200);
        return (refusals, others);
    }

    [Theory]
    [InlineData("I can't recommend this enough!")]
    [InlineData("I couldn't provide the papers in time, so the bank said no.")]
    [InlineData("While I can't replace a lawyer, here are the steps: write, file, wait.")]
    [InlineData("He told me that I cannot share the report.")]
    [InlineData("Anna: I can't help you with that.\nBen: Why not?")]
    [InlineData("Sure! You could write:\n\nI'm afraid I can't answer that question.")]
    [InlineData("There's nothing I can't help you with.")]
    [InlineData("```\nraise ValueError('I cannot process this request')\n```")]
    public void What_is_reported_quoted_conceded_or_praised_is_no_refusal(string text) => Assert.False(IsDropped(text));

    [Fact]
    public void Takes_linear_time_over_hostile_text()
    {
        // The opening is all that is read closely, and its sentences are cut.
        foreach (var part in new[] { "i can not ", "I'm ", "not i do ", "as an ai ", "\"", "it is not appropriate or ", "I can't.", "ich kann ", "the question is and ", "it is not right or ", "if i can not ", "i have no " })
        {
            var (one, four) = (TimeSpan.MaxValue, TimeSpan.MaxValue);
            for (var round = 0; round < 3 || (round < 30 && four > 8 * one); round++)
            {
                (one, four) = (Quicker(one, part, 25_000), Quicker(four, part, 100_000));
            }

            Assert.True(four <= 8 * one, $"'{part}' 25,000 characters long took {one.TotalMilliseconds} ms, 100,000 characters {four.TotalMilliseconds} ms");
        }
    }

    static TimeSpan Quicker(TimeSpan before, string part, int length)
    {
        var example = Some.Example(string.Concat(Enumerable.Repeat(part, length / part.Length)));
        var filter = new Refusal(new Refusal.Options(Refusal.Place.Throughout));
        var watch = Stopwatch.StartNew();
        filter.Judge(example);
        return watch.Elapsed < before ? watch.Elapsed : before;
    }
}
