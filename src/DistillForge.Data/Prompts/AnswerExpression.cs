using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace DistillForge.Data.Prompts;

/// <summary>The right answer to a draw: a text, or a compact JSON object whose keys keep the template's order.</summary>
sealed class AnswerExpression
{
    readonly ValueExpression? text;
    readonly IReadOnlyList<(string Key, ValueExpression Value)> fields = [];

    public AnswerExpression(ValueExpression text) => this.text = text;

    public AnswerExpression(IReadOnlyList<(string Key, ValueExpression Value)> fields) => this.fields = fields;

    /// <summary>The slots that it reads.</summary>
    public IEnumerable<string> Names => (text?.Names ?? []).Concat(fields.SelectMany(pair => pair.Value.Names));

    /// <returns>Null where a text needs a slot that was not filled. An object leaves such a key out.</returns>
    public string? Compute(IReadOnlyDictionary<string, SlotValue> bound)
    {
        if (text is not null)
        {
            return text.Evaluate(bound)?.Text;
        }

        var json = new StringBuilder("{");
        foreach (var (key, expression) in fields)
        {
            if (expression.Evaluate(bound) is { } value)
            {
                json.Append(json.Length > 1 ? "," : "").Append(Quote(key)).Append(':').Append(value.IsNumber ? value.Text : Quote(value.Text));
            }
        }

        return json.Append('}').ToString();
    }

    static string Quote(string text) => $"\"{JsonEncodedText.Encode(text, JavaScriptEncoder.UnsafeRelaxedJsonEscaping)}\"";
}
