using System.Runtime.InteropServices;

namespace DistillForge.Data.Duck;

/// <summary>The rows of a running query, chunk by chunk.</summary>
sealed unsafe class DuckStream : IDisposable
{
    // duckdb_statement_type
    const int Select = 1;

    readonly StatementHandle statement;
    readonly CancellationToken cancellationToken;
    readonly CancellationTokenRegistration interrupt;
    readonly DuckResult[] result = new DuckResult[1];
    bool hasResult;

    public DuckStream(DuckDatabase database, StatementHandle statement, CancellationToken cancellationToken)
    {
        this.statement = statement;
        this.cancellationToken = cancellationToken;
        interrupt = database.InterruptOn(cancellationToken);
    }

    /// <summary>It only reads.</summary>
    public bool IsSelect => Native.duckdb_prepared_statement_type(statement) == Select;

    public IReadOnlyList<string> Columns { get; private set; } = [];

    public void Start()
    {
        fixed (DuckResult* pointer = result)
        {
            hasResult = true;
            if (Native.duckdb_execute_prepared_streaming(statement, pointer) != 0)
            {
                Throw(pointer);
            }

            var count = (int)Native.duckdb_column_count(pointer);
            var names = new string[count];
            for (var i = 0; i < count; i++)
            {
                names[i] = Marshal.PtrToStringUTF8(Native.duckdb_column_name(pointer, (ulong)i)) ?? "";
            }

            Columns = names;
        }
    }

    /// <returns>Null at the end.</returns>
    public ChunkHandle? Next()
    {
        var chunk = Native.duckdb_fetch_chunk(result[0]);
        if (chunk != 0)
        {
            return new ChunkHandle(chunk);
        }

        fixed (DuckResult* pointer = result)
        {
            if (Native.duckdb_result_error(pointer) != 0)
            {
                Throw(pointer);
            }
        }

        cancellationToken.ThrowIfCancellationRequested();
        return null;
    }

    public void Dispose()
    {
        interrupt.Dispose();
        if (hasResult)
        {
            fixed (DuckResult* pointer = result)
            {
                Native.duckdb_destroy_result(pointer);
            }
        }

        statement.Dispose();
    }

    void Throw(DuckResult* pointer)
    {
        cancellationToken.ThrowIfCancellationRequested();
        throw new DuckException(Marshal.PtrToStringUTF8(Native.duckdb_result_error(pointer)) ?? "unknown error");
    }
}
