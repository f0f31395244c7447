namespace DistillForge.Models;

/// <summary>What a metadata value is; the numbers are those in the file.</summary>
public enum GgufType
{
    UInt8 = 0,
    Int8 = 1,
    UInt16 = 2,
    Int16 = 3,
    UInt32 = 4,
    Int32 = 5,
    Float32 = 6,
    Bool = 7,
    String = 8,
    Array = 9,
    UInt64 = 10,
    Int64 = 11,
    Float64 = 12,
}

/// <summary>One metadata value with its type in the file.</summary>
public sealed class GgufValue
{
    GgufValue(GgufType type, object value, GgufType element = GgufType.Array) => (Type, Value, ElementType) = (type, value, element);

    public GgufType Type { get; }

    /// <summary>Of an array: what its elements are. Of anything else: meaningless.</summary>
    public GgufType ElementType { get; }

    /// <summary>A number, a bool, a string, or an array of one of these; an array of arrays is a <c>GgufValue[]</c>.</summary>
    public object Value { get; }

    /// <summary>Elements of an array; 1 for anything else.</summary>
    public int Count => Value is Array array ? array.Length : 1;

    public static GgufValue Of(byte value) => new(GgufType.UInt8, value);
    public static GgufValue Of(sbyte value) => new(GgufType.Int8, value);
    public static GgufValue Of(ushort value) => new(GgufType.UInt16, value);
    public static GgufValue Of(short value) => new(GgufType.Int16, value);
    public static GgufValue Of(uint value) => new(GgufType.UInt32, value);
    public static GgufValue Of(int value) => new(GgufType.Int32, value);
    public static GgufValue Of(ulong value) => new(GgufType.UInt64, value);
    public static GgufValue Of(long value) => new(GgufType.Int64, value);
    public static GgufValue Of(float value) => new(GgufType.Float32, value);
    public static GgufValue Of(double value) => new(GgufType.Float64, value);
    public static GgufValue Of(bool value) => new(GgufType.Bool, value);
    public static GgufValue Of(string value) => new(GgufType.String, value);

    /// <summary>An array of any of the scalar types.</summary>
    public static GgufValue Of<T>(T[] values) => new(GgufType.Array, values, Element(typeof(T)));

    /// <summary>An array of arrays. llama.cpp v0.5.0 refuses files that hold one.</summary>
    public static GgufValue Of(GgufValue[] arrays)
        => Array.TrueForAll(arrays, value => value.Type == GgufType.Array) ? new(GgufType.Array, arrays, GgufType.Array) : throw new ArgumentException("every element must be an array", nameof(arrays));

    public override string ToString() => Type == GgufType.Array ? $"{ElementType}[{Count}]" : $"{Value}";

    static GgufType Element(Type type) => System.Type.GetTypeCode(type) switch
    {
        TypeCode.Byte => GgufType.UInt8,
        TypeCode.SByte => GgufType.Int8,
        TypeCode.UInt16 => GgufType.UInt16,
        TypeCode.Int16 => GgufType.Int16,
        TypeCode.UInt32 => GgufType.UInt32,
        TypeCode.Int32 => GgufType.Int32,
        TypeCode.UInt64 => GgufType.UInt64,
        TypeCode.Int64 => GgufType.Int64,
        TypeCode.Single => GgufType.Float32,
        TypeCode.Double => GgufType.Float64,
        TypeCode.Boolean => GgufType.Bool,
        TypeCode.String => GgufType.String,
        _ => throw new ArgumentException($"{type} is no GGUF type", nameof(type)),
    };
}
