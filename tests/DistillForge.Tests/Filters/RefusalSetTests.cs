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

        Assert.True(right >= 0.95 * RefusalSet.Refusals.Count && right >= 0.98 * (right + wrong.Count), figures);
    }

    static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web);

    /// <summary>Answers of every length, tone and language, and harder look-alikes, by another hand; measured blind once, see <c>src/decisions/curation.md</c>.</summary>
    sealed record Row(string Text, bool Refusal, string Kind);

    [Fact]
    public void Finds_refusals_in_many_tones_and_languages_and_takes_few_other_answers_for_one()
    {
        var rows = File.ReadLines(Path.Combine(Home.Root, "tests", "DistillForge.Tests", "Filters", "refusals.jsonl")).Select(line => JsonSerializer.Deserialize<Row>(line, Json)!).ToList();
        var (refusals, others) = (rows.Where(row => row.Refusal).ToList(), rows.Where(row => !row.Refusal).ToList());
        Assert.True(refusals.Count >= 200 && others.Count >= 200);
        var missed = refusals.Where(row => !IsDropped(row.Text)).Select(row => $"[{row.Kind}] {row.Text}").ToList();
        var wrong = others.Where(row => new Refusal(new Refusal.Options()).Judge(Some.Example(row.Text)).Reason?.Code == "refusal").Select(row => $"[{row.Kind}] {row.Text}").ToList();
        // "As an AI I don't eat, but the best pancakes …" answers, and is boilerplate all the same.
        var boilerplate = others.Count(row => IsDropped(row.Text)) - wrong.Count;

        Assert.True(missed.Count <= 0.1 * refusals.Count && wrong.Count <= 0.02 * others.Count && boilerplate <= 0.04 * others.Count, $"missed {missed.Count}, wrong {wrong.Count}, boilerplate {boilerplate}\n{string.Join('\n', missed)}\nwrong:\n{string.Join('\n', wrong)}");
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
