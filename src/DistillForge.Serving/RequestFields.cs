using System.Text.Json;

namespace DistillForge.Serving;

/// <summary>The fields of a JSON object, each read with its bounds; null counts as absent. An error names the field.</summary>
readonly struct RequestFields(JsonElement body, string place = "")
{
    public JsonElement? Get(string name)
        => body.TryGetProperty(name, out var value) && value.ValueKind is not (JsonValueKind.Null or JsonValueKind.Undefined) ? value : null;

    public double Number(string name, double least, double most, double usual)
    {
        if (Get(name) is not { } value)
        {
            return usual;
        }

        return value.ValueKind == JsonValueKind.Number && value.TryGetDouble(out var number) && number >= least && number <= most
            ? number
            : throw Bad(name, FormattableString.Invariant($"must be a number from {least} to {most}."));
    }

    public int Integer(string name, int least, int most, int usual)
    {
        if (Get(name) is not { } value)
        {
            return usual;
        }

        return value.ValueKind == JsonValueKind.Number && value.TryGetInt32(out var number) && number >= least && number <= most
            ? number
            : throw Bad(name, $"must be a whole number from {least} to {most}.");
    }

    public long? Seed(string name)
    {
        if (Get(name) is not { } value)
        {
            return null;
        }

        return value.ValueKind == JsonValueKind.Number && value.TryGetInt64(out var number) ? number & long.MaxValue : throw Bad(name, "must be a whole number.");
    }

    public bool Flag(string name)
        => Get(name) is { } value && (value.ValueKind is JsonValueKind.True or JsonValueKind.False ? value.GetBoolean() : throw Bad(name, "must be true or false."));

    public string? Text(string name)
        => Get(name) is { } value ? value.ValueKind == JsonValueKind.String ? Read(value, name) : throw Bad(name, "must be a string.") : null;

    public RequestFields? Object(string name)
        => Get(name) is { } value ? value.ValueKind == JsonValueKind.Object ? new RequestFields(value, Path(name)) : throw Bad(name, "must be an object.") : null;

    /// <summary>One string or an array of some.</summary>
    public IReadOnlyList<string> Texts(string name, int most)
    {
        if (Get(name) is not { } value)
        {
            return [];
        }

        if (value.ValueKind == JsonValueKind.String)
        {
            return [Read(value, name)];
        }

        if (value.ValueKind != JsonValueKind.Array || value.GetArrayLength() > most || value.EnumerateArray().Any(item => item.ValueKind != JsonValueKind.String))
        {
            throw Bad(name, $"must be a string or an array of at most {most} strings.");
        }

        var texts = new List<string>();
        foreach (var item in value.EnumerateArray())
        {
            texts.Add(Read(item, name));
        }

        return texts;
    }

    public string Path(string name) => place.Length == 0 ? name : $"{place}.{name}";

    public ApiError Bad(string name, string what) => ApiError.Bad(Path(name), what);

    /// <summary>A string with half a surrogate pair is no text.</summary>
    string Read(JsonElement value, string name)
    {
        try
        {
            return value.GetString()!;
        }
        catch (InvalidOperationException)
        {
            throw Bad(name, "holds half a surrogate pair.");
        }
    }
}
