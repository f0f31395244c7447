using DistillForge.Filters;
using Some = DistillForge.Tests.Data.Some;

namespace DistillForge.Tests.Filters;

public sealed class RepetitionTests
{
    [Theory]
    [InlineData("Hello there, how are you today?", null)]
    [InlineData("no no no no no", null)]
    [InlineData("no no no no no no", "loop")]
    [InlineData("I am fine. I am fine. I am fine. I am fine. I am fine. I am fine.", "loop")]
    [InlineData("I am fine. I am well. I am fine. I am well. I am fine. I am well.", null)]
    [InlineData("one line\n\none line\none line\n  one line\none line\n", "line-run")]
    [InlineData("a\nb\na\nb\na\nb\na\nb\n", null)]
    public void Drops_answers_that_go_round_in_circles(string text, string? dropped)
        => Assert.Equal(dropped, new Repetition(new()).Judge(Some.Example(text)).Reason?.Code);

    [Theory]
    [InlineData('-', 99, null)]
    [InlineData('-', 100, "character-run")]
    [InlineData(' ', 100, "character-run")]
    [InlineData('\n', 100, "character-run")]
    public void Drops_long_runs_of_one_character(char character, int times, string? dropped)
        => Assert.Equal(dropped, new Repetition(new()).Judge(Some.Example("x" + new string(character, times) + "y")).Reason?.Code);

    [Fact]
    public void Says_where_the_loop_is()
        => Assert.Equal("a phrase of 2 words 6 times in a row, characters 4..44; may come 5 times", new Repetition(new()).Judge(Some.Example("Yes go on, go on, go on, go on, go on, go on")).Reason?.Detail);

    [Fact]
    public void Drops_answers_that_are_mostly_phrases_that_were_there_before()
    {
        var verse = "the quick brown fox jumps over the lazy dog near the quiet river bank today";
        var other = "a slow green turtle walks under some busy cat far from every loud road tonight";
        var chorus = string.Join(". ", Enumerable.Range(0, 5).Select(i => i % 2 == 0 ? verse : other));

        Assert.Equal("repeated-phrases", new Repetition(new()).Judge(Some.Example(chorus)).Reason?.Code);
        Assert.Null(new Repetition(new()).Judge(Some.Example(verse + other)).Reason);
        Assert.Null(new Repetition(new(PhraseShare: 0.9)).Judge(Some.Example(chorus)).Reason);
    }
}
