using DistillForge.Filters;
using Some = DistillForge.Tests.Data.Some;

namespace DistillForge.Tests.Filters;

public class AnswerTests
{
    [Theory]
    [InlineData(AnswerForm.Text, "Paris", " paris.\n", null)]
    [InlineData(AnswerForm.Text, "Paris", "It is Paris", "wrong-answer")]
    [InlineData(AnswerForm.Text, "Paris", " . ", "no-answer")]
    [InlineData(AnswerForm.Number, "1234", "First 7, so 1,200 + 34 = 1,234.", null)]
    [InlineData(AnswerForm.Number, "#### 5", "12-7 is 12 - 7, thus 5", null)]
    [InlineData(AnswerForm.Number, "5", "that leaves 12-5", null)]
    [InlineData(AnswerForm.Number, "5", "minus: −5", "wrong-answer")]
    [InlineData(AnswerForm.Number, "0.333333333", "1/3 = 0.33333333", null)]
    [InlineData(AnswerForm.Number, "0.3333", "0.3334", "wrong-answer")]
    [InlineData(AnswerForm.Number, "1e3", "1000", null)]
    [InlineData(AnswerForm.Number, "3", "one of 1,2,3", null)]
    [InlineData(AnswerForm.Number, "-1234567.5", "(-1,234,567.5)", null)]
    [InlineData(AnswerForm.Number, "5", "five", "no-answer")]
    [InlineData(AnswerForm.Number, "five", "5", "unusable-expected-answer")]
    [InlineData(AnswerForm.Json, """{"a":1,"b":[2,"x"]}""", """ { "b": [2.0, "\u0078"], "a": 1e0 } """, null)]
    [InlineData(AnswerForm.Json, """{"a":1,"b":[2,3]}""", """{"a":1,"b":[3,2]}""", "wrong-answer")]
    [InlineData(AnswerForm.Json, """{"a":1}""", "Sure: {\"a\":1}", "no-answer")]
    public void Drops_what_does_not_come_to_the_expected_answer(AnswerForm form, string expected, string answer, string? dropped)
    {
        var verdict = new ExpectedAnswer(new(form)).Judge(Some.Example(answer) with { Expected = expected });

        Assert.Equal(dropped, verdict.Reason?.Code);
    }

    [Fact]
    public void A_row_without_an_expected_answer_stays_unless_the_policy_says_otherwise()
    {
        var row = Some.Example("5") with { Expected = null };

        Assert.Equal(Verdict.Keep, new ExpectedAnswer(new()).Judge(row));
        Assert.Equal("no-expected-answer", new ExpectedAnswer(new(WithoutExpected: ExpectedAnswer.Unknown.Drop)).Judge(row).Reason?.Code);
    }

    [Theory]
    [InlineData("4|is 4|5", 0.5, "keep keep minority-answer")]
    [InlineData("4|is 4|5", 0.7, "no-majority no-majority no-majority")]
    [InlineData("4|5", 0.5, "no-majority no-majority")]
    [InlineData("4|4|5|5|6", 0.3, "no-majority no-majority no-majority no-majority no-majority")]
    [InlineData("4|none|4", 0.5, "keep no-number keep")]
    [InlineData("none|nothing", 0.5, "no-majority no-majority")]
    [InlineData("4", 0.5, "too-few-samples")]
    public async Task Keeps_what_most_answers_to_a_prompt_say(string answers, double agreement, string expected)
    {
        // Another prompt's answers, between them, count for nothing.
        var other = Some.Example("5", 2) with { Prompt = [Message.User("other?")] };
        var rows = new FilterContractTests.InMemory([.. answers.Split('|').SelectMany(answer => new[] { Some.Example(answer), other, other })]);

        var verdicts = await Some.ListAsync(new SelfConsistency(new(AnswerForm.Number, agreement)).JudgeAsync(rows, default));

        Assert.Equal(expected.Replace("no-number", "minority-answer", StringComparison.Ordinal), string.Join(' ', verdicts.Where((_, i) => i % 3 == 0).Select(verdict => verdict.Reason?.Code ?? "keep")));
        Assert.All(verdicts.Where((_, i) => i % 3 != 0), verdict => Assert.Equal(Verdict.Keep, verdict));
    }

    [Fact]
    public async Task Says_what_the_others_say()
    {
        var rows = new FilterContractTests.InMemory([Some.Example("so 4"), Some.Example("4"), Some.Example("I think 5")]);

        var verdicts = await Some.ListAsync(new SelfConsistency(new(AnswerForm.Number)).JudgeAsync(rows, default));

        Assert.Equal(new Reason("minority-answer", "says '5', 2 of 3 say '4'"), verdicts[2].Reason);
    }
}
