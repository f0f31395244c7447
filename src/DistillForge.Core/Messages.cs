namespace DistillForge.Core;

/// <summary>One turn of a conversation.</summary>
/// <param name="Role"><c>system</c>, <c>user</c>, <c>assistant</c> or <c>tool</c>.</param>
public sealed record Message(string Role, string Content)
{
    public static Message System(string content) => new("system", content);
    public static Message User(string content) => new("user", content);
    public static Message Assistant(string content) => new("assistant", content);
}

/// <summary>What a teacher is asked: a conversation that waits for the assistant's next turn.</summary>
/// <param name="Id">The row id of the answer that it will get, see <see cref="RowId"/>.</param>
/// <param name="Seed">The row's own seed, derived from the recipe's seed and the sample number; never negative.</param>
/// <param name="Source">Where the prompt came from, e.g. <c>prompts/home.prompt.yaml</c>.</param>
/// <param name="Sample">0 for the first answer to these messages, 1 for the second, …</param>
/// <param name="Expected">The known right answer, where there is one.</param>
/// <param name="Category">A slice to report by, where there is one.</param>
/// <param name="After">
/// The row whose answer comes before this turn; null for the first turn. Until that answer is there, <paramref name="Messages"/> holds the turns of
/// the user alone.
/// </param>
/// <param name="Teacher">Whom it goes to, by name, where there are several.</param>
public sealed record Prompt(
    string Id,
    IReadOnlyList<Message> Messages,
    long Seed = 0,
    string Source = "",
    int Sample = 0,
    string? Expected = null,
    string? Category = null,
    string? After = null,
    string? Teacher = null);
