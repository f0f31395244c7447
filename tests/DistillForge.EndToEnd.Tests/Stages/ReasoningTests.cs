using DistillForge.Data;
using DistillForge.Models;
using DistillForge.Runs.Stages;
using DistillForge.Text;

namespace DistillForge.EndToEnd.Tests.Stages;

public class ReasoningTests
{
    static readonly Lazy<BpeTokenizer> Home = new(() =>
    {
        using var file = GgufFile.Open(Path.Combine(Core.Home.Root, "models", "home-teacher.gguf"));
        return new BpeTokenizer(Vocabulary.FromGguf(file));
    });

    [Theory]
    [InlineData("<think>two and two</think>\n\nfour", "two and two", "four")]
    [InlineData("  <think>\na\n</think>b", "a", "b")]
    [InlineData("the template opened it</think> four", "the template opened it", "four")]
    [InlineData("<think>never closed", "never closed", "")]
    [InlineData("<think></think>four", "", "four")]
    public void Thoughts_are_told_from_the_answer(string text, string thought, string answer)
        => Assert.Equal((thought, answer), Reasoning.Find(text));

    [Theory]
    [InlineData("four")]
    [InlineData("I say <think> in the middle")]
    public void An_answer_without_thoughts_is_left_alone(string text)
        => Assert.Null(Reasoning.Find(text));

    [Fact]
    public void Kept_thoughts_change_nothing()
    {
        var answer = AnswerOf("<think>a</think>b");

        Assert.Same(answer, Reasoning.Treat(answer, ReasoningTreatment.Keep, Home.Value));
    }

    [Fact]
    public void Split_thoughts_have_a_place_of_their_own_and_the_trace_stays_whole()
    {
        var answer = AnswerOf("<think>turn on</think>the lamp");

        var treated = Reasoning.Treat(answer, ReasoningTreatment.Split, Home.Value).Example!;

        Assert.Equal(("turn on", "the lamp"), (treated.Reasoning, treated.Text));
        Assert.Same(answer.Example!.Trace, treated.Trace);
    }

    [Fact]
    public void Dropped_thoughts_stay_in_the_trace_and_off_the_loss()
    {
        var answer = AnswerOf("<think>turn on</think>the lamp");

        var treated = Reasoning.Treat(answer, ReasoningTreatment.Drop, Home.Value).Example!;
        var trained = treated.Trace!.TokenIds[treated.Trace.PromptLength..].Where((_, i) => treated.Trace.LossMask[i]).ToArray();

        Assert.Equal((null, "the lamp"), (treated.Reasoning, treated.Text));
        Assert.Equal(answer.Example!.Trace!.TokenIds, treated.Trace.TokenIds);
        Assert.Equal("the lamp", Home.Value.Decode(trained));
    }

    [Fact]
    public void Without_a_tokenizer_nothing_of_a_dropped_row_is_trained_on()
        => Assert.All(Reasoning.Treat(AnswerOf("<think>a</think>b"), ReasoningTreatment.Drop, null).Example!.Trace!.LossMask, Assert.False);

    [Fact]
    public void Thoughts_that_never_end_leave_no_answer_to_keep()
    {
        var treated = Reasoning.Treat(AnswerOf("<think>and so on"), ReasoningTreatment.Drop, Home.Value);

        Assert.Equal("only-reasoning", treated.Failure!.Code);
    }

    static Answer AnswerOf(string text)
    {
        var ids = Home.Value.Encode(text, parseSpecial: false);
        return Answer.Of(new Example
        {
            Id = "row",
            Prompt = [Message.User("?")],
            Completion = [Message.Assistant(text)],
            Author = "a",
            Trace = new TokenTrace { Id = "row", Scorer = "s", Vocabulary = "v", TokenIds = [1, 2, .. ids], PromptLength = 2, LossMask = [.. Enumerable.Repeat(true, ids.Length)] },
        });
    }
}
