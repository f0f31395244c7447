using System.Collections.Frozen;
using DistillForge.Core;

namespace DistillForge.Data;

/// <summary>Shapes of a row that other trainers read, by the name that <c>export --format</c> takes.</summary>
public static class ChatShapes
{
    /// <remarks>
    /// <c>trl</c>: <c>prompt</c> and <c>completion</c> as messages (TRL trains on the completion alone). <c>messages</c>: one conversation (TRL, axolotl's
    /// <c>chat_template</c>, OpenAI's fine-tuning). <c>sharegpt</c> and <c>alpaca</c>: as LLaMA-Factory reads them.
    /// </remarks>
    public static FrozenDictionary<string, Func<Example, object>> All { get; } = new Dictionary<string, Func<Example, object>>
    {
        ["trl"] = row => new { prompt = JsonlExport.Form(row.Prompt), completion = JsonlExport.Form(row.Completion) },
        ["messages"] = row => new { messages = JsonlExport.Form([.. row.Prompt, .. row.Completion]) },
        ["sharegpt"] = row => new { conversations = Turns(row).Select(turn => new { from = turn.Role == "user" ? "human" : turn.Role == "assistant" ? "gpt" : turn.Role, value = turn.Content }), system = System(row) },
        ["alpaca"] = Alpaca,
    }.ToFrozenDictionary();

    // What came before the last question is history: pairs of question and answer.
    static object Alpaca(Example row)
    {
        var turns = Turns(row).ToList();
        var asked = turns.FindLastIndex(turn => turn.Role == "user");
        var history = turns.Take(Math.Max(0, asked)).Chunk(2).Select(pair => pair.Select(turn => turn.Content));
        return new { instruction = asked < 0 ? "" : turns[asked].Content, input = "", output = row.Text, system = System(row), history };
    }

    static string System(Example row) => string.Join('\n', row.Prompt.Where(message => message.Role == "system").Select(message => message.Content));

    static IEnumerable<Message> Turns(Example row) => row.Prompt.Concat(row.Completion).Where(message => message.Role != "system");
}
