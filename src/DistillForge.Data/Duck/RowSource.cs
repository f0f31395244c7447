using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace DistillForge.Data.Duck;

/// <summary>Rows of ours that a query can select from: a table function without parameters.</summary>
/// <param name="columns">Names and types; the types are disposed by the caller.</param>
/// <param name="fill">Fills the vectors of a chunk and returns the number of rows; 0 ends it. May throw.</param>
sealed unsafe class RowSource(IReadOnlyList<(string Name, LogicalTypeHandle Type)> columns, Func<nint, int> fill)
{
    /// <summary>What filling threw: the query then fails with its text.</summary>
    public Exception? Failure { get; private set; }

    public void Register(DuckDatabase database, string name)
    {
        var function = Native.duckdb_create_table_function();
        try
        {
            Native.duckdb_table_function_set_name(function, name);
            // DuckDB frees the handle with the function, when the database closes.
            Native.duckdb_table_function_set_extra_info(function, GCHandle.ToIntPtr(GCHandle.Alloc(this)), &Forget);
            Native.duckdb_table_function_set_bind(function, &Bind);
            Native.duckdb_table_function_set_init(function, &Init);
            Native.duckdb_table_function_set_function(function, &Fill);
            if (Native.duckdb_register_table_function(database.Connection, function) != 0)
            {
                throw new DuckException($"DuckDB does not take the table function {name}");
            }
        }
        finally
        {
            Native.duckdb_destroy_table_function(ref function);
        }
    }

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    static void Forget(nint info) => GCHandle.FromIntPtr(info).Free();

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    static void Bind(nint info)
    {
        var source = Of(Native.duckdb_bind_get_extra_info(info));
        foreach (var (name, type) in source.columns)
        {
            Native.duckdb_bind_add_result_column(info, name, type);
        }
    }

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    static void Init(nint info) => Native.duckdb_init_set_max_threads(info, 1);

    // An exception may not cross into C++.
    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    static void Fill(nint info, nint chunk)
    {
        var source = Of(Native.duckdb_function_get_extra_info(info));
        try
        {
            Native.duckdb_data_chunk_set_size(chunk, (ulong)source.fill(chunk));
        }
        catch (Exception exception)
        {
            source.Failure = exception;
            Native.duckdb_function_set_error(info, exception.Message);
        }
    }

    static RowSource Of(nint info) => (RowSource)GCHandle.FromIntPtr(info).Target!;

    readonly IReadOnlyList<(string Name, LogicalTypeHandle Type)> columns = columns;
    readonly Func<nint, int> fill = fill;
}
