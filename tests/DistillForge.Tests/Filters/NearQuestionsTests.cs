using DistillForge.Filters;

namespace DistillForge.Tests.Filters;

/// <summary>What is measured on must be known again among what is trained on, and nothing else.</summary>
public sealed class NearQuestionsTests
{
    [Fact]
    public void A_question_is_the_same_near_or_new_whatever_stands_around_it()
    {
        // 300 questions of 30 to 49 words: every third is trained on word for word, every third with its last word changed, every third not at all.
        var questions = Enumerable.Range(0, 300).Select(i => Words(i, 30 + (i % 20))).ToList();
        var near = new NearQuestions();
        questions.ForEach(question => near.Add([Message.System("be brief"), Message.User(question)]));

        for (var i = 0; i < 5_000; i++)
        {
            near.Meet([Message.User(Words(1_000 + i, 40))]);
        }

        for (var i = 0; i < questions.Count; i++)
        {
            near.Meet([Message.User((i % 3) switch { 0 => $"  {questions[i].ToUpperInvariant()}?!", 1 => questions[i][..questions[i].LastIndexOf(' ')] + " other", _ => Words(10_000 + i, 40) })]);
        }

        Nearness[] expected = [.. questions.Select((_, i) => (i % 3) switch { 0 => Nearness.Same, 1 => Nearness.Near, _ => Nearness.None })];
        Assert.Equal(expected.Where((nearness, _) => nearness != Nearness.Near), near.Found.Where((_, i) => expected[i] != Nearness.Near));
        // The bands miss one in a hundred at this similarity (0.92 and above).
        Assert.InRange(near.Found.Where((_, i) => expected[i] == Nearness.Near).Count(found => found == Nearness.Near), 98, 100);
    }

    [Theory]
    [InlineData("dim the lamp", "Dim the lamp!", Nearness.Same)]
    [InlineData("dim the lamp", "dim the lamps", Nearness.None)]
    [InlineData("dim the lamp", "lamp the dim", Nearness.None)]
    [InlineData("", "", Nearness.Same)]
    [InlineData("?", "!", Nearness.None)]
    [InlineData("one two three four five six", "one two three four five six seven", Nearness.None)] // 2 of 3 runs
    [InlineData("1 2 3 4 5 6 7 8", "1 2 3 4 5 6 7 8 9", Nearness.Near)] // 4 of 5 runs
    public void Short_prompts_are_one_run(string question, string trained, Nearness expected)
    {
        var near = new NearQuestions();
        near.Add([Message.User(question)]);

        near.Meet([Message.User(trained)]);

        Assert.Equal(expected, near.Found.Single());
    }

    static string Words(int seed, int count) => string.Join(' ', Enumerable.Range(0, count).Select(i => $"w{seed}x{i}"));
}
