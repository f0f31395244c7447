using DistillForge.Core;
using DistillForge.Data;
using DistillForge.Text;

namespace DistillForge.Runs.Stages;

/// <summary>What a model thinks aloud before its answer, <c>&lt;think&gt;…&lt;/think&gt;</c>, split off or dropped as the recipe says.</summary>
static class Reasoning
{
    const string Open = "<think>";
    const string Close = "</think>";

    /// <summary>
    /// The thoughts of an answer and the answer itself; null where there are none. A template may have opened the thoughts already, and an answer
    /// that ran out of tokens may never have closed them.
    /// </summary>
    public static (string Thought, string Answer)? Find(string text)
    {
        var begin = text.TrimStart().StartsWith(Open, StringComparison.Ordinal);
        var close = text.IndexOf(Close, StringComparison.Ordinal);
        return close >= 0 ? (Inside(text[..close]), text[(close + Close.Length)..].TrimStart())
            : begin ? (Inside(text), "")
            : null;

        string Inside(string thought) => (begin ? thought.TrimStart()[Open.Length..] : thought).Trim();
    }

    /// <summary>
    /// Split: the thoughts get a column of their own; the trace stays as the teacher made it. Drop: their text goes, their tokens stay in the
    /// trace, since the teacher's opinion of the answer holds after them only, but nothing is trained on them.
    /// </summary>
    /// <param name="tokenizer">Of the trace; without one, nothing of a dropped row is trained on.</param>
    public static Answer Treat(Answer answer, ReasoningTreatment treatment, ITokenizer? tokenizer)
    {
        if (treatment == ReasoningTreatment.Keep || answer.Example is not { } example || Find(example.Text) is not { } found)
        {
            return answer;
        }

        Message[] completion = [.. example.Completion.SkipLast(1), example.Completion[^1] with { Content = found.Answer }];
        if (treatment == ReasoningTreatment.Split)
        {
            return Answer.Of(example with { Completion = completion, Reasoning = found.Thought });
        }

        return found.Answer.Length == 0
            ? Answer.Of(new Failure(example.Id, "only-reasoning", $"the answer ended ({example.FinishReason}) before its reasoning did; raise max_tokens"))
            : Answer.Of(example with { Completion = completion, Trace = example.Trace is { } trace ? Silence(trace, tokenizer) : null });
    }

    // As many tokens as it takes until the closing mark is written. The first that follow it are the answer's.
    static TokenTrace Silence(TokenTrace trace, ITokenizer? tokenizer)
    {
        var ids = trace.TokenIds[trace.PromptLength..];
        var (low, high) = (0, ids.Length);
        while (low < high)
        {
            var middle = (low + high) / 2;
            (low, high) = Closes(middle) ? (low, middle) : (middle + 1, high);
        }

        var silent = low < ids.Length || Closes(ids.Length) ? low : ids.Length;
        return trace with { LossMask = [.. trace.LossMask.Select((on, i) => on && i >= silent)] };

        bool Closes(int count) => tokenizer is not null && tokenizer.Decode([.. ids.Take(count)]).Contains(Close, StringComparison.Ordinal);
    }
}
