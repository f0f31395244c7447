using DistillForge.Core;
using DistillForge.Text;

namespace DistillForge.Runs.Stages;

/// <summary>Makes a conversation fit into a context: its oldest turns go, system messages and the last turn stay.</summary>
/// <param name="context">Tokens of prompt and answer.</param>
/// <param name="answer">Tokens that are wanted for the answer; at most a quarter of the context is kept free for it.</param>
sealed class ContextFit(Dialogue dialogue, int context, int answer)
{
    readonly int room = context - Math.Clamp(answer, 1, Math.Max(1, context / 4));

    /// <exception cref="CompletionFailedException">The messages cannot be written as tokens.</exception>
    public IReadOnlyList<Message> Apply(IReadOnlyList<Message> messages)
    {
        var kept = messages;
        while (dialogue.Prompt(kept).Length > room && Shorter(kept) is { } shorter)
        {
            kept = shorter;
        }

        return kept;
    }

    // A turn is what the user said and what was answered: templates want them to alternate.
    static List<Message>? Shorter(IReadOnlyList<Message> messages)
    {
        var first = Enumerable.Range(0, messages.Count).FirstOrDefault(i => messages[i].Role != "system", messages.Count);
        var next = Enumerable.Range(first, messages.Count - first).Skip(1).FirstOrDefault(i => messages[i].Role == "user", -1);
        return next < 0 ? null : [.. messages.Take(first), .. messages.Skip(next)];
    }
}
