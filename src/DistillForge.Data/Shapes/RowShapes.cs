using DistillForge.Core;
using DistillForge.Text;

namespace DistillForge.Data;

/// <summary>A part of a row's text.</summary>
/// <param name="IsTrained">False: it is read and not learned.</param>
readonly record struct MarkedText(bool IsTrained, string Text);

/// <summary>A row's parts as other trainers have them; a row that a shape cannot hold whole is refused, not cut.</summary>
static class RowShapes
{
    /// <summary>The only question of a row.</summary>
    /// <exception cref="ForgeException">It has more to it than that.</exception>
    public static string Question(Example row) => row is { Prompt: [{ Role: "user" } only], Completion.Count: 1 } ? only.Content : throw Refusal(row, "has a system message or several turns, which texts cannot hold", "Take 'trl' or 'messages'.");

    /// <summary>The system message, or no text.</summary>
    public static string System(Example row) => row.Prompt is [{ Role: "system" } system, ..] ? system.Content : "";

    /// <summary>What comes before the answer, without the system message.</summary>
    public static IReadOnlyList<Message> Turns(Example row)
    {
        Message[] turns = [.. row.Prompt.Skip(row.Prompt is [{ Role: "system" }, ..] ? 1 : 0)];
        return turns.Any(turn => turn.Role == "system") ? throw Refusal(row, "has a system message that is not its first", "Take 'messages'.") : turns;
    }

    public static string LastQuestion(Example row) => Turns(row) is [.., { Role: "user" } last] && row.Completion.Count == 1 ? last.Content : throw Refusal(row, "does not end with one question and one answer", "Take 'messages'.");

    /// <summary>What came before the last question: pairs of question and answer.</summary>
    public static IReadOnlyList<IReadOnlyList<string>> History(Example row)
    {
        var before = Turns(row).SkipLast(1).Chunk(2).ToList();
        return before.All(pair => pair is [{ Role: "user" }, { Role: "assistant" }]) ? [.. before.Select(pair => (IReadOnlyList<string>)[pair[0].Content, pair[1].Content])] : throw Refusal(row, "has turns that are no pairs of question and answer", "Take 'messages'.");
    }

    public static Message Chosen(Example row) => row.Completion is [var only] ? only : throw Refusal(row, "has several messages as its answer", "Take 'preference'.");

    public static Message Rejected(Example row) => Message.Assistant(row.Rejected ?? throw Refusal(row, "has no rejected answer", "Only rows of pairs have a preference; take 'trl' or 'messages'."));

    /// <summary>One answer a row: that which is wanted, and after it the one that is not, where there is one.</summary>
    public static IEnumerable<Example> Unpaired(Example row) => row.Rejected is null ? [row] : [row with { Rejected = null }, row with { Completion = [Rejected(row)] }];

    /// <summary>Of a row that <see cref="Unpaired"/> gave: only that with the answer which is not wanted still says what was rejected.</summary>
    public static bool IsWanted(Example row) => row.Rejected is null;

    /// <summary>Everything before the answer, and the answer with the token that ends it.</summary>
    public static IReadOnlyList<MarkedText> Segments(Example row, Dialogue dialogue)
    {
        try
        {
            var (prompt, answer) = dialogue.Marked(row.Prompt, Chosen(row).Content);
            return [new MarkedText(false, prompt), new MarkedText(true, answer)];
        }
        catch (CompletionFailedException refusal)
        {
            throw Refusal(row, $"cannot be written in this chat template: {refusal.Message}", "Take 'messages', or another template.");
        }
    }

    public static string FromOf(string role) => role switch { "user" => "human", "assistant" => "gpt", "tool" => "observation", _ => role };

    static ForgeException Refusal(Example row, string what, string instead) => new(new Problem($"row {row.Id[..Math.Min(16, row.Id.Length)]}", $"{what}.", instead));
}
