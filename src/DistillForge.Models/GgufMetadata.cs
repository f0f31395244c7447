using System.Collections;
using System.Diagnostics.CodeAnalysis;

namespace DistillForge.Models;

/// <summary>Key → value in the file's order. The typed getters give null where a key is absent and an error that names it where its type is another.</summary>
/// <param name="path">The file it came from, for errors; empty when it was built here.</param>
public sealed class GgufMetadata(string path = "") : IEnumerable<KeyValuePair<string, GgufValue>>
{
    readonly OrderedDictionary<string, GgufValue> values = new(StringComparer.Ordinal);

    public int Count => values.Count;

    public GgufValue this[string key]
    {
        get => values.TryGetValue(key, out var value) ? value : throw Missing(key);
        set => values[key] = value;
    }

    public void Add(string key, GgufValue value) => values.Add(key, value);

    public bool TryAdd(string key, GgufValue value) => values.TryAdd(key, value);

    public bool Remove(string key) => values.Remove(key);

    public bool Contains(string key) => values.ContainsKey(key);

    public bool TryGet(string key, [NotNullWhen(true)] out GgufValue? value) => values.TryGetValue(key, out value);

    /// <summary>Takes every key of another over; what is already here is replaced in its place.</summary>
    public void AddAll(IEnumerable<KeyValuePair<string, GgufValue>> others)
    {
        foreach (var (key, value) in others)
        {
            values[key] = value;
        }
    }

    public string? Text(string key) => Get(key, GgufType.String)?.Value as string;

    public uint? UInt32(string key) => (uint?)Get(key, GgufType.UInt32)?.Value;

    public float? Float32(string key) => (float?)Get(key, GgufType.Float32)?.Value;

    public bool? Flag(string key) => (bool?)Get(key, GgufType.Bool)?.Value;

    public string[]? Texts(string key) => (string[]?)GetArray(key, GgufType.String)?.Value;

    public float[]? Float32s(string key) => (float[]?)GetArray(key, GgufType.Float32)?.Value;

    /// <summary>An array of i32, or of u32 that fit.</summary>
    public int[]? Int32s(string key)
    {
        if (!TryGet(key, out var value))
        {
            return null;
        }

        return value.Value switch
        {
            int[] numbers => numbers,
            uint[] numbers when Array.TrueForAll(numbers, n => n <= int.MaxValue) => Array.ConvertAll(numbers, n => (int)n),
            _ => throw WrongType(key, value, "Int32[]"),
        };
    }

    public string RequiredText(string key) => Text(key) ?? throw Missing(key);

    public uint RequiredUInt32(string key) => UInt32(key) ?? throw Missing(key);

    public float RequiredFloat32(string key) => Float32(key) ?? throw Missing(key);

    public string[] RequiredTexts(string key) => Texts(key) ?? throw Missing(key);

    /// <summary>The error for a value that has the right type and does not do.</summary>
    public GgufException Unfit(string key, string what, string instead = "Get the file again, or convert the model again.") => new(path, key, what, instead);

    public IEnumerator<KeyValuePair<string, GgufValue>> GetEnumerator() => values.GetEnumerator();

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();

    GgufValue? Get(string key, GgufType type)
        => !TryGet(key, out var value) ? null : value.Type == type ? value : throw WrongType(key, value, type.ToString());

    GgufValue? GetArray(string key, GgufType element)
        => !TryGet(key, out var value) ? null : value.Type == GgufType.Array && value.ElementType == element ? value : throw WrongType(key, value, $"{element}[]");

    GgufException WrongType(string key, GgufValue value, string wanted)
        => Unfit(key, $"is {(value.Type == GgufType.Array ? value.ToString() : value.Type.ToString())}, but must be {wanted}.");

    GgufException Missing(string key) => Unfit(key, "is missing.", "The file is no complete model; convert the model again.");
}
