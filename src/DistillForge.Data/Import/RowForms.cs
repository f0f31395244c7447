using System.Text.Json;
using DistillForge.Core;

namespace DistillForge.Data;

/// <summary>The forms in which somebody's rows may come, as the trainers have them that they were made for.</summary>
/// <remarks>
/// TRL: https://huggingface.co/docs/trl/dataset_formats; LLaMA-Factory: data/README.md of its repository; OpenAI: the guides on supervised fine-tuning and on
/// preference optimization. A row is of the first form that it fits, unless its form is named.
/// </remarks>
static class RowForms
{
    public const string Turns = "turns";

    static readonly string[] Asking = ["messages", "conversations", "instruction", "prompt", "question", "text"];

    static readonly RowForm[] All =
    [
        new(Turns, IsTurns, row => (FirstTurn(row), [])),
        new("openai-preference", row => Has(row, "preferred_output"), OpenAiPreference),
        new("preference", row => Has(row, "chosen"), Preference),
        new("messages", row => Has(row, "messages"), row => Split(RowMessages.Of(row.GetProperty("messages"), "messages", "user"))),
        new("kto", IsKto, row => WantedOnly(row)),
        new("prompt-completion", row => row.TryGetProperty("prompt", out _), row => (RowMessages.Of(row.GetProperty("prompt"), "prompt", "user"), Answer(row, "completion"))),
        new("sharegpt", row => Has(row, "conversations"), row => Split(ShareGpt(row))),
        new("alpaca", row => Has(row, "instruction"), row => (Alpaca(row), Answer(row, "output"))),
        new("question-answer", row => row.TryGetProperty("question", out _), row => (RowMessages.Of(row.GetProperty("question"), "question", "user"), Answer(row, "answer"))),
        new("text", row => row.TryGetProperty("text", out _), row => (RowMessages.Of(row.GetProperty("text"), "text", "user"), Answer(row, "completion"))),
    ];

    /// <summary>As a recipe's <c>shape</c> names them.</summary>
    public static IReadOnlyList<string> Names { get; } = [.. All.Select(form => form.Name)];

    /// <param name="shape">One of <see cref="Names"/>; null finds out by the row's keys.</param>
    /// <exception cref="FormatException">The row has no such form; says what is wrong after its line.</exception>
    public static (IReadOnlyList<Message> Prompt, IReadOnlyList<Message> Completion) Read(JsonElement row, string? shape)
    {
        if (All.FirstOrDefault(form => shape is null ? form.Fits(row) : form.Name == shape) is not { } found)
        {
            throw new FormatException($"has none of {string.Join(", ", Asking.Select(key => $"'{key}'"))}, 'chosen' and 'turns'; its keys are {Keys(row)}.");
        }

        return found.Fits(row) ? found.Read(row) : throw new FormatException($"is not of the shape '{shape}'; its keys are {Keys(row)}.");
    }

    /// <summary>Whether a table with these columns is of one of the forms.</summary>
    public static bool Knows(IEnumerable<string> columns) => columns.Any(column => Asking.Contains(column) || column is "chosen" or "preferred_output");

    // Only where the turns are the prompt: beside 'messages' or 'text' the key is somebody's own.
    public static bool IsTurns(JsonElement row) => row.TryGetProperty(Turns, out var turns) && turns.ValueKind == JsonValueKind.Array && !Asking.Any(key => Has(row, key));

    /// <summary>The worse answer of a pair; null where the row is no pair.</summary>
    public static string? Worse(JsonElement row) => new[] { "rejected", "non_preferred_output" }.FirstOrDefault(key => Has(row, key)) is not { } key ? null
        : RowMessages.Of(row.GetProperty(key), key, "assistant") is [.., { Role: "assistant" } last] ? last.Content
        : throw new FormatException($"has a '{key}' that does not end with the assistant's answer.");

    static (IReadOnlyList<Message>, IReadOnlyList<Message>) Preference(JsonElement row)
    {
        var chosen = RowMessages.Of(row.GetProperty("chosen"), "chosen", "assistant");
        var asked = Has(row, "prompt") ? RowMessages.Of(row.GetProperty("prompt"), "prompt", "user")
            : Has(row, "messages") ? RowMessages.Of(row.GetProperty("messages"), "messages", "user")
            : Has(row, "conversations") ? ShareGpt(row)
            : Has(row, "instruction") ? Alpaca(row)
            : [.. chosen.SkipLast(1)];
        return chosen is [.., { Role: "assistant" } best] ? (asked, [best]) : throw new FormatException("has a 'chosen' that does not end with the assistant's answer.");
    }

    // In a cell of CSV the label is text.
    static bool IsKto(JsonElement row) => Has(row, "prompt") && Has(row, "completion") && Label(row) is not null;

    static bool? Label(JsonElement row) => row.TryGetProperty("label", out var label) && bool.TryParse(label.ToString(), out var isWanted) ? isWanted : null;

    static (IReadOnlyList<Message>, IReadOnlyList<Message>) WantedOnly(JsonElement row) => Label(row) is true
        ? (RowMessages.Of(row.GetProperty("prompt"), "prompt", "user"), Answer(row, "completion"))
        : throw new FormatException("has 'label': false: an answer that is not wanted (KTO), and nothing here learns from it alone. Take these rows out, make pairs of them ('rejected'), or name the shape 'prompt-completion' where the label means something else.");

    static (IReadOnlyList<Message>, IReadOnlyList<Message>) OpenAiPreference(JsonElement row)
    {
        var asked = Has(row, "input") && row.GetProperty("input") is { ValueKind: JsonValueKind.Object } input && Has(input, "messages")
            ? RowMessages.Of(input.GetProperty("messages"), "input.messages", "user")
            : throw new FormatException("has a 'preferred_output' without 'input': { 'messages': […] }.");
        return RowMessages.Of(row.GetProperty("preferred_output"), "preferred_output", "assistant") is [.., { Role: "assistant" } best]
            ? (asked, [best])
            : throw new FormatException("has a 'preferred_output' that does not end with the assistant's answer.");
    }

    static IReadOnlyList<Message> ShareGpt(JsonElement row) => [.. System(row), .. RowMessages.Of(row.GetProperty("conversations"), "conversations", "user")];

    // The instruction and its input are one question, as LLaMA-Factory joins them; history is pairs of question and answer.
    static IReadOnlyList<Message> Alpaca(JsonElement row)
    {
        var asked = string.Join('\n', new[] { "instruction", "input" }.Select(key => Text(row, key)).Where(text => !string.IsNullOrEmpty(text)));
        return asked.Length == 0 ? [] : [.. System(row), .. Has(row, "history") ? History(row.GetProperty("history")) : [], Message.User(asked)];
    }

    static IEnumerable<Message> History(JsonElement history) => history.ValueKind == JsonValueKind.Array && history.EnumerateArray().All(IsPair)
        ? history.EnumerateArray().SelectMany(pair => new[] { Message.User(pair[0].GetString()!), Message.Assistant(pair[1].GetString()!) })
        : throw new FormatException("has a 'history' that is no list of pairs of texts.");

    static bool IsPair(JsonElement pair) => pair.ValueKind == JsonValueKind.Array && pair.GetArrayLength() == 2 && pair.EnumerateArray().All(text => text.ValueKind == JsonValueKind.String);

    static IReadOnlyList<Message> Answer(JsonElement row, string key) => row.TryGetProperty(key, out var answer) ? RowMessages.Of(answer, key, "assistant") : [];

    static (IReadOnlyList<Message>, IReadOnlyList<Message>) Split(IReadOnlyList<Message> messages)
        => messages is [.., { Role: "assistant" } last] ? ([.. messages.SkipLast(1)], [last]) : (messages, []);

    static IReadOnlyList<Message> FirstTurn(JsonElement row)
    {
        var turns = row.GetProperty(Turns);
        return turns.GetArrayLength() == 0 || turns.EnumerateArray().Any(turn => turn.ValueKind != JsonValueKind.String || turn.GetString()!.Length == 0)
            ? throw new FormatException("has 'turns' that are not a list of texts.")
            : [.. System(row), Message.User(turns[0].GetString()!)];
    }

    static IEnumerable<Message> System(JsonElement row) => Text(row, "system") is { Length: > 0 } system ? [Message.System(system)] : [];

    public static bool Has(JsonElement row, string key) => row.TryGetProperty(key, out var value) && value.ValueKind != JsonValueKind.Null;

    public static string? Text(JsonElement row, string key)
        => !row.TryGetProperty(key, out var value) || value.ValueKind == JsonValueKind.Null ? null
            : value.ValueKind == JsonValueKind.String ? value.GetString()
            : value.GetRawText();

    static string Keys(JsonElement row) => string.Join(", ", row.EnumerateObject().Take(8).Select(property => $"'{property.Name}'"));

    sealed record RowForm(string Name, Func<JsonElement, bool> Fits, Func<JsonElement, (IReadOnlyList<Message> Prompt, IReadOnlyList<Message> Completion)> Read);
}

/// <summary>Messages as others write them: a text, one message or a list, with <c>role</c> and <c>content</c> or with <c>from</c> and <c>value</c>.</summary>
static class RowMessages
{
    /// <param name="key">Where they stand, for the error.</param>
    /// <param name="role">Who says it where it is a text alone.</param>
    /// <exception cref="FormatException">They are no such thing.</exception>
    public static IReadOnlyList<Message> Of(JsonElement value, string key, string role) => value.ValueKind switch
    {
        JsonValueKind.String => [new Message(role, value.GetString()!)],
        JsonValueKind.Array => [.. value.EnumerateArray().Select(message => One(message, key))],
        JsonValueKind.Object => [One(value, key)],
        JsonValueKind.Null => [],
        _ => throw new FormatException($"has a '{key}' that is neither a text nor a list of messages."),
    };

    static Message One(JsonElement message, string key)
    {
        if (message.ValueKind == JsonValueKind.Object && message.TryGetProperty("from", out _))
        {
            return new Message(RoleOf(Required(message, key, "from"), key), Required(message, key, "value"));
        }

        var said = new Message(Required(message, key, "role"), Required(message, key, "content"));
        return message.TryGetProperty("weight", out var weight) && weight.ValueKind == JsonValueKind.Number && weight.GetDouble() == 0 && said.Role == "assistant"
            ? throw new FormatException($"has a message in '{key}' with weight 0: an answer that is not to be learned. Remove the row, or the weight.")
            : said;
    }

    static string RoleOf(string from, string key) => from switch
    {
        "human" or "user" => "user",
        "gpt" or "chatgpt" or "bot" or "model" or "assistant" => "assistant",
        "system" => "system",
        "tool" or "observation" => "tool",
        _ => throw new FormatException($"has a turn in '{key}' from '{TerminalText.OnOneLine(from.Length <= 40 ? from : from[..37] + "...")}'; known are human, gpt, system and observation."),
    };

    static string Required(JsonElement message, string key, string part)
        => message.ValueKind == JsonValueKind.Object && message.TryGetProperty(part, out var value) && value.ValueKind == JsonValueKind.String
            ? value.GetString()!
            : throw new FormatException($"has a message in '{key}' without the text '{part}'.");
}
