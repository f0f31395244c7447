using System.Text.Json;

namespace DistillForge.Models;

/// <summary>The weights of a Hugging Face folder: <c>model.safetensors</c>, or the shards that <c>model.safetensors.index.json</c> names.</summary>
public sealed class SafetensorsFolder : IDisposable
{
    const string Whole = "model.safetensors";
    const string Index = "model.safetensors.index.json";
    const int LargestIndex = 64 << 20;
    const int MostShards = 4096;

    readonly List<SafetensorsFile> files = [];
    readonly Dictionary<string, SafetensorsFile> byTensor = new(StringComparer.Ordinal);

    SafetensorsFolder(string path) => Path = path;

    public string Path { get; }

    public IReadOnlyCollection<string> Names => byTensor.Keys;

    /// <summary>The files that hold something.</summary>
    public IReadOnlyList<string> Files => [.. files.Select(file => file.Path)];

    /// <exception cref="ModelFileException">There are no safetensors, or one is missing, hostile or not what the index says.</exception>
    public static SafetensorsFolder Open(string path)
    {
        var folder = new SafetensorsFolder(path);
        try
        {
            var (whole, index) = (System.IO.Path.Combine(path, Whole), System.IO.Path.Combine(path, Index));
            if (File.Exists(index) && !File.Exists(whole))
            {
                folder.OpenShards(index);
            }
            else
            {
                folder.Add(SafetensorsFile.Open(whole), only: null);
            }

            return folder;
        }
        catch
        {
            folder.Dispose();
            throw;
        }
    }

    public bool Contains(string name) => byTensor.ContainsKey(name);

    /// <summary>The file that holds a tensor, and the tensor.</summary>
    public (SafetensorsFile File, SafetensorsTensor Tensor) Find(string name)
        => byTensor.TryGetValue(name, out var file) ? (file, file.Tensor(name)) : throw new ModelFileException(Path, $"tensor '{Printable.Name(name)}'", "is missing.", "Get the folder again; it may be another model than its config.json says.");

    public void Dispose() => files.ForEach(file => file.Dispose());

    void OpenShards(string index)
    {
        var shards = ReadIndex(index).GroupBy(entry => entry.Shard, entry => entry.Tensor, StringComparer.Ordinal).ToList();
        if (shards.Count is 0 or > MostShards)
        {
            throw new ModelFileException(index, "weight_map", $"names {shards.Count} files; 1 to {MostShards} are possible.");
        }

        foreach (var shard in shards)
        {
            // A name with a path in it would let an index read any file of the machine.
            if (shard.Key.Length == 0 || shard.Key != System.IO.Path.GetFileName(shard.Key) || !shard.Key.EndsWith(".safetensors", StringComparison.Ordinal))
            {
                throw new ModelFileException(index, "weight_map", $"names '{Printable.Name(shard.Key)}', but must name .safetensors files of the same folder.");
            }

            Add(SafetensorsFile.Open(System.IO.Path.Combine(Path, shard.Key)), [.. shard]);
        }
    }

    void Add(SafetensorsFile file, IReadOnlyList<string>? only)
    {
        files.Add(file);
        foreach (var name in only ?? [.. file.Tensors.Select(tensor => tensor.Name)])
        {
            byTensor[name] = file.Contains(name) ? file : throw new ModelFileException(file.Path, $"tensor '{Printable.Name(name)}'", "is not in this file, though the index says so.");
        }
    }

    static List<(string Tensor, string Shard)> ReadIndex(string path)
    {
        using var file = MappedFile.Open(path, (what, instead, inner) => new ModelFileException(path, "file", what, instead, inner));
        if (file.Length > LargestIndex)
        {
            throw new ModelFileException(path, "file", $"is {file.Length} bytes long, too long for an index.");
        }

        try
        {
            using var document = JsonDocument.Parse(file.Span(0, file.Length).ToArray(), new JsonDocumentOptions { MaxDepth = 16 });
            return document.RootElement.ValueKind == JsonValueKind.Object && document.RootElement.TryGetProperty("weight_map", out var map) && map.ValueKind == JsonValueKind.Object
                && map.EnumerateObject().All(entry => entry.Value.ValueKind == JsonValueKind.String)
                ? [.. map.EnumerateObject().Select(entry => (entry.Name, entry.Value.GetString()!))]
                : throw new ModelFileException(path, "weight_map", "is missing, or does not map names to names.");
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)   // the latter: a string that is no UTF-16
        {
            throw new ModelFileException(path, "file", $"is no JSON: {e.Message}", inner: e);
        }
    }
}
