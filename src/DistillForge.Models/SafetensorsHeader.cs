using System.Text.Json;

namespace DistillForge.Models;

// The JSON header: every tensor's type, shape and place. Together the tensors cover the data exactly, without holes or overlaps.
sealed class SafetensorsHeader(string path, long dataLength)
{
    const int MostTensors = 1 << 20;

    public static int Bytes(SafetensorsType type) => type switch
    {
        <= SafetensorsType.F8_E5M2 => 1,
        <= SafetensorsType.BF16 => 2,
        <= SafetensorsType.F32 => 4,
        _ => 8,
    };

    public (List<SafetensorsTensor> Tensors, Dictionary<string, string> Metadata) Read(ReadOnlySpan<byte> json)
    {
        try
        {
            var reader = new Utf8JsonReader(json, new JsonReaderOptions { MaxDepth = 8 });
            using var document = JsonDocument.ParseValue(ref reader);
            if (document.RootElement.ValueKind != JsonValueKind.Object || json[(int)reader.BytesConsumed..].ContainsAnyExcept((byte)' ', (byte)'\0'))
            {
                throw Fail("header", "is no JSON object.");
            }

            return Read(document.RootElement);
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)   // the latter: a string that is no UTF-16
        {
            throw new ModelFileException(path, "header", $"is no JSON: {e.Message}", inner: e);
        }
    }

    (List<SafetensorsTensor> Tensors, Dictionary<string, string> Metadata) Read(JsonElement root)
    {
        var metadata = new Dictionary<string, string>(StringComparer.Ordinal);
        var tensors = new List<SafetensorsTensor>();
        var names = new HashSet<string>(StringComparer.Ordinal);
        foreach (var property in root.EnumerateObject())
        {
            if (!names.Add(property.Name) || names.Count > MostTensors)
            {
                throw Fail($"tensor '{Printable.Name(property.Name)}'", $"appears twice, or is beyond the {MostTensors} that are allowed.");
            }

            if (property.Name == "__metadata__")
            {
                ReadMetadata(property.Value, metadata);
            }
            else
            {
                tensors.Add(Tensor(property.Name, property.Value));
            }
        }

        tensors.Sort((a, b) => (a.Offset, a.ByteCount).CompareTo((b.Offset, b.ByteCount)));
        CheckCover(tensors);
        return (tensors, metadata);
    }

    void ReadMetadata(JsonElement value, Dictionary<string, string> metadata)
    {
        if (value.ValueKind != JsonValueKind.Object)
        {
            throw Fail("__metadata__", "is no JSON object.");
        }

        foreach (var entry in value.EnumerateObject())
        {
            metadata[entry.Name] = entry.Value.ValueKind == JsonValueKind.String ? entry.Value.GetString()! : throw Fail("__metadata__", $"'{Printable.Name(entry.Name)}' is no text.");
        }
    }

    SafetensorsTensor Tensor(string name, JsonElement value)
    {
        var field = $"tensor '{Printable.Name(name)}'";
        if (value.ValueKind != JsonValueKind.Object || !value.TryGetProperty("dtype", out var dtype) || !value.TryGetProperty("shape", out var shape) || !value.TryGetProperty("data_offsets", out var offsets))
        {
            throw Fail(field, "needs dtype, shape and data_offsets.");
        }

        if (dtype.ValueKind != JsonValueKind.String || !Enum.TryParse<SafetensorsType>(dtype.GetString(), out var type) || type.ToString() != dtype.GetString())
        {
            throw Fail($"{field}, dtype", $"is {Printable.Name(dtype.GetRawText())}, which is not known.");
        }

        var sizes = Numbers(shape, $"{field}, shape");
        var ends = Numbers(offsets, $"{field}, data_offsets");
        if (ends.Count != 2 || ends[0] > ends[1] || ends[1] > dataLength)
        {
            throw Fail($"{field}, data_offsets", $"are {string.Join(", ", ends)}, but must be two ascending places in {dataLength} bytes: cut off?");
        }

        return Size(type, sizes) == ends[1] - ends[0]
            ? new SafetensorsTensor(name, type, sizes, ends[0], ends[1] - ends[0])
            : throw Fail($"{field}, data_offsets", $"span {ends[1] - ends[0]} bytes, which {type} [{string.Join(", ", sizes)}] does not take.");
    }

    List<long> Numbers(JsonElement array, string field)
    {
        if (array.ValueKind != JsonValueKind.Array || array.GetArrayLength() > 16)
        {
            throw Fail(field, "is no array of at most 16 numbers.");
        }

        return [.. array.EnumerateArray().Select(item => item.ValueKind == JsonValueKind.Number && item.TryGetInt64(out var number) && number >= 0
            ? number
            : throw Fail(field, $"holds {Printable.Name(item.GetRawText())}, but must hold whole numbers from 0."))];
    }

    // null when 64 bits cannot count it, which no place in a file can equal
    static long? Size(SafetensorsType type, List<long> shape)
    {
        try
        {
            return shape.Aggregate((long)Bytes(type), (product, size) => checked(product * size));
        }
        catch (OverflowException)
        {
            return null;
        }
    }

    void CheckCover(List<SafetensorsTensor> tensors)
    {
        var expected = 0L;
        foreach (var tensor in tensors)
        {
            if (tensor.Offset != expected)
            {
                throw Fail($"tensor '{Printable.Name(tensor.Name)}', data_offsets", $"begin at {tensor.Offset}, but the tensor before ends at {expected}.");
            }

            expected += tensor.ByteCount;
        }

        if (expected != dataLength)
        {
            throw Fail("header", $"describes {expected} bytes of tensors, but {dataLength} follow it.");
        }
    }

    ModelFileException Fail(string field, string what) => new(path, field, what);
}
