using System.Runtime.InteropServices;
using System.Text;

namespace DistillForge.Data.Duck;

/// <summary>A list in every row.</summary>
abstract unsafe class ListCodec<TList, T>(Codec<T> element) : Codec<TList>
{
    public override string Sql => element.Sql + "[]";

    public override string Absent => "[]";

    public override LogicalTypeHandle CreateType()
    {
        using var type = element.CreateType();
        return new LogicalTypeHandle(Native.duckdb_create_list_type(type));
    }

    public override void Write(nint vector, ReadOnlySpan<TList> values)
    {
        var total = 0;
        var entries = (Entry*)Native.duckdb_vector_get_data(vector);
        for (var row = 0; row < values.Length; row++)
        {
            var length = LengthOf(values[row]);
            entries[row] = new Entry((ulong)total, (ulong)length);
            total += length;
        }

        var all = new T[total];
        for (var row = 0; row < values.Length; row++)
        {
            CopyTo(values[row], all.AsSpan((int)entries[row].Offset, (int)entries[row].Length));
        }

        // The child may move when it grows: it is fetched afterwards.
        _ = Native.duckdb_list_vector_reserve(vector, (ulong)total);
        _ = Native.duckdb_list_vector_set_size(vector, (ulong)total);
        element.Write(Native.duckdb_list_vector_get_child(vector), all);
    }

    public override TList[] Read(nint vector, int count)
    {
        RefuseNulls(vector, count);
        var entries = (Entry*)Native.duckdb_vector_get_data(vector);
        var total = (int)Native.duckdb_list_vector_get_size(vector);
        var all = element.Read(Native.duckdb_list_vector_get_child(vector), total);
        var lists = new TList[count];
        for (var row = 0; row < count; row++)
        {
            lists[row] = ListOf(all.AsSpan(checked((int)entries[row].Offset), checked((int)entries[row].Length)));
        }

        return lists;
    }

    protected abstract int LengthOf(TList list);

    protected abstract void CopyTo(TList list, Span<T> target);

    protected abstract TList ListOf(ReadOnlySpan<T> items);

    [StructLayout(LayoutKind.Sequential)]
    readonly record struct Entry(ulong Offset, ulong Length);
}

sealed class ArrayCodec<T>(Codec<T> element) : ListCodec<T[], T>(element)
{
    protected override int LengthOf(T[] list) => list.Length;

    protected override void CopyTo(T[] list, Span<T> target) => list.CopyTo(target);

    protected override T[] ListOf(ReadOnlySpan<T> items) => items.ToArray();
}

sealed class RowsCodec<T>(Codec<T> element) : ListCodec<IReadOnlyList<T>, T>(element)
{
    protected override int LengthOf(IReadOnlyList<T> list) => list.Count;

    protected override void CopyTo(IReadOnlyList<T> list, Span<T> target)
    {
        for (var i = 0; i < target.Length; i++)
        {
            target[i] = list[i];
        }
    }

    protected override IReadOnlyList<T> ListOf(ReadOnlySpan<T> items) => items.ToArray();
}

/// <summary>Small numbers, a byte each in the file.</summary>
sealed class BytesCodec() : ListCodec<int[], byte>(new NumberCodec<byte>(DuckType.UTinyInt, "UTINYINT"))
{
    protected override int LengthOf(int[] list) => list.Length;

    protected override void CopyTo(int[] list, Span<byte> target)
    {
        for (var i = 0; i < target.Length; i++)
        {
            target[i] = checked((byte)list[i]);
        }
    }

    protected override int[] ListOf(ReadOnlySpan<byte> items)
    {
        var list = new int[items.Length];
        for (var i = 0; i < list.Length; i++)
        {
            list[i] = items[i];
        }

        return list;
    }
}

/// <summary>Nats, rounded to 1/1024 in the file: what is cut off takes room on disk and is far below what an engine's own settings move.</summary>
sealed class NatsCodec() : ListCodec<float[], float>(new NumberCodec<float>(DuckType.Float, "FLOAT"))
{
    const float Steps = 1024;

    protected override int LengthOf(float[] list) => list.Length;

    protected override void CopyTo(float[] list, Span<float> target)
    {
        for (var i = 0; i < target.Length; i++)
        {
            // + 0 makes a 0 of −0.
            target[i] = (MathF.Round(list[i] * Steps) / Steps) + 0;
        }
    }

    protected override float[] ListOf(ReadOnlySpan<float> items) => items.ToArray();
}

/// <summary>Log-probabilities, a byte each in the file, see <see cref="LogprobCode"/>.</summary>
sealed class LogprobsCodec() : ListCodec<float[], byte>(new NumberCodec<byte>(DuckType.UTinyInt, "UTINYINT"))
{
    protected override int LengthOf(float[] list) => list.Length;

    protected override void CopyTo(float[] list, Span<byte> target)
    {
        for (var i = 0; i < target.Length; i++)
        {
            target[i] = LogprobCode.Encode(list[i]);
        }
    }

    protected override float[] ListOf(ReadOnlySpan<byte> items)
    {
        var list = new float[items.Length];
        for (var i = 0; i < list.Length; i++)
        {
            list[i] = LogprobCode.Decode(items[i]);
        }

        return list;
    }
}

/// <summary>A record of two values.</summary>
sealed unsafe class PairCodec<T, TFirst, TSecond>(
    string firstName, Codec<TFirst> first, Func<T, TFirst> getFirst,
    string secondName, Codec<TSecond> second, Func<T, TSecond> getSecond,
    Func<TFirst, TSecond, T> create) : Codec<T>
{
    public override string Sql => $"STRUCT({firstName} {first.Sql}, {secondName} {second.Sql})";

    public override LogicalTypeHandle CreateType()
    {
        using var firstType = first.CreateType();
        using var secondType = second.CreateType();
        var members = stackalloc nint[] { firstType.DangerousGetHandle(), secondType.DangerousGetHandle() };
        fixed (byte* one = Encoding.UTF8.GetBytes(firstName + '\0'), two = Encoding.UTF8.GetBytes(secondName + '\0'))
        {
            var names = stackalloc byte*[] { one, two };
            return new LogicalTypeHandle(Native.duckdb_create_struct_type(members, names, 2));
        }
    }

    public override void Write(nint vector, ReadOnlySpan<T> values)
    {
        var firsts = new TFirst[values.Length];
        var seconds = new TSecond[values.Length];
        for (var row = 0; row < values.Length; row++)
        {
            (firsts[row], seconds[row]) = (getFirst(values[row]), getSecond(values[row]));
        }

        first.Write(Native.duckdb_struct_vector_get_child(vector, 0), firsts);
        second.Write(Native.duckdb_struct_vector_get_child(vector, 1), seconds);
    }

    public override T[] Read(nint vector, int count)
    {
        RefuseNulls(vector, count);
        var firsts = first.Read(Native.duckdb_struct_vector_get_child(vector, 0), count);
        var seconds = second.Read(Native.duckdb_struct_vector_get_child(vector, 1), count);
        var values = new T[count];
        for (var row = 0; row < count; row++)
        {
            values[row] = create(firsts[row], seconds[row]);
        }

        return values;
    }
}
