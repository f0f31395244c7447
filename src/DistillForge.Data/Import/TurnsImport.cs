using System.Runtime.CompilerServices;
using DistillForge.Core;

namespace DistillForge.Data;

/// <summary>
/// Dialogues as plain text:
/// <code>
/// User: Hey, how are you?
/// Bot: Fine.&lt;|endoftext|&gt;
/// User: …
/// </code>
/// An empty line ends a dialogue; its user turns are the prompts, and the replies are somebody's, not the right ones, so they stay behind.
/// Other blocks (stories, notes) are passed over.
/// </summary>
static class TurnsImport
{
    const string User = "User:";
    const string End = "<|endoftext|>";

    public static async IAsyncEnumerable<ImportedRow> ReadAsync(string path, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var (number, begin, found) = (0, 0, 0);
        var block = new List<string>();
        await foreach (var line in TextLines.ReadAsync(path, cancellationToken))
        {
            number++;
            if (!string.IsNullOrWhiteSpace(line))
            {
                begin = block.Count == 0 ? number : begin;
                block.Add(line);
            }
            else if (Dialogue(block, begin) is { } row)
            {
                found++;
                yield return row;
                block.Clear();
            }
            else
            {
                block.Clear();
            }
        }

        if (Dialogue(block, begin) is { } last)
        {
            found++;
            yield return last;
        }

        if (found == 0)
        {
            throw new ForgeException(new Problem(path, "has no dialogue.", $"A dialogue is a line '{User} …', with an empty line before the next."));
        }
    }

    static ImportedRow? Dialogue(List<string> block, int line)
        => block is [var first, ..] && After(first, User) is { Length: > 0 } question
            ? new ImportedRow(line, [Message.User(question)], []) { FollowUps = [.. block.Skip(1).Select(later => After(later, User)).Where(turn => turn is { Length: > 0 }).Select(turn => turn!)] }
            : null;

    static string? After(string line, string speaker)
        => line.StartsWith(speaker, StringComparison.Ordinal) ? line[speaker.Length..].Replace(End, "", StringComparison.Ordinal).Trim() : null;
}
