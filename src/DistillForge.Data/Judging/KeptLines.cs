using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using DistillForge.Core;
using DistillForge.Models;

namespace DistillForge.Data;

/// <summary>What a model said in a run, one JSON line each: what was asked once is never asked again, and what was said is on the disk before it counts.</summary>
/// <typeparam name="T">A record that JSON can hold.</typeparam>
public sealed class KeptLines<T> : IDisposable
    where T : class
{
    static readonly JsonSerializerOptions Json = new() { PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    readonly Dictionary<string, T> known = new(StringComparer.Ordinal);
    readonly string path;
    readonly Func<T, string?> keyOf;
    readonly Lock gate = new();
    FileStream? stream;

    /// <param name="keyOf">What a line is found by; null where the line lacks it.</param>
    /// <exception cref="ForgeException">The file cannot be read.</exception>
    public KeptLines(string path, Func<T, string?> keyOf)
    {
        (this.path, this.keyOf) = (path, keyOf);
        try
        {
            Load();
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new ForgeException(new Problem(path, $"cannot be read: {error.Message}", "Check its permissions: what a model said is in it, and would be asked for again without it."), inner: error);
        }
    }

    /// <summary>All lines of a file that can be read.</summary>
    public static IEnumerable<T> Read(string path) => File.ReadLines(path).Select(Parse).OfType<T>();

    public T? Find(string key)
    {
        lock (gate)
        {
            return known.GetValueOrDefault(key);
        }
    }

    /// <summary>Ends when the line is safe on the disk.</summary>
    /// <exception cref="ForgeException">The folder cannot be written.</exception>
    public void Add(T said)
    {
        var line = Encoding.UTF8.GetBytes(JsonSerializer.Serialize(said, Json) + "\n");
        lock (gate)
        {
            try
            {
                Directory.CreateDirectory(Path.GetDirectoryName(path)!);
                stream ??= new FileStream(path, FileMode.Append, FileAccess.Write, FileShare.Read, bufferSize: 0);
                stream.Write(line);
                stream.Flush(flushToDisk: true);
            }
            catch (Exception error) when (error is IOException or UnauthorizedAccessException)
            {
                throw DurableFile.Unwritable(path, error);
            }

            known[keyOf(said)!] = said;
        }
    }

    public void Dispose() => stream?.Dispose();

    // A line that a kill tore is cut off, so that the next one begins a line.
    void Load()
    {
        if (!File.Exists(path))
        {
            return;
        }

        var bytes = File.ReadAllBytes(path);
        var whole = bytes.AsSpan().LastIndexOf((byte)'\n') + 1;
        if (whole < bytes.Length)
        {
            DurableFile.Write(path, file => file.Write(bytes, 0, whole));
        }

        foreach (var line in Encoding.UTF8.GetString(bytes, 0, whole).Split('\n', StringSplitOptions.RemoveEmptyEntries))
        {
            if (Parse(line) is { } said && keyOf(said) is { } key)
            {
                known[key] = said;
            }
        }
    }

    // A line that cannot be read is as good as absent: it is asked again.
    static T? Parse(string line)
    {
        try
        {
            return JsonSerializer.Deserialize<T>(line, Json);
        }
        catch (JsonException)
        {
            return null;
        }
    }
}
