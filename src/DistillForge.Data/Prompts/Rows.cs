using System.Text.Json;
using CsvHelper;
using CsvHelper.Configuration;
using DistillForge.Core;

namespace DistillForge.Data.Prompts;

/// <summary>Rows of a CSV, TSV, JSONL or Parquet file, column by column.</summary>
public static class Rows
{
    const long MaxBytes = 1L << 30;

    /// <exception cref="ForgeException">There is no such file, or a row cannot be read.</exception>
    public static IEnumerable<IReadOnlyDictionary<string, SlotValue>> Read(string path)
    {
        var file = new FileInfo(path);
        if (!file.Exists)
        {
            throw new ForgeException(new Problem(path, "does not exist."));
        }

        OutsideFile.Require(path);
        if (file.Length > MaxBytes)
        {
            throw new ForgeException(new Problem(path, $"is {file.Length >> 20} MiB, more than {MaxBytes >> 20}.", "Split it."));
        }

        return file.Extension.ToLowerInvariant() switch
        {
            ".jsonl" or ".ndjson" => ReadJsonLines(path),
            ".parquet" => ParquetImport.LinesAsync(path, CancellationToken.None).ToBlockingEnumerable().Select((line, i) => ParseLine(path, i + 1, line)),
            ".csv" => ReadDelimited(path, ","),
            ".tsv" => ReadDelimited(path, "\t"),
            _ => throw new ForgeException(new Problem(path, "is neither .csv, .tsv, .jsonl nor .parquet.", "Name it by what it holds.")),
        };
    }

    static IEnumerable<IReadOnlyDictionary<string, SlotValue>> ReadJsonLines(string path)
    {
        var number = 0;
        foreach (var line in TextLines.Read(path))
        {
            number++;
            if (!string.IsNullOrWhiteSpace(line))
            {
                yield return ParseLine(path, number, line);
            }
        }
    }

    static Dictionary<string, SlotValue> ParseLine(string path, int number, string line)
    {
        try
        {
            using var json = JsonDocument.Parse(line);
            if (json.RootElement.ValueKind != JsonValueKind.Object)
            {
                throw new ForgeException(path, [new Problem("", $"is a JSON {json.RootElement.ValueKind}, not an object.", "", number)]);
            }

            var row = new Dictionary<string, SlotValue>();
            foreach (var property in json.RootElement.EnumerateObject())
            {
                row[property.Name] = property.Value.ValueKind switch
                {
                    JsonValueKind.String => new(property.Value.GetString()!, IsNumber: false),
                    JsonValueKind.Number => new(property.Value.GetRawText(), IsNumber: true),
                    _ => new(property.Value.GetRawText(), IsNumber: false),
                };
            }

            return row;
        }
        catch (JsonException error)
        {
            throw new ForgeException(path, [new Problem("", $"is not JSON: {error.Message}", "", number)]);
        }
    }

    static IEnumerable<IReadOnlyDictionary<string, SlotValue>> ReadDelimited(string path, string delimiter)
    {
        using var reader = TextLines.Open(path);
        using var csv = new CsvReader(reader, new CsvConfiguration(System.Globalization.CultureInfo.InvariantCulture) { Delimiter = delimiter, BadDataFound = null, MissingFieldFound = null, MaxFieldSize = TextLines.MostCharacters });
        if (!csv.Read() || !csv.ReadHeader())
        {
            throw new ForgeException(new Problem(path, "has no header line.", "The first line names the columns."));
        }

        var columns = csv.HeaderRecord!;
        while (csv.Read())
        {
            var row = new Dictionary<string, SlotValue>();
            for (var i = 0; i < columns.Length; i++)
            {
                row[columns[i].Trim()] = new(csv.GetField(i) ?? "", IsNumber: false);
            }

            yield return row;
        }
    }
}
