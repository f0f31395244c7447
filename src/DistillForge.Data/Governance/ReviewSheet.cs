using System.Globalization;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using CsvHelper;
using CsvHelper.Configuration;
using DistillForge.Core;
using DistillForge.Models;

namespace DistillForge.Data;

/// <summary>
/// The file that goes to a reviewer and comes back, as JSON lines or CSV. What comes back is a stranger's: its size, its rows and its keys are checked
/// before anything is believed. In CSV a text that a spreadsheet would take for a formula gets an apostrophe before it, which is taken off again.
/// </summary>
public static class ReviewSheet
{
    const long MaxBytes = 64 << 20;
    const int MaxCell = 200_000;

    static readonly JsonSerializerOptions Json = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>What a row has; the last five are the reviewer's.</summary>
    public static IReadOnlyList<string> Keys { get; } = ["id", "prompt", "answer", "author", "reasons", "decision", "edited", "comment", "reviewer", "time"];

    /// <param name="path">Ends with <c>.csv</c> or <c>.jsonl</c>.</param>
    public static void Write(string path, IEnumerable<IReadOnlyDictionary<string, string>> rows) => DurableFile.Write(path, stream =>
    {
        using var text = new StreamWriter(stream, new UTF8Encoding(false), leaveOpen: true);
        if (!IsCsv(path))
        {
            foreach (var row in rows)
            {
                text.Write(JsonSerializer.Serialize(Keys.ToDictionary(key => key, key => row.GetValueOrDefault(key) ?? ""), Json) + "\n");
            }

            return;
        }

        using var csv = new CsvWriter(text, CultureInfo.InvariantCulture, leaveOpen: true);
        foreach (var line in rows.Select(row => Keys.Select(key => FormulaGuard.Guarded(row.GetValueOrDefault(key) ?? ""))).Prepend(Keys))
        {
            foreach (var cell in line)
            {
                csv.WriteField(cell);
            }

            csv.NextRecord();
        }
    });

    /// <exception cref="ForgeException">It is too large, or not of this form.</exception>
    public static IReadOnlyList<ReviewRow> Read(string path)
    {
        var csv = IsCsv(path);
        if (new FileInfo(path) is { Exists: true, Length: > MaxBytes } large)
        {
            throw new ForgeException(new Problem(path, $"has {large.Length:N0} bytes; a file of decisions may have {MaxBytes:N0}.", "Import it in parts."));
        }

        var problems = new List<Problem>();
        var rows = (csv ? FromCsv(path) : FromJsonl(path)).ToList();
        foreach (var row in rows)
        {
            problems.AddRange(row.Values.Keys.Except(Keys).Select(key => new Problem(key.Length > 60 ? key[..60] : key, "unknown key.", NearName.Suggest(key, Keys) ?? $"Known: {string.Join(", ", Keys)}.", row.Line)));
            problems.AddRange(row.Values.Where(cell => cell.Value.Length > MaxCell).Select(cell => new Problem(cell.Key, $"has {cell.Value.Length:N0} characters; {MaxCell:N0} are possible.", "", row.Line)));
            if (problems.Count > 0)
            {
                throw new ForgeException(path, [.. problems.Take(20)]);
            }
        }

        return rows;
    }

    static bool IsCsv(string path) => Path.GetExtension(path).ToLowerInvariant() switch
    {
        ".csv" => true,
        ".jsonl" => false,
        _ => throw new ForgeException(new Problem(path, "ends neither with .csv nor with .jsonl.", "The ending says which of the two it is.")),
    };

    static IEnumerable<ReviewRow> FromJsonl(string path)
    {
        using var reader = TextLines.Open(path);
        for (var number = 1; Line(reader, path, number) is { } line; number++)
        {
            if (!string.IsNullOrWhiteSpace(line))
            {
                yield return new ReviewRow(number, Values(path, number, line));
            }
        }
    }

    static string? Line(StreamReader reader, string path, int number)
    {
        try
        {
            return reader.ReadLine();
        }
        catch (DecoderFallbackException exception)
        {
            throw new ForgeException(path, [new Problem("", "is not UTF-8 text from about here.", "Save the file as UTF-8.", number)], inner: exception);
        }
    }

    static Dictionary<string, string> Values(string path, int number, string line)
    {
        try
        {
            using var document = JsonDocument.Parse(line, new JsonDocumentOptions { MaxDepth = 8 });
            return document.RootElement.ValueKind == JsonValueKind.Object && document.RootElement.EnumerateObject().All(property => property.Value.ValueKind is JsonValueKind.String or JsonValueKind.Null)
                ? document.RootElement.EnumerateObject().DistinctBy(property => property.Name).ToDictionary(property => property.Name, property => property.Value.GetString() ?? "")
                : throw new ForgeException(path, [new Problem("", "is no object of texts.", "Write { \"id\": \"…\", \"decision\": \"approve\" }.", number)]);
        }
        catch (Exception exception) when (exception is JsonException or InvalidOperationException)
        {
            throw new ForgeException(path, [new Problem("", "is no JSON, or nested too deep.", "Each line is one object.", number)], inner: exception);
        }
    }

    static IEnumerable<ReviewRow> FromCsv(string path)
    {
        using var text = TextLines.Open(path);
        using var csv = new CsvReader(text, new CsvConfiguration(CultureInfo.InvariantCulture) { MissingFieldFound = null, DetectDelimiter = false });
        var heads = Next(csv, path) && csv.ReadHeader() ? csv.HeaderRecord! : throw new ForgeException(new Problem(path, "is empty.", "The first line names the columns."));
        if (heads.Distinct().Count() != heads.Length)
        {
            throw new ForgeException(path, [new Problem("", "names a column twice.", "", 1)]);
        }

        while (Next(csv, path))
        {
            yield return new ReviewRow(csv.Parser.RawRow, heads.Select((head, i) => (head, csv.GetField(i) ?? "")).ToDictionary(cell => cell.head, cell => FormulaGuard.Unguarded(cell.Item2)));
        }
    }

    static bool Next(CsvReader csv, string path)
    {
        try
        {
            return csv.Read();
        }
        catch (Exception exception) when (exception is CsvHelperException or DecoderFallbackException)
        {
            throw new ForgeException(path, [new Problem("", exception is DecoderFallbackException ? "is not UTF-8 text from about here." : "is no CSV from here on.", "", csv.Parser.RawRow)], inner: exception);
        }
    }
}
