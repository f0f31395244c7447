using DistillForge.Runs.Stages;

namespace DistillForge.EndToEnd.Tests.Stages;

public class OpenPromptsTests
{
    static readonly HashSet<string> Nothing = [];
    static readonly Dictionary<string, Example> Nobody = [];

    static Prompt Turn(string conversation, int turn) => new(
        Id(conversation, turn), [.. Enumerable.Range(0, turn + 1).Select(i => Message.User($"{conversation}{i}?"))], After: turn == 0 ? null : Id(conversation, turn - 1));

    static string Id(string conversation, int turn) => $"{conversation}{turn}".PadRight(64, '-');

    static Answer AnswerTo(Prompt prompt) => Answer.Of(new Example { Id = prompt.Id, Prompt = prompt.Messages, Completion = [Message.Assistant($"to {prompt.Messages[^1].Content}")], Author = "a" });

    [Fact]
    public async Task Each_turn_is_asked_after_the_answer_before_it_and_holds_the_whole_conversation()
    {
        var open = new OpenPrompts([Turn("a", 0), Turn("a", 1), Turn("a", 2), Turn("b", 0), Turn("b", 1)], Nobody, Nothing);
        var asked = new List<Prompt>();

        await foreach (var prompt in open.AskAsync(default))
        {
            asked.Add(prompt);
            Assert.Empty(open.Answered(AnswerTo(prompt)));
        }

        Assert.Equal(5, asked.Count);
        Assert.Equal(["a0?", "to a0?", "a1?", "to a1?", "a2?"], asked.Single(prompt => prompt.Id == Id("a", 2)).Messages.Select(message => message.Content));
        Assert.Equal(["user", "assistant", "user"], asked.Single(prompt => prompt.Id == Id("b", 1)).Messages.Select(message => message.Role));
    }

    [Fact]
    public async Task A_turn_that_fails_takes_those_after_it_along_with_a_cause_and_no_others()
    {
        var open = new OpenPrompts([Turn("a", 0), Turn("a", 1), Turn("a", 2), Turn("b", 0), Turn("b", 1)], Nobody, Nothing);
        var lost = new List<Failure>();
        var answered = 0;

        await foreach (var prompt in open.AskAsync(default))
        {
            var fails = prompt.Id == Id("a", 0);
            lost.AddRange(open.Answered(fails ? Answer.Of(new Failure(prompt.Id, "prompt-too-long", "x")) : AnswerTo(prompt)));
            answered += fails ? 0 : 1;
        }

        Assert.Equal([(Id("a", 1), "turn-before-failed"), (Id("a", 2), "turn-before-failed")], lost.Select(failure => (failure.Id, failure.Code)));
        Assert.Equal(2, answered);
    }

    [Fact]
    public async Task A_conversation_goes_on_from_an_answer_of_an_earlier_session()
    {
        var before = AnswerTo(Turn("a", 0)).Example!;
        var open = new OpenPrompts([Turn("a", 1)], new Dictionary<string, Example> { [before.Id] = before }, Nothing);

        var asked = await open.AskAsync(default).FirstAsync();

        Assert.Equal(["a0?", "to a0?", "a1?"], asked.Messages.Select(message => message.Content));
    }

    [Fact]
    public async Task Turns_after_a_failure_of_an_earlier_session_are_lost_at_once()
    {
        var open = new OpenPrompts([Turn("a", 1), Turn("a", 2)], Nobody, new HashSet<string> { Id("a", 0) });

        Assert.Equal([Id("a", 1), Id("a", 2)], open.Lost.Select(failure => failure.Id));
        Assert.Empty(await open.AskAsync(default).ToListAsync());
    }
}
