using System.Text.Json;
using DistillForge.Data.Prompts;

namespace DistillForge.Tests.Data.Prompts;

public sealed class HomeTemplateTests
{
    static readonly PromptTemplate Template = PromptTemplate.Load(Path.Combine(Home.Root, "prompts", "home.prompt.yaml"));

    [Fact]
    public void Every_drawn_answer_is_canonical_and_uses_known_words()
    {
        var draws = Template.Draw(17).Take(20_000).ToArray();

        Assert.All(draws, draw => Assert.True(HomeLanguage.Problem(draw.Expected!) is null, $"{draw.Messages[0].Content} => {draw.Expected}: {HomeLanguage.Problem(draw.Expected!)}"));
    }

    [Fact]
    public void Every_action_and_every_room_is_drawn_often_enough_to_be_learnt()
    {
        var answers = Template.Draw(18).Take(6_000).Select(draw => draw.Expected!).ToArray();

        Assert.All(HomeLanguage.Actions, action => Assert.True(answers.Count(a => a.Contains($"\"{action}\"", StringComparison.Ordinal)) >= 90, action));
        Assert.All(HomeLanguage.AllRooms, room => Assert.True(answers.Count(a => a.Contains($"\"{room}.", StringComparison.Ordinal)) >= 150, room));
    }

    [Fact]
    public void Six_thousand_prompts_are_made_without_running_dry()
        => Assert.Equal(6_000, Template.Take(7, 6_000).Select(draw => draw.Messages[0].Content).Distinct().Count());

    [Fact]
    public void No_hand_written_command_is_among_200_000_draws()
    {
        var byHand = HandWritten.Read("hand-written.jsonl").Concat(HandWritten.Read("hand-written-dev.jsonl")).Select(row => Plain(row.Question)).ToHashSet();
        Assert.True(byHand.Count > 400);

        Assert.DoesNotContain(Template.Draw(19).Take(200_000).Select(draw => Plain(draw.Messages[0].Content)), byHand.Contains);
    }

    // Not the engine's own way to compare texts, or the test would share its mistakes.
    static string Plain(string text) => string.Join(' ', new string([.. text.ToLowerInvariant().Where(c => c != '\'').Select(c => char.IsLetterOrDigit(c) || c == '%' ? c : ' ')]).Split(' ', StringSplitOptions.RemoveEmptyEntries));
}

/// <summary>What people wrote by hand.</summary>
static class HandWritten
{
    public sealed record Row(string Split, string Category, string Question, string Answer);

    public static IReadOnlyList<Row> Read(string name)
        => [.. File.ReadLines(Path.Combine(Home.Root, "datasets", "home", name)).Select(line => JsonDocument.Parse(line).RootElement).Select(json => new Row(json.GetProperty("split").GetString()!, json.GetProperty("category").GetString()!, json.GetProperty("question").GetString()!, json.GetProperty("answer").GetRawText()))];
}

public sealed class HandWrittenTests
{
    [Theory]
    [InlineData("hand-written.jsonl", "test", 300)]
    [InlineData("hand-written-dev.jsonl", "dev", 100)]
    public void The_set_is_large_enough_and_every_answer_is_canonical(string name, string split, int least)
    {
        var rows = HandWritten.Read(name);

        Assert.True(rows.Count >= least, $"{rows.Count} rows");
        Assert.All(rows, row => Assert.Equal(split, row.Split));
        Assert.All(rows, row => Assert.True(HomeLanguage.Problem(row.Answer) is null, $"{row.Question} => {row.Answer}: {HomeLanguage.Problem(row.Answer)}"));
    }

    [Fact]
    public void No_command_is_there_twice_nor_in_both_sets()
    {
        var all = HandWritten.Read("hand-written.jsonl").Concat(HandWritten.Read("hand-written-dev.jsonl")).Select(row => row.Question.ToLowerInvariant().Trim('.', '!', '?')).ToArray();

        Assert.Equal(all.Length, all.Distinct().Count());
    }

    [Fact]
    public void The_test_set_asks_for_every_action()
        => Assert.Empty(HomeLanguage.Actions.Except(HandWritten.Read("hand-written.jsonl").Select(row => JsonDocument.Parse(row.Answer).RootElement.GetProperty("action").GetString()!)));
}
