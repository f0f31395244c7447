using System.Runtime.InteropServices;

namespace DistillForge.Data.Duck;

/// <summary>A pointer that DuckDB gave and takes back.</summary>
abstract class DuckHandle : SafeHandle
{
    protected DuckHandle(nint pointer)
        : base(0, ownsHandle: true)
        => SetHandle(pointer);

    public override bool IsInvalid => handle == 0;
}

sealed class DatabaseHandle(nint pointer) : DuckHandle(pointer)
{
    protected override bool ReleaseHandle()
    {
        Native.duckdb_close(ref handle);
        return true;
    }
}

sealed class ConnectionHandle(nint pointer) : DuckHandle(pointer)
{
    protected override bool ReleaseHandle()
    {
        Native.duckdb_disconnect(ref handle);
        return true;
    }
}

sealed class StatementHandle(nint pointer) : DuckHandle(pointer)
{
    protected override bool ReleaseHandle()
    {
        Native.duckdb_destroy_prepare(ref handle);
        return true;
    }
}

sealed class LogicalTypeHandle(nint pointer) : DuckHandle(pointer)
{
    protected override bool ReleaseHandle()
    {
        Native.duckdb_destroy_logical_type(ref handle);
        return true;
    }
}

/// <summary>Up to 2,048 rows, column by column.</summary>
sealed class ChunkHandle(nint pointer) : DuckHandle(pointer)
{
    public int Rows => (int)Native.duckdb_data_chunk_get_size(handle);

    public nint Vector(int column) => Native.duckdb_data_chunk_get_vector(handle, (ulong)column);

    protected override bool ReleaseHandle()
    {
        Native.duckdb_destroy_data_chunk(ref handle);
        return true;
    }
}
