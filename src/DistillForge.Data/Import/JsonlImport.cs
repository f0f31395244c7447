using System.Runtime.CompilerServices;
using System.Text.Json;
using DistillForge.Core;

namespace DistillForge.Data;

/// <summary>JSON lines in the forms that people use.</summary>
static class JsonlImport
{
    public static async IAsyncEnumerable<ImportedRow> ReadAsync(string path, string? shape, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var number = 0;
        await foreach (var line in TextLines.ReadAsync(path, cancellationToken))
        {
            number++;
            if (!string.IsNullOrWhiteSpace(line))
            {
                yield return Row(path, number, line, shape);
            }
        }
    }

    // Of a key that comes twice one value would be lost, and which one depends on the reader.
    static readonly JsonDocumentOptions Once = new() { AllowDuplicateProperties = false };

    /// <exception cref="ForgeException">Names the file and the row.</exception>
    public static ImportedRow Row(string path, int number, string line, string? shape)
    {
        try
        {
            using var document = JsonDocument.Parse(line, Once);
            return Row(number, document.RootElement, shape);
        }
        // An unpaired surrogate is found when the text is asked for.
        catch (Exception exception) when (exception is JsonException or FormatException or InvalidOperationException)
        {
            var what = exception switch
            {
                JsonException => $"is no JSON: {exception.Message.Split(" LineNumber", 2)[0]}",
                InvalidOperationException => "holds half of a surrogate pair, which is no text.",
                _ => exception.Message,
            };
            throw new ForgeException(path, [new Problem("", what, "", number)], inner: exception);
        }
    }

    static ImportedRow Row(int number, JsonElement row, string? shape)
    {
        if (row.ValueKind != JsonValueKind.Object)
        {
            throw new FormatException("is no object. Write { \"prompt\": \"…\" }.");
        }

        var (prompt, completion) = RowForms.Read(row, shape);
        return prompt.Count == 0
            ? throw new FormatException("has an empty prompt.")
            : new ImportedRow(number, prompt, completion, RowForms.Text(row, "expected"), RowForms.Text(row, "category")) { FollowUps = FollowUps(row), Source = RowForms.Text(row, "source"), Rejected = RowForms.Worse(row) };
    }

    static IReadOnlyList<string> FollowUps(JsonElement row) => RowForms.IsTurns(row) ? [.. row.GetProperty(RowForms.Turns).EnumerateArray().Skip(1).Select(turn => turn.GetString()!)] : [];
}
