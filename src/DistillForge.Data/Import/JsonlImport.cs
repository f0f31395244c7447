using System.Runtime.CompilerServices;
using System.Text.Json;
using DistillForge.Core;

namespace DistillForge.Data;

/// <summary>JSON lines in the forms that people use.</summary>
static class JsonlImport
{
    static readonly (string Asked, string Answered)[] Forms = [("prompt", "completion"), ("question", "answer"), ("text", "completion")];

    const string Chosen = "chosen";
    const string Rejected = "rejected";

    public static async IAsyncEnumerable<ImportedRow> ReadAsync(string path, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var number = 0;
        await foreach (var line in TextLines.ReadAsync(path, cancellationToken))
        {
            number++;
            if (!string.IsNullOrWhiteSpace(line))
            {
                yield return Row(path, number, line);
            }
        }
    }

    /// <exception cref="ForgeException">Names the file and the row.</exception>
    public static ImportedRow Row(string path, int number, string line)
    {
        try
        {
            using var document = JsonDocument.Parse(line);
            return Row(number, document.RootElement);
        }
        catch (Exception exception) when (exception is JsonException or FormatException)
        {
            var what = exception is JsonException ? $"is no JSON: {exception.Message.Split(" LineNumber", 2)[0]}" : exception.Message;
            throw new ForgeException(path, [new Problem("", what, "", number)], inner: exception);
        }
    }

    static ImportedRow Row(int number, JsonElement row)
    {
        if (row.ValueKind != JsonValueKind.Object)
        {
            throw new FormatException("is no object. Write { \"prompt\": \"…\" }.");
        }

        var (prompt, completion) = Turns(row);
        return prompt.Count == 0
            ? throw new FormatException("has an empty prompt.")
            : new ImportedRow(number, prompt, completion, Text(row, "expected"), Text(row, "category")) { FollowUps = FollowUps(row), Source = Text(row, "source"), Rejected = Worse(row) };
    }

    // Only where the turns are the prompt: beside 'messages' or 'text' the key is somebody's own.
    static IReadOnlyList<string> FollowUps(JsonElement row) => IsTurns(row) ? [.. row.GetProperty("turns").EnumerateArray().Skip(1).Select(turn => turn.GetString()!)] : [];

    static bool IsTurns(JsonElement row) => row.TryGetProperty("turns", out var turns) && turns.ValueKind == JsonValueKind.Array
        && !Forms.Append(("messages", "")).Any(form => row.TryGetProperty(form.Item1, out var value) && value.ValueKind != JsonValueKind.Null);

    static IReadOnlyList<Message> FirstTurn(JsonElement row)
    {
        var turns = row.GetProperty("turns");
        if (turns.GetArrayLength() == 0 || turns.EnumerateArray().Any(turn => turn.ValueKind != JsonValueKind.String || turn.GetString()!.Length == 0))
        {
            throw new FormatException("has 'turns' that are not a list of texts.");
        }

        var first = Message.User(turns[0].GetString()!);
        return Text(row, "system") is { Length: > 0 } system ? [Message.System(system), first] : [first];
    }

    static (IReadOnlyList<Message> Prompt, IReadOnlyList<Message> Completion) Turns(JsonElement row)
    {
        if (IsTurns(row))
        {
            return (FirstTurn(row), []);
        }

        if (Has(row, Chosen))
        {
            var chosen = Messages(row.GetProperty(Chosen), Chosen, "assistant");
            var asked = Has(row, "prompt") ? Messages(row.GetProperty("prompt"), "prompt", "user") : [.. chosen.SkipLast(1)];
            return chosen is [.., { Role: "assistant" } best] ? (asked, [best]) : throw new FormatException($"has a '{Chosen}' that does not end with the assistant's answer.");
        }

        if (row.TryGetProperty("messages", out var all) && all.ValueKind != JsonValueKind.Null)
        {
            var messages = Messages(all, "messages", "user");
            return messages is [.., { Role: "assistant" } last] ? ([.. messages.SkipLast(1)], [last]) : (messages, []);
        }

        foreach (var (asked, answered) in Forms)
        {
            if (row.TryGetProperty(asked, out var prompt))
            {
                return (Messages(prompt, asked, "user"), row.TryGetProperty(answered, out var completion) ? Messages(completion, answered, "assistant") : []);
            }
        }

        throw new FormatException($"has none of 'prompt', 'messages', 'question', 'text', 'chosen' and 'turns'; its keys are {string.Join(", ", row.EnumerateObject().Take(8).Select(property => $"'{property.Name}'"))}.");
    }

    static bool Has(JsonElement row, string key) => row.TryGetProperty(key, out var value) && value.ValueKind != JsonValueKind.Null;

    static string? Worse(JsonElement row) => !Has(row, Rejected) ? null
        : Messages(row.GetProperty(Rejected), Rejected, "assistant") is [.., { Role: "assistant" } last] ? last.Content
        : throw new FormatException($"has a '{Rejected}' that does not end with the assistant's answer.");

    static IReadOnlyList<Message> Messages(JsonElement value, string key, string role) => value.ValueKind switch
    {
        JsonValueKind.String => [new Message(role, value.GetString()!)],
        JsonValueKind.Array => [.. value.EnumerateArray().Select(message => new Message(Required(message, key, "role"), Required(message, key, "content")))],
        JsonValueKind.Null => [],
        _ => throw new FormatException($"has a '{key}' that is neither a text nor a list of messages."),
    };

    static string Required(JsonElement message, string key, string part)
        => message.ValueKind == JsonValueKind.Object && message.TryGetProperty(part, out var value) && value.ValueKind == JsonValueKind.String
            ? value.GetString()!
            : throw new FormatException($"has a message in '{key}' without the text '{part}'.");

    static string? Text(JsonElement row, string key)
        => !row.TryGetProperty(key, out var value) || value.ValueKind == JsonValueKind.Null ? null
            : value.ValueKind == JsonValueKind.String ? value.GetString()
            : value.GetRawText();
}
