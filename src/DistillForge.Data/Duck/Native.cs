using System.Runtime.InteropServices;
using DistillForge.Core;

namespace DistillForge.Data.Duck;

/// <summary>48 bytes, passed by value; only DuckDB looks inside.</summary>
[StructLayout(LayoutKind.Sequential)]
struct DuckResult
{
    readonly ulong columnCount;
    readonly ulong rowCount;
    readonly ulong rowsChanged;
    readonly nint columns;
    readonly nint errorMessage;
    readonly nint internalData;
}

/// <summary>The part of DuckDB's C API that we use (src/include/duckdb.h, 1.5.6). 0 is success, 1 an error.</summary>
static unsafe partial class Native
{
    const string Library = "duckdb";

    static Native() => NativeLibrary.SetDllImportResolver(typeof(Native).Assembly, (name, assembly, search) => name == Library ? Load() : NativeLibrary.Load(name, assembly, search));

    static nint Load()
    {
        var path = DuckEngine.LibraryPath;
        return File.Exists(path)
            ? NativeLibrary.Load(path)
            : throw new ForgeException(new Problem(path, "is missing: DuckDB reads and writes the Parquet files.", "Run './distillforge setup'."), ExitCode.Unavailable);
    }

    [LibraryImport(Library)] internal static partial nint duckdb_library_version();
    [LibraryImport(Library)] internal static partial void duckdb_free(nint pointer);

    [LibraryImport(Library)] internal static partial int duckdb_create_config(out nint config);
    [LibraryImport(Library, StringMarshalling = StringMarshalling.Utf8)] internal static partial int duckdb_set_config(nint config, string name, string option);
    [LibraryImport(Library)] internal static partial void duckdb_destroy_config(ref nint config);
    [LibraryImport(Library, StringMarshalling = StringMarshalling.Utf8)] internal static partial int duckdb_open_ext(string? path, out nint database, nint config, out nint error);
    [LibraryImport(Library)] internal static partial void duckdb_close(ref nint database);
    [LibraryImport(Library)] internal static partial int duckdb_connect(DatabaseHandle database, out nint connection);
    [LibraryImport(Library)] internal static partial void duckdb_interrupt(ConnectionHandle connection);
    [LibraryImport(Library)] internal static partial void duckdb_disconnect(ref nint connection);

    [LibraryImport(Library, StringMarshalling = StringMarshalling.Utf8)] internal static partial int duckdb_query(ConnectionHandle connection, string sql, DuckResult* result);
    [LibraryImport(Library)] internal static partial void duckdb_destroy_result(DuckResult* result);
    [LibraryImport(Library)] internal static partial nint duckdb_result_error(DuckResult* result);
    [LibraryImport(Library)] internal static partial ulong duckdb_column_count(DuckResult* result);
    [LibraryImport(Library)] internal static partial nint duckdb_column_name(DuckResult* result, ulong column);
    [LibraryImport(Library)] internal static partial nint duckdb_fetch_chunk(DuckResult result);

    [LibraryImport(Library, StringMarshalling = StringMarshalling.Utf8)] internal static partial int duckdb_prepare(ConnectionHandle connection, string sql, out nint statement);
    [LibraryImport(Library)] internal static partial void duckdb_destroy_prepare(ref nint statement);
    [LibraryImport(Library)] internal static partial nint duckdb_prepare_error(StatementHandle statement);
    [LibraryImport(Library)] internal static partial int duckdb_prepared_statement_type(StatementHandle statement);
    [LibraryImport(Library, StringMarshalling = StringMarshalling.Utf8)] internal static partial int duckdb_bind_varchar(StatementHandle statement, ulong index, string value);
    [LibraryImport(Library)] internal static partial int duckdb_bind_int64(StatementHandle statement, ulong index, long value);
    [LibraryImport(Library)] internal static partial int duckdb_execute_prepared_streaming(StatementHandle statement, DuckResult* result);

    [LibraryImport(Library)] internal static partial nint duckdb_create_logical_type(DuckType type);
    [LibraryImport(Library)] internal static partial nint duckdb_create_list_type(LogicalTypeHandle element);
    [LibraryImport(Library)] internal static partial nint duckdb_create_struct_type(nint* members, byte** names, ulong count);
    [LibraryImport(Library)] internal static partial void duckdb_destroy_logical_type(ref nint type);

    [LibraryImport(Library)] internal static partial ulong duckdb_data_chunk_get_size(nint chunk);
    [LibraryImport(Library)] internal static partial void duckdb_data_chunk_set_size(nint chunk, ulong size);
    [LibraryImport(Library)] internal static partial nint duckdb_data_chunk_get_vector(nint chunk, ulong column);
    [LibraryImport(Library)] internal static partial void duckdb_destroy_data_chunk(ref nint chunk);

    [LibraryImport(Library)] internal static partial nint duckdb_vector_get_data(nint vector);
    [LibraryImport(Library)] internal static partial ulong* duckdb_vector_get_validity(nint vector);
    [LibraryImport(Library)] internal static partial void duckdb_vector_ensure_validity_writable(nint vector);
    [LibraryImport(Library)] internal static partial void duckdb_vector_assign_string_element_len(nint vector, ulong index, byte* text, ulong length);
    [LibraryImport(Library)] internal static partial nint duckdb_list_vector_get_child(nint vector);
    [LibraryImport(Library)] internal static partial ulong duckdb_list_vector_get_size(nint vector);
    [LibraryImport(Library)] internal static partial int duckdb_list_vector_set_size(nint vector, ulong size);
    [LibraryImport(Library)] internal static partial int duckdb_list_vector_reserve(nint vector, ulong capacity);
    [LibraryImport(Library)] internal static partial nint duckdb_struct_vector_get_child(nint vector, ulong index);

    [LibraryImport(Library)] internal static partial nint duckdb_create_table_function();
    [LibraryImport(Library)] internal static partial void duckdb_destroy_table_function(ref nint function);
    [LibraryImport(Library, StringMarshalling = StringMarshalling.Utf8)] internal static partial void duckdb_table_function_set_name(nint function, string name);
    [LibraryImport(Library)] internal static partial void duckdb_table_function_set_extra_info(nint function, nint info, delegate* unmanaged[Cdecl]<nint, void> destroy);
    [LibraryImport(Library)] internal static partial void duckdb_table_function_set_bind(nint function, delegate* unmanaged[Cdecl]<nint, void> bind);
    [LibraryImport(Library)] internal static partial void duckdb_table_function_set_init(nint function, delegate* unmanaged[Cdecl]<nint, void> init);
    [LibraryImport(Library)] internal static partial void duckdb_table_function_set_function(nint function, delegate* unmanaged[Cdecl]<nint, nint, void> body);
    [LibraryImport(Library)] internal static partial int duckdb_register_table_function(ConnectionHandle connection, nint function);
    [LibraryImport(Library)] internal static partial nint duckdb_bind_get_extra_info(nint info);
    [LibraryImport(Library, StringMarshalling = StringMarshalling.Utf8)] internal static partial void duckdb_bind_add_result_column(nint info, string name, LogicalTypeHandle type);
    [LibraryImport(Library, StringMarshalling = StringMarshalling.Utf8)] internal static partial void duckdb_bind_set_error(nint info, string error);
    [LibraryImport(Library)] internal static partial void duckdb_init_set_max_threads(nint info, ulong threads);
    [LibraryImport(Library)] internal static partial nint duckdb_function_get_extra_info(nint info);
    [LibraryImport(Library, StringMarshalling = StringMarshalling.Utf8)] internal static partial void duckdb_function_set_error(nint info, string error);
}

/// <summary>duckdb_type, as far as we use it.</summary>
enum DuckType
{
    Boolean = 1,
    Integer = 4,
    BigInt = 5,
    UTinyInt = 6,
    USmallInt = 7,
    Float = 10,
    Double = 11,
    VarChar = 17,
}
