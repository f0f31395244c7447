using DistillForge.Data;
using DistillForge.Evaluation.Benchmarks;

namespace DistillForge.Tests.Evaluation.Benchmarks;

public sealed class HomeActionsTests
{
    static readonly Question Dim = new("q", [Message.User("dim the lamp to 30")], """{"action":"set_brightness","target":"lamp","value":30}""");

    [Theory]
    [InlineData("""{"action":"set_brightness","target":"lamp","value":30}""", 1)]
    [InlineData(""" { "value": 30.0, "target": "lamp", "action": "set_brightness" } """, 1)]
    [InlineData("""{"action":"set_brightness","target":"lamp","value":"30"}""", 0)]
    [InlineData("""{"action":"set_brightness","target":"lamp","value":31}""", 0)]
    [InlineData("""{"action":"set_brightness","target":"lamp","value":30,"delay_s":0}""", 0)]
    [InlineData("""{"action":"set_brightness","target":"lamp"}""", 0)]
    [InlineData("""{"action":"set_brightness","target":"lamp","value":30,"value":30}""", 0)]
    [InlineData("""{"action":"set_brightness","target":"lamp","value":30}.""", 0)]
    [InlineData("""Sure: {"action":"set_brightness","target":"lamp","value":30}""", 0)]
    [InlineData("```json\n{\"action\":\"set_brightness\",\"target\":\"lamp\",\"value\":30}\n```", 0)]
    [InlineData("", 0)]
    [InlineData("[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[", 0)]
    public void Only_the_same_json_value_is_right(string answer, double grade)
        => Assert.Equal(grade, new HomeActions(new()).Grade(Dim, answer));

    [Fact]
    public void It_asks_all_hand_written_test_commands_and_their_own_answers_are_right()
    {
        var benchmark = new HomeActions(new());

        var questions = benchmark.Questions().ToArray();

        Assert.True(questions.Length >= 300, $"{questions.Length} questions");
        Assert.Equal(questions.Length, questions.Select(q => q.Id).Distinct().Count());
        Assert.All(questions, question => Assert.Equal(1, benchmark.Grade(question, question.Expected)));
        Assert.All(questions, question => Assert.NotNull(question.Category));
    }

    [Fact]
    public void Another_split_is_another_benchmark()
        => Assert.Empty(new HomeActions(new(Split: "train")).Questions());

    [Fact]
    public void The_catalog_finds_both_benchmarks()
        => Assert.Superset(new HashSet<string> { "exact-match", "home-actions" }, new Catalog<IBenchmark>(typeof(HomeActions).Assembly).Names.ToHashSet());
}

public sealed class ExactMatchTests : IDisposable
{
    readonly string file = Path.GetTempFileName() + ".csv";

    ExactMatch.Options Asking => new() { File = new RecipeFile(file, file), Question = "ask", Answer = "reply" };

    public ExactMatchTests() => File.WriteAllText(file, "ask,reply,kind\nCapital of France?,Paris,geo\n\"2, or 3?\",two,math\n");

    public void Dispose() => File.Delete(file);

    [Fact]
    public void Any_table_with_a_question_and_an_answer_column_will_do()
    {
        var questions = new ExactMatch(Asking with { Category = "kind", System = "Be brief." }).Questions().ToArray();

        Assert.Equal(["Paris", "two"], questions.Select(q => q.Expected));
        Assert.Equal([Message.System("Be brief."), Message.User("2, or 3?")], questions[1].Messages);
        Assert.Equal("math", questions[1].Category);
    }

    [Theory]
    [InlineData(false, " Paris\n", 1)]
    [InlineData(false, "paris", 0)]
    [InlineData(true, "paris", 1)]
    [InlineData(true, "Paris.", 0)]
    public void Spaces_around_an_answer_do_not_matter_and_case_only_where_it_should(bool ignoreCase, string answer, double grade)
        => Assert.Equal(grade, new ExactMatch(Asking with { IgnoreCase = ignoreCase }).Grade(new("q", [], "Paris"), answer));

    [Fact]
    public void A_column_that_is_not_there_is_told_with_the_nearest_one()
    {
        var error = Assert.Throws<ForgeException>(() => new ExactMatch(Asking with { Question = "asks" }).Questions().ToArray());

        Assert.Contains("asks", error.Message, StringComparison.Ordinal);
        Assert.Contains("Did you mean 'ask'?", error.Message, StringComparison.Ordinal);
    }
}
