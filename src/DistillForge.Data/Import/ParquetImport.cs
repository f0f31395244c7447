using System.Runtime.CompilerServices;
using System.Text.Json;
using DistillForge.Core;
using DistillForge.Data.Duck;

namespace DistillForge.Data;

/// <summary>Parquet from anybody: each row as the JSON object that its columns make, so that it may take every form that JSON lines may.</summary>
static class ParquetImport
{
    public static async IAsyncEnumerable<ImportedRow> ReadAsync(string path, string? shape, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var number = 0;
        await foreach (var line in LinesAsync(path, cancellationToken))
        {
            yield return JsonlImport.Row(path, ++number, line, shape) with { Origin = Origin(line) };
        }
    }

    /// <summary>The rows as JSON objects, in the file's order; of a folder, file after file by name.</summary>
    public static async IAsyncEnumerable<string> LinesAsync(string path, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var full = Path.GetFullPath(path);
        string[] files = Directory.Exists(full) ? [.. Directory.GetFiles(full, "*.parquet").Order(StringComparer.Ordinal)] : File.Exists(full) ? [full] : [];
        if (files.Length == 0)
        {
            throw new ForgeException(new Problem(path, Directory.Exists(full) ? "holds no .parquet file." : "does not exist."));
        }

        Array.ForEach(files, OutsideFile.Require);
        using var database = await Guard(path, () => DuckDatabase.Open(Path.Combine(Path.GetTempPath(), $"distillforge-{Environment.ProcessId}"), files));
        using var stream = await Guard(path, () => Start(database, files, cancellationToken));
        while (await Guard(path, () => Next(stream)) is { } lines)
        {
            foreach (var line in lines)
            {
                yield return line;
            }
        }
    }

    static DuckStream Start(DuckDatabase database, string[] files, CancellationToken cancellationToken)
    {
        var stream = database.Stream($"SELECT to_json(row)::VARCHAR FROM read_parquet({DuckDatabase.ListOf(files)}) AS row", cancellationToken);
        stream.Start();
        return stream;
    }

    static string[]? Next(DuckStream stream)
    {
        using var chunk = stream.Next();
        return chunk is null ? null : Types.Text.Read(chunk.Vector(0), chunk.Rows);
    }

    static (string Id, string Author, string? License)? Origin(string line)
    {
        using var document = JsonDocument.Parse(line);
        return Text("id") is { Length: > 0 } id && Text("author") is { } author ? (id, author, Text("license")) : null;

        string? Text(string key) => document.RootElement.TryGetProperty(key, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;
    }

    static async Task<T> Guard<T>(string path, Func<T> step)
    {
        try
        {
            return await Task.Run(step);
        }
        catch (Exception exception) when (exception is DuckException or InvalidDataException)
        {
            throw new ForgeException(new Problem(path, $"cannot be read as Parquet: {exception.Message.ReplaceLineEndings(" ")}"), inner: exception);
        }
    }
}
