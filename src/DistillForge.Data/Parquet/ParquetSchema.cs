using DistillForge.Data.Duck;

namespace DistillForge.Data;

/// <summary>The columns of one kind of Parquet file, and how a record is put into and taken out of them.</summary>
abstract class ParquetSchema<TRow>
{
    readonly List<Column> columns = [];

    /// <summary>What is read. Two columns of one name are two types that files have it in; the one that is not there is empty.</summary>
    public IReadOnlyList<Column> Columns => columns;

    public IEnumerable<Column> Written => columns.Where(column => column.IsWritten);

    /// <summary>What a reader of the file should know about how columns are coded, by column.</summary>
    public virtual IReadOnlyDictionary<string, string> Notes { get; } = new Dictionary<string, string>();

    /// <summary>Bytes that a row takes in memory, roughly: chunks are cut by it.</summary>
    public abstract int Weigh(TRow row);

    protected abstract TRow Build(Values values, int row);

    /// <param name="isRequired">Files of other makers may lack the column otherwise.</param>
    protected Column<T> Add<T>(string name, Codec<T> codec, Func<TRow, T> get, bool isRequired = true)
    {
        var column = new Column<T>(columns.Count, name, codec, get, isRequired);
        columns.Add(column);
        return column;
    }

    /// <summary>A type that a column of older files has; read and not written.</summary>
    protected Column<T> AddOlder<T>(string name, Codec<T> codec)
    {
        var column = new Column<T>(columns.Count, name, codec, _ => throw new NotSupportedException(), isRequired: false, isWritten: false);
        columns.Add(column);
        return column;
    }

    public void Write(nint chunk, IReadOnlyList<TRow> rows)
    {
        var place = 0UL;
        foreach (var column in Written)
        {
            column.Write(Native.duckdb_data_chunk_get_vector(chunk, place++), rows);
        }
    }

    /// <exception cref="InvalidDataException">Names the column.</exception>
    public TRow[] Read(ChunkHandle chunk)
    {
        var count = chunk.Rows;
        var values = new Values(columns.Select(column => column.Read(chunk.Vector(column.Ordinal), count)).ToArray());
        var rows = new TRow[count];
        for (var row = 0; row < count; row++)
        {
            rows[row] = Build(values, row);
        }

        return rows;
    }

    internal abstract class Column(int ordinal, string name, string sql, string absent, bool isRequired, bool isWritten)
    {
        public int Ordinal => ordinal;

        public string Name => name;

        public string Sql => sql;

        /// <summary>In its place where a file lacks it, in SQL.</summary>
        public string Absent => absent;

        public bool IsRequired => isRequired;

        public bool IsWritten => isWritten;

        public abstract LogicalTypeHandle CreateType();

        public abstract void Write(nint vector, IReadOnlyList<TRow> rows);

        public abstract Array Read(nint vector, int count);
    }

    internal sealed class Column<T>(int ordinal, string name, Codec<T> codec, Func<TRow, T> get, bool isRequired, bool isWritten = true)
        : Column(ordinal, name, codec.Sql, codec.Absent, isRequired, isWritten)
    {
        public override LogicalTypeHandle CreateType() => codec.CreateType();

        public override void Write(nint vector, IReadOnlyList<TRow> rows)
        {
            var values = new T[rows.Count];
            for (var row = 0; row < values.Length; row++)
            {
                values[row] = get(rows[row]);
            }

            codec.Write(vector, values);
        }

        public override Array Read(nint vector, int count)
        {
            try
            {
                return codec.Read(vector, count);
            }
            catch (InvalidDataException exception)
            {
                throw new InvalidDataException($"column {Name} {exception.Message}", exception);
            }
        }
    }

    /// <summary>The columns of one chunk.</summary>
    internal readonly struct Values(Array[] columns)
    {
        public T Get<T>(Column<T> column, int row) => ((T[])columns[column.Ordinal])[row];
    }
}
