using System.Buffers;
using System.Text;

namespace DistillForge.Data.Duck;

/// <summary>How values of one type lie in DuckDB's vectors. Whole vectors at a time, from row 0.</summary>
abstract unsafe class Codec<T>
{
    /// <summary>The type as DuckDB prints it.</summary>
    public abstract string Sql { get; }

    /// <summary>What stands for the column where a file lacks it, in SQL.</summary>
    public virtual string Absent => "NULL";

    public abstract LogicalTypeHandle CreateType();

    public abstract void Write(nint vector, ReadOnlySpan<T> values);

    /// <exception cref="InvalidDataException">A value is absent where one must be.</exception>
    public abstract T[] Read(nint vector, int count);

    /// <summary>Null when every row has a value.</summary>
    protected static ulong* Validity(nint vector) => Native.duckdb_vector_get_validity(vector);

    protected static bool IsNull(ulong* validity, int row) => validity != null && (validity[row >> 6] & (1UL << (row & 63))) == 0;

    protected static void RefuseNulls(nint vector, int count)
    {
        var validity = Validity(vector);
        for (var row = 0; validity != null && row < count; row++)
        {
            if (IsNull(validity, row))
            {
                throw new InvalidDataException("has no value in a row that needs one");
            }
        }
    }
}

/// <summary>Numbers and switches: the same bytes here and there.</summary>
sealed unsafe class NumberCodec<T>(DuckType type, string sql) : Codec<T>
    where T : unmanaged
{
    public override string Sql => sql;

    public override LogicalTypeHandle CreateType() => new(Native.duckdb_create_logical_type(type));

    public override void Write(nint vector, ReadOnlySpan<T> values)
        => values.CopyTo(new Span<T>((void*)Native.duckdb_vector_get_data(vector), values.Length));

    public override T[] Read(nint vector, int count)
    {
        RefuseNulls(vector, count);
        return new ReadOnlySpan<T>((void*)Native.duckdb_vector_get_data(vector), count).ToArray();
    }
}

/// <summary>UTF-8 text; null only where <paramref name="mayBeNull"/>.</summary>
sealed unsafe class TextCodec(bool mayBeNull) : Codec<string?>
{
    // duckdb_string_t: 16 bytes; up to 12 bytes of text lie inside, longer text behind a pointer.
    const int Inlined = 12;

    public override string Sql => "VARCHAR";

    public override LogicalTypeHandle CreateType() => new(Native.duckdb_create_logical_type(DuckType.VarChar));

    public override void Write(nint vector, ReadOnlySpan<string?> values)
    {
        for (var row = 0; row < values.Length; row++)
        {
            if (values[row] is { } text)
            {
                WriteOne(vector, row, text);
            }
            else
            {
                Native.duckdb_vector_ensure_validity_writable(vector);
                Validity(vector)[row >> 6] &= ~(1UL << (row & 63));
            }
        }
    }

    public override string?[] Read(nint vector, int count)
    {
        var validity = Validity(vector);
        if (!mayBeNull)
        {
            RefuseNulls(vector, count);
        }

        var strings = (byte*)Native.duckdb_vector_get_data(vector);
        var texts = new string?[count];
        for (var row = 0; row < count; row++)
        {
            texts[row] = IsNull(validity, row) ? null : TextAt(strings + (16 * row));
        }

        return texts;
    }

    static string TextAt(byte* entry)
    {
        var length = *(int*)entry;
        var bytes = length <= Inlined ? entry + 4 : *(byte**)(entry + 8);
        return Encoding.UTF8.GetString(bytes, length);
    }

    static void WriteOne(nint vector, int row, string text)
    {
        var rented = ArrayPool<byte>.Shared.Rent(Encoding.UTF8.GetMaxByteCount(text.Length));
        var length = Encoding.UTF8.GetBytes(text, rented);
        fixed (byte* bytes = rented)
        {
            Native.duckdb_vector_assign_string_element_len(vector, (ulong)row, bytes, (ulong)length);
        }

        ArrayPool<byte>.Shared.Return(rented);
    }
}
