using System.Buffers.Binary;

namespace DistillForge.Models;

/// <summary>Reads the header of a GGUF file, version 2 or 3. Nothing is allocated for a count that the file is too short for.</summary>
sealed class GgufReader(GgufCursor cursor, string path)
{
    const int MostKeys = 1 << 14;
    const int MostTensors = 1 << 16;
    const int MostElements = 1 << 30;   // as llama.cpp
    const int MostNestedArrays = 1 << 12;
    const int DeepestArray = 4;
    const int LongestKey = 65535;       // the GGUF specification's
    const int SmallestKey = 8 + 1 + 4 + 1;
    const int SmallestTensor = 8 + 1 + 4 + 4 + 8;

    int nestedArrays;

    public (uint Version, GgufMetadata Metadata, int Alignment, long DataOffset, List<GgufTensor> Tensors) Read(long fileLength)
    {
        var version = Version();
        var tensorCount = cursor.Count("tensor count", SmallestTensor, MostTensors);
        var keyCount = cursor.Count("metadata count", SmallestKey, MostKeys);
        var metadata = new GgufMetadata(path);
        for (var i = 0; i < keyCount; i++)
        {
            var key = cursor.Name($"key {i}", LongestKey);
            var field = $"key '{Printable.Name(key)}'";
            if (!metadata.TryAdd(key, Value(field)))
            {
                throw cursor.Fail(field, "appears twice.");
            }
        }

        var alignment = GgufTensors.Alignment(metadata, path);
        var (dataOffset, tensors) = new GgufTensors(cursor, alignment).Read(tensorCount, fileLength);
        return (version, metadata, alignment, dataOffset, tensors);
    }

    uint Version()
    {
        var magic = cursor.Take("magic", 4);
        if (!magic.SequenceEqual("GGUF"u8))
        {
            throw new GgufException(path, "magic", $"is {Convert.ToHexString(magic)}, not 47475546 (GGUF): this is no GGUF file.", "Name a .gguf file.");
        }

        var version = cursor.UInt32("version");
        return version switch
        {
            2 or 3 => version,
            1 => throw new GgufException(path, "version", "is 1, which llama.cpp no longer reads.", "Convert the model again with a present converter."),
            _ when (version & 0xFFFF) == 0 && BinaryPrimitives.ReverseEndianness(version) is 2 or 3 => throw new GgufException(path, "version", "is big-endian; only little-endian files are read.", "Convert it with gguf-py's gguf_convert_endian.py."),
            _ => throw cursor.Fail("version", $"is {version}; 2 and 3 are known."),
        };
    }

    GgufValue Value(string field)
    {
        var type = Type(field);
        return type == GgufType.Array ? Array(field, depth: 1) : type switch
        {
            GgufType.UInt8 => GgufValue.Of(cursor.Take(field, 1)[0]),
            GgufType.Int8 => GgufValue.Of((sbyte)cursor.Take(field, 1)[0]),
            GgufType.UInt16 => GgufValue.Of(BinaryPrimitives.ReadUInt16LittleEndian(cursor.Take(field, 2))),
            GgufType.Int16 => GgufValue.Of(BinaryPrimitives.ReadInt16LittleEndian(cursor.Take(field, 2))),
            GgufType.UInt32 => GgufValue.Of(cursor.UInt32(field)),
            GgufType.Int32 => GgufValue.Of((int)cursor.UInt32(field)),
            GgufType.Float32 => GgufValue.Of(BinaryPrimitives.ReadSingleLittleEndian(cursor.Take(field, 4))),
            GgufType.Bool => GgufValue.Of(Bool(field, cursor.Take(field, 1)[0])),
            GgufType.String => GgufValue.Of(cursor.Text(field)),
            GgufType.UInt64 => GgufValue.Of(cursor.UInt64(field)),
            GgufType.Int64 => GgufValue.Of((long)cursor.UInt64(field)),
            _ => GgufValue.Of(BinaryPrimitives.ReadDoubleLittleEndian(cursor.Take(field, 8))),
        };
    }

    GgufValue Array(string field, int depth)
    {
        var element = Type($"{field}, element type");
        var (bytes, most) = Smallest(element);
        var count = cursor.Count($"{field}, array length", bytes, most);
        return element switch
        {
            GgufType.UInt8 => GgufValue.Of(cursor.Numbers<byte>(field, count)),
            GgufType.Int8 => GgufValue.Of(cursor.Numbers<sbyte>(field, count)),
            GgufType.UInt16 => GgufValue.Of(cursor.Numbers<ushort>(field, count)),
            GgufType.Int16 => GgufValue.Of(cursor.Numbers<short>(field, count)),
            GgufType.UInt32 => GgufValue.Of(cursor.Numbers<uint>(field, count)),
            GgufType.Int32 => GgufValue.Of(cursor.Numbers<int>(field, count)),
            GgufType.Float32 => GgufValue.Of(cursor.Numbers<float>(field, count)),
            GgufType.Bool => GgufValue.Of(System.Array.ConvertAll(cursor.Numbers<byte>(field, count), b => Bool(field, b))),
            GgufType.String => GgufValue.Of(Texts(field, count)),
            GgufType.UInt64 => GgufValue.Of(cursor.Numbers<ulong>(field, count)),
            GgufType.Int64 => GgufValue.Of(cursor.Numbers<long>(field, count)),
            GgufType.Float64 => GgufValue.Of(cursor.Numbers<double>(field, count)),
            _ => GgufValue.Of(Arrays(field, count, depth)),
        };
    }

    GgufValue[] Arrays(string field, int count, int depth)
    {
        if (depth >= DeepestArray)
        {
            throw cursor.Fail(field, $"nests arrays more than {DeepestArray} deep.");
        }

        nestedArrays += count;
        if (nestedArrays > MostNestedArrays)
        {
            throw cursor.Fail(field, $"brings the file to more than {MostNestedArrays} nested arrays.");
        }

        var arrays = new GgufValue[count];
        for (var i = 0; i < count; i++)
        {
            arrays[i] = Array($"{field}[{i}]", depth + 1);
        }

        return arrays;
    }

    string[] Texts(string field, int count)
    {
        var texts = new string[count];
        for (var i = 0; i < count; i++)
        {
            texts[i] = cursor.Text(field);
        }

        return texts;
    }

    GgufType Type(string field)
    {
        var type = cursor.UInt32($"{field}, type");
        return type <= (uint)GgufType.Float64 ? (GgufType)type : throw cursor.Fail(field, $"has type {type}; 0 to 12 are known.");
    }

    bool Bool(string field, byte value) => value <= 1 ? value == 1 : throw cursor.Fail(field, $"is {value}, but a bool is 0 or 1.");

    static (int Bytes, int Most) Smallest(GgufType type) => type switch
    {
        GgufType.UInt8 or GgufType.Int8 or GgufType.Bool => (1, MostElements),
        GgufType.UInt16 or GgufType.Int16 => (2, MostElements),
        GgufType.UInt32 or GgufType.Int32 or GgufType.Float32 => (4, MostElements),
        GgufType.Array => (4 + 8, MostNestedArrays),
        _ => (8, MostElements / 8),   // a string is at least its length
    };
}
