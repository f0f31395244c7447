using System.Globalization;
using System.Runtime.CompilerServices;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using CsvHelper;
using CsvHelper.Configuration;
using DistillForge.Core;

namespace DistillForge.Data;

/// <summary>CSV with a heading line, quoted as RFC 4180 says.</summary>
static class CsvImport
{
    static readonly CsvConfiguration Form = new(CultureInfo.InvariantCulture)
    {
        MissingFieldFound = null,
        // Lines are counted by the reader, and a quote inside a plain field is text.
        BadDataFound = null,
        DetectDelimiter = false,
        MaxFieldSize = TextLines.MostCharacters,
    };

    public static async IAsyncEnumerable<ImportedRow> ReadAsync(string path, string column, string? answerColumn, string? shape, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        using var text = TextLines.Open(path);
        using var csv = new CsvReader(text, Form);
        if (!await NextAsync(csv, path, cancellationToken) || !csv.ReadHeader() || csv.HeaderRecord is not { } headings)
        {
            throw new ForgeException(new Problem(path, "is empty.", "The first line names the columns."));
        }

        if (headings.GroupBy(heading => heading).FirstOrDefault(same => same.Count() > 1) is { } twice)
        {
            throw new ForgeException(path, [new Problem(twice.Key, "names two columns.", "Give each a name of its own.", 1)]);
        }

        if (shape is not null || (!headings.Contains(column) && RowForms.Knows(headings)))
        {
            while (await NextAsync(csv, path, cancellationToken))
            {
                yield return JsonlImport.Row(path, csv.Parser.RawRow, Json(headings, csv), shape);
            }

            yield break;
        }

        var (prompt, answer, category, source) = (Index(column), answerColumn is null ? -1 : Index(answerColumn), Array.IndexOf(headings, "category"), Array.IndexOf(headings, "source"));
        while (await NextAsync(csv, path, cancellationToken))
        {
            var question = csv.GetField(prompt);
            if (string.IsNullOrWhiteSpace(question))
            {
                throw new ForgeException(path, [new Problem(column, "is empty.", "Remove the line, or fill it.", csv.Parser.RawRow)]);
            }

            yield return new ImportedRow(
                csv.Parser.RawRow,
                [Message.User(question)],
                answer >= 0 && csv.GetField(answer) is { Length: > 0 } answered ? [Message.Assistant(answered)] : [],
                null,
                category >= 0 ? csv.GetField(category) : null)
            { Source = source >= 0 ? csv.GetField(source) : null };
        }

        int Index(string name)
        {
            var index = Array.IndexOf(headings, name);
            return index >= 0 ? index : throw new ForgeException(path, [new Problem(name, "is no column.", NearName.Suggest(name, headings) ?? $"Columns: {string.Join(", ", headings.Take(20))}.", 1)]);
        }
    }

    // A list of messages is JSON in its cell; an empty cell is no value.
    static string Json(string[] headings, CsvReader csv)
    {
        var row = new JsonObject();
        foreach (var (heading, i) in headings.Select((heading, i) => (heading, i)))
        {
            if (csv.GetField(i) is { Length: > 0 } cell)
            {
                row[heading] = Nested(cell, mayBeEmpty: heading == "history") ?? JsonValue.Create(cell);
            }
        }

        return row.ToJsonString();
    }

    // Of messages or pairs: '[1, 2]' is what somebody asked.
    static JsonNode? Nested(string cell, bool mayBeEmpty)
    {
        if (cell[0] is not ('[' or '{'))
        {
            return null;
        }

        try
        {
            var node = JsonNode.Parse(cell);
            return node is JsonObject said ? IsSaid(said) ? node : null : node is JsonArray list && (list.Count > 0 || mayBeEmpty) && list.All(item => item is JsonArray || (item is JsonObject one && IsSaid(one))) ? node : null;
        }
        // A key that comes twice is an ArgumentException.
        catch (Exception exception) when (exception is JsonException or ArgumentException)
        {
            return null;
        }
    }

    static bool IsSaid(JsonObject message) => message.ContainsKey("role") || message.ContainsKey("from");

    static async Task<bool> NextAsync(CsvReader csv, string path, CancellationToken cancellationToken)
    {
        try
        {
            cancellationToken.ThrowIfCancellationRequested();
            var isRow = await csv.ReadAsync();
            // A comma that nobody quoted would cut a text short, and nobody would see it.
            if (isRow && csv.HeaderRecord is { } headings && csv.Parser.Count > headings.Length && csv.Parser.Record!.Skip(headings.Length).Any(cell => cell.Length > 0))
            {
                throw new ForgeException(path, [new Problem("", $"has {csv.Parser.Count} fields, and the first line names {headings.Length}.", "Put a text that holds a comma into quotation marks.", csv.Parser.RawRow)]);
            }

            return isRow;
        }
        catch (MaxFieldSizeException exception)
        {
            throw TextLines.TooLong(path, csv.Parser.RawRow, exception);
        }
        catch (Exception exception) when (exception is CsvHelperException or DecoderFallbackException)
        {
            throw new ForgeException(path, [new Problem("", exception is DecoderFallbackException ? "is not UTF-8 text from about here." : "is no CSV from here on.", "", csv.Parser.RawRow)], inner: exception);
        }
    }
}
