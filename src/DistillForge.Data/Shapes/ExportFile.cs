using System.Globalization;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using CsvHelper;
using CsvHelper.Configuration;
using DistillForge.Core;
using DistillForge.Models;

namespace DistillForge.Data;

/// <summary>Writes rows in the shape that another trainer reads: the file's ending says whether as JSON lines, CSV or Parquet.</summary>
/// <remarks>In CSV a list of messages is JSON in its cell. Texts are written as they are, for machines, unless <see cref="CsvCells.Guarded"/> is asked for.</remarks>
public static class ExportFile
{
    static readonly JsonWriterOptions Json = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    // Every text is quoted, so that an empty one is not an absent one.
    static readonly CsvConfiguration Form = new(CultureInfo.InvariantCulture) { NewLine = "\n", ShouldQuote = _ => true };

    /// <summary>What a file may end with.</summary>
    public static IReadOnlyList<string> Endings { get; } = [".jsonl", ".csv", ".parquet"];

    /// <returns>Rows written.</returns>
    /// <exception cref="ForgeException">The file cannot be written, or a row does not fit the shape; nothing is left of it then.</exception>
    public static async Task<long> WriteAsync(string path, ExportShape shape, IAsyncEnumerable<Example> rows, CancellationToken cancellationToken)
        => (await WriteAsync(path, shape, CsvCells.AsTheyAre, rows, cancellationToken)).Rows;

    /// <returns>Rows written, and cells of CSV that a spreadsheet would take for a formula.</returns>
    /// <exception cref="ForgeException">The file cannot be written, or a row does not fit the shape; nothing is left of it then.</exception>
    public static async Task<(long Rows, long Formulas)> WriteAsync(string path, ExportShape shape, CsvCells cells, IAsyncEnumerable<Example> rows, CancellationToken cancellationToken)
    {
        Check(path, shape, cells);
        var ending = Path.GetExtension(path).ToLowerInvariant();
        var split = rows.SelectMany(row => shape.Split(row).ToAsyncEnumerable());
        var csv = new CsvRows(shape, cells);
        var written = ending == ".parquet"
            ? await new ParquetFile<Example>(shape.Name, new ShapeSchema(shape)).WriteAsync(path, split, cancellationToken)
            : await WriteTextAsync(path, ending == ".csv" ? csv : new JsonRows(shape), split, cancellationToken);
        return (written, csv.Formulas);
    }

    /// <summary>Whether a file of this name can be written, before anything is.</summary>
    /// <exception cref="ForgeException">It ends with nothing that is known, or with what does not fit.</exception>
    public static void Check(string path, ExportShape shape, CsvCells cells)
    {
        var ending = Path.GetExtension(path).ToLowerInvariant();
        if (cells == CsvCells.Guarded && ending != ".csv")
        {
            throw new ForgeException(new Problem(path, "is no CSV; only a spreadsheet takes a text for a formula.", "End it with .csv, or leave the guard out."));
        }

        if (!Endings.Contains(ending) || (shape.JsonlOnly && ending != Endings[0]))
        {
            throw new ForgeException(new Problem(path, $"ends with {(ending.Length == 0 ? "nothing" : $"'{ending}'")}.", shape.JsonlOnly ? $"'{shape.Name}' is read as JSON lines alone: end it with .jsonl." : $"End it with {string.Join(", ", Endings)}: that says what is written."));
        }
    }

    static async Task<long> WriteTextAsync(string path, ITextRows form, IAsyncEnumerable<Example> rows, CancellationToken cancellationToken)
    {
        var partial = path + ".partial";
        var count = 0L;
        try
        {
            Directory.CreateDirectory(Path.GetDirectoryName(Path.GetFullPath(path))!);
            await using (var file = new FileStream(partial, FileMode.Create, FileAccess.Write, FileShare.None, 1 << 16))
            {
                form.Begin(file);
                await foreach (var row in rows.WithCancellation(cancellationToken))
                {
                    form.Write(file, row);
                    count++;
                }

                file.Flush(flushToDisk: true);
            }

            DurableFile.Rename(partial, path);
            return count;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw DurableFile.Unwritable(path, exception);
        }
        finally
        {
            File.Delete(partial);
        }
    }

    interface ITextRows
    {
        void Begin(Stream file);

        void Write(Stream file, Example row);
    }

    sealed class JsonRows(ExportShape shape) : ITextRows
    {
        public void Begin(Stream file)
        {
            // Lines have no head.
        }

        public void Write(Stream file, Example row)
        {
            using (var json = new Utf8JsonWriter(file, Json))
            {
                json.WriteStartObject();
                foreach (var column in shape.Columns)
                {
                    json.WritePropertyName(column.Name);
                    column.Write(json, row);
                }

                json.WriteEndObject();
            }

            file.WriteByte((byte)'\n');
        }
    }

    sealed class CsvRows(ExportShape shape, CsvCells cells) : ITextRows
    {
        public long Formulas { get; private set; }

        public void Begin(Stream file) => Line(file, shape.Columns.Select(column => column.Name));

        public void Write(Stream file, Example row) => Line(file, shape.Columns.Select(column => column.IsText ? Guard(column.TextOf(row)) : Cell(column, row)));

        string Guard(string text)
        {
            Formulas += FormulaGuard.IsFormula(text) ? 1 : 0;
            return cells == CsvCells.Guarded ? FormulaGuard.Guarded(text) : text;
        }

        static void Line(Stream file, IEnumerable<string> cells)
        {
            using var text = new StreamWriter(file, new UTF8Encoding(false), leaveOpen: true);
            using var csv = new CsvWriter(text, Form, leaveOpen: true);
            foreach (var cell in cells)
            {
                csv.WriteField(cell);
            }

            csv.NextRecord();
        }

        static string Cell(ShapeColumn column, Example row)
        {
            using var bytes = new MemoryStream();
            using (var json = new Utf8JsonWriter(bytes, Json))
            {
                column.Write(json, row);
            }

            return Encoding.UTF8.GetString(bytes.GetBuffer(), 0, (int)bytes.Length);
        }
    }
}

/// <summary>What becomes of a text in CSV that a spreadsheet would take for a formula.</summary>
public enum CsvCells
{
    /// <summary>Nothing: whoever reads the file gets each text as it was said.</summary>
    AsTheyAre,

    /// <summary>It gets an apostrophe, for a file that people open; other programs read the apostrophe as well.</summary>
    Guarded,
}
