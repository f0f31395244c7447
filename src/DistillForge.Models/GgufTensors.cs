namespace DistillForge.Models;

/// <summary>Reads the tensor table: names, shapes, types and offsets, each checked against the file's length.</summary>
sealed class GgufTensors(GgufCursor cursor, int alignment)
{
    public const int LongestName = 63;      // GGML_MAX_NAME less the NUL
    public const int MostDimensions = 4;    // GGML_MAX_DIMS
    public const string AlignmentKey = "general.alignment";
    public const int DefaultAlignment = 32;
    const uint LargestAlignment = 1 << 20;

    public static int Alignment(GgufMetadata metadata, string path)
    {
        var alignment = metadata.UInt32(AlignmentKey) ?? DefaultAlignment;
        return uint.IsPow2(alignment) && alignment <= LargestAlignment
            ? (int)alignment
            : throw new GgufException(path, AlignmentKey, $"is {alignment}, but must be a power of two up to {LargestAlignment}.");
    }

    public (long DataOffset, List<GgufTensor> Tensors) Read(int count, long fileLength)
    {
        var tensors = new List<GgufTensor>(count);
        var names = new HashSet<string>(count, StringComparer.Ordinal);
        for (var i = 0; i < count; i++)
        {
            var tensor = Tensor($"tensor {i}");
            if (!names.Add(tensor.Name))
            {
                throw cursor.Fail(Field(tensor), "appears twice.");
            }

            tensors.Add(tensor);
        }

        var dataOffset = count == 0 ? cursor.Position : Pad(cursor.Position);
        Place(tensors, dataOffset, fileLength);
        return (dataOffset, tensors);
    }

    GgufTensor Tensor(string number)
    {
        var name = cursor.Name($"{number}, name", LongestName);
        var field = $"tensor '{Printable.Name(name)}'";
        var shape = Shape(field);
        var code = cursor.UInt32($"{field}, type");
        var type = (GgmlType)code;
        if (code > int.MaxValue || !type.IsKnown())
        {
            throw cursor.Fail($"{field}, type", $"is {code}, which llama.cpp v0.5.0 does not know.");
        }

        if (shape[0] % type.BlockSize() != 0)
        {
            throw cursor.Fail($"{field}, dimension 0", $"is {shape[0]}, not a multiple of {type}'s block of {type.BlockSize()}.");
        }

        var offset = cursor.UInt64($"{field}, offset");
        return offset <= long.MaxValue
            ? new GgufTensor(name, type, shape, (long)offset, Bytes(field, type, shape))
            : throw cursor.Fail($"{field}, offset", $"is {offset}, beyond every file.");
    }

    long[] Shape(string field)
    {
        var dimensions = cursor.UInt32($"{field}, dimensions");
        if (dimensions > MostDimensions)
        {
            throw cursor.Fail($"{field}, dimensions", $"are {dimensions}, but at most {MostDimensions} are allowed.");
        }

        var shape = new long[Math.Max(1, dimensions)];
        shape[0] = 1;
        for (var d = 0; d < dimensions; d++)
        {
            var size = cursor.UInt64($"{field}, dimension {d}");
            shape[d] = size is > 0 and <= long.MaxValue ? (long)size : throw cursor.Fail($"{field}, dimension {d}", $"is {size}, but must be 1 to 2^63 − 1.");
        }

        return shape;
    }

    long Bytes(string field, GgmlType type, long[] shape)
    {
        try
        {
            return type.BytesFor(shape.Aggregate(1L, (product, size) => checked(product * size)));
        }
        catch (OverflowException)
        {
            throw cursor.Fail($"{field}, dimensions", $"are {string.Join(" × ", shape)}: more elements than 64 bits can count.");
        }
    }

    // llama.cpp wants each tensor to begin where the one before it ends, padded. A hole or an overlap is a broken file.
    void Place(List<GgufTensor> tensors, long dataOffset, long fileLength)
    {
        var expected = 0L;
        foreach (var tensor in tensors)
        {
            var field = $"{Field(tensor)}, offset";
            if (tensor.Offset % alignment != 0)
            {
                throw cursor.Fail(field, $"is {tensor.Offset}, not a multiple of the alignment {alignment}.");
            }

            if (tensor.Offset > fileLength - dataOffset || tensor.ByteCount > fileLength - dataOffset - tensor.Offset)
            {
                throw cursor.Fail(field, $"is {tensor.Offset} and its {tensor.ByteCount} bytes end past the file's {fileLength}: it is cut off.");
            }

            if (tensor.Offset != expected)
            {
                throw cursor.Fail(field, $"is {tensor.Offset}, but the tensor before it ends at {expected}.");
            }

            // Cannot overflow: the tensor lies inside the file.
            expected = Pad(tensor.Offset + tensor.ByteCount);
        }
    }

    long Pad(long offset) => (offset + alignment - 1) / alignment * alignment;

    static string Field(GgufTensor tensor) => $"tensor '{Printable.Name(tensor.Name)}'";
}
