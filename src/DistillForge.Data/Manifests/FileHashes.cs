using System.Text.Json;
using DistillForge.Core;
using DistillForge.Models;

namespace DistillForge.Data;

/// <summary>
/// SHA-256 of files, remembered by size and time of change, so that a second run need not read them again. A file that was changed within
/// the clock's last two seconds is not remembered: it could change again without a trace.
/// </summary>
/// <param name="cachePath">Where they are remembered; a file that cannot be read is an empty memory.</param>
/// <param name="clock">The system's when not given.</param>
public sealed class FileHashes(string cachePath, TimeProvider? clock = null)
{
    static readonly TimeSpan ClockGrain = TimeSpan.FromSeconds(2);

    readonly Lock remembering = new();
    readonly Dictionary<string, Known> known = Load(cachePath);
    bool changed;

    /// <exception cref="ForgeException">The file is not there.</exception>
    public string Of(string path)
    {
        var file = new FileInfo(Path.GetFullPath(path));
        if (!file.Exists)
        {
            throw new ForgeException(new Problem(path, "does not exist."));
        }

        var (size, time) = (file.Length, file.LastWriteTimeUtc.Ticks);
        lock (remembering)
        {
            if (known.TryGetValue(file.FullName, out var before) && before.Size == size && before.Time == time)
            {
                return before.Sha256;
            }
        }

        var hash = Sha256.OfFile(file.FullName);
        if ((clock ?? TimeProvider.System).GetUtcNow().UtcDateTime - file.LastWriteTimeUtc > ClockGrain)
        {
            lock (remembering)
            {
                known[file.FullName] = new Known(size, time, hash);
                changed = true;
            }
        }

        return hash;
    }

    /// <summary>Of the sorted names and contents below a folder.</summary>
    public string OfFolder(string folder) => Sha256.OfText(string.Join('\n', Directory.EnumerateFiles(folder, "*", SearchOption.AllDirectories)
        .Select(file => (Name: Path.GetRelativePath(folder, file), File: file))
        .OrderBy(file => file.Name, StringComparer.Ordinal)
        .Select(file => $"{file.Name} {Of(file.File)}")));

    /// <summary>Writes the memory down when it has grown.</summary>
    public void Save()
    {
        lock (remembering)
        {
            if (changed)
            {
                DurableFile.Write(cachePath, stream => JsonSerializer.Serialize(stream, known.Where(entry => File.Exists(entry.Key)).ToDictionary()));
                changed = false;
            }
        }
    }

    static Dictionary<string, Known> Load(string path)
    {
        try
        {
            return JsonSerializer.Deserialize<Dictionary<string, Known>>(File.ReadAllBytes(path)) ?? [];
        }
        catch (Exception exception) when (exception is IOException or JsonException)
        {
            return [];
        }
    }

    sealed record Known(long Size, long Time, string Sha256);
}
