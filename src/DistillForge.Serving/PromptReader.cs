using System.Text;
using System.Text.Json;

namespace DistillForge.Serving;

/// <summary>A prompt that is continued as it is.</summary>
sealed record TextPrompt(int[] Ids, string Text);

/// <summary>Reads <c>prompt</c>: a string, strings, token ids, or lists of token ids.</summary>
sealed class PromptReader(IServedModel model)
{
    public async Task<IReadOnlyList<TextPrompt>> ReadAsync(RequestFields fields, CancellationToken cancellationToken)
    {
        var prompt = fields.Get("prompt") ?? throw fields.Bad("prompt", "is missing.");
        if (prompt.ValueKind == JsonValueKind.String)
        {
            return [await OfTextAsync(fields.Text("prompt")!, cancellationToken)];
        }

        if (prompt.ValueKind != JsonValueKind.Array || prompt.GetArrayLength() == 0)
        {
            throw fields.Bad("prompt", "must be a string, an array of strings, an array of token ids, or an array of such arrays.");
        }

        return prompt[0].ValueKind switch
        {
            JsonValueKind.Number => [OfIds(prompt, "prompt")],
            JsonValueKind.Array => [.. prompt.EnumerateArray().Select((ids, i) => OfIds(ids, $"prompt[{i}]"))],
            _ => await Task.WhenAll(fields.Texts("prompt", SamplingFields.MostChoices).Select(text => OfTextAsync(text, cancellationToken))),
        };
    }

    async Task<TextPrompt> OfTextAsync(string text, CancellationToken cancellationToken)
    {
        var ids = await model.EncodeAsync(text, cancellationToken);
        var bos = model.Tokens.AddBos || ids.Length == 0 ? model.Tokens.Bos : null;
        return bos is { } first && (ids.Length == 0 || ids[0] != first) ? new TextPrompt([first, .. ids], text) : new TextPrompt(ids, text);
    }

    TextPrompt OfIds(JsonElement array, string place)
    {
        if (array.ValueKind != JsonValueKind.Array || !array.EnumerateArray().All(IsToken))
        {
            throw ApiError.Bad(place, $"must be an array of token ids within 0 … {model.Tokens.RealSize - 1}.");
        }

        int[] ids = [.. array.EnumerateArray().Select(id => id.GetInt32())];
        return new TextPrompt(ids, Encoding.UTF8.GetString([.. ids.SelectMany(model.Tokens.BytesOf)]));
    }

    bool IsToken(JsonElement id) => id.ValueKind == JsonValueKind.Number && id.TryGetInt32(out var value) && value >= 0 && value < model.Tokens.RealSize;
}
