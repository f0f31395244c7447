using System.Runtime.InteropServices;

namespace DistillForge.Data.Duck;

/// <summary>What DuckDB said when it could not do something.</summary>
public sealed class DuckException(string message, Exception? inner = null) : Exception(message, inner);

/// <summary>
/// One database in memory with one connection. It touches only the files and folders that it was opened for, loads no extension,
/// and its settings are locked.
/// </summary>
sealed unsafe class DuckDatabase : IDisposable
{
    readonly DatabaseHandle database;

    DuckDatabase(DatabaseHandle database, ConnectionHandle connection) => (this.database, Connection) = (database, connection);

    public ConnectionHandle Connection { get; }

    /// <summary>E.g. <c>v1.5.6</c>; for manifests.</summary>
    public static string Version => Marshal.PtrToStringUTF8(Native.duckdb_library_version())!;

    /// <param name="scratch">Where sorts and joins spill to; made when needed.</param>
    /// <param name="paths">Files that may be read and written; a folder when it ends in '/'.</param>
    public static DuckDatabase Open(string scratch, IEnumerable<string> paths, string memory = "1GB", int threads = 1)
    {
        var config = new Dictionary<string, string>
        {
            ["threads"] = threads.ToString(),
            ["memory_limit"] = memory,
            ["temp_directory"] = scratch,
            ["autoinstall_known_extensions"] = "false",
            ["autoload_known_extensions"] = "false",
            ["allow_community_extensions"] = "false",
            // One thread keeps the order of rows by itself; told to preserve it, the writer would hold more of them back.
            ["preserve_insertion_order"] = threads == 1 ? "false" : "true",
        };
        var handle = OpenHandle(config);
        if (Native.duckdb_connect(handle, out var connection) != 0)
        {
            handle.Dispose();
            throw new DuckException("DuckDB gives no connection");
        }

        var opened = new DuckDatabase(handle, new ConnectionHandle(connection));
        var all = paths.ToList();
        opened.Execute($"SET allowed_paths = {ListOf(all.Where(path => !path.EndsWith('/')))}", CancellationToken.None);
        opened.Execute($"SET allowed_directories = {ListOf(all.Where(path => path.EndsWith('/')))}", CancellationToken.None);
        opened.Execute("SET enable_external_access = false", CancellationToken.None);
        opened.Execute("SET lock_configuration = true", CancellationToken.None);
        return opened;
    }

    /// <summary>A text as SQL writes it.</summary>
    public static string Quote(string text) => $"'{text.Replace("'", "''")}'";

    public static string ListOf(IEnumerable<string> texts) => $"[{string.Join(", ", texts.Select(Quote))}]";

    /// <exception cref="DuckException">It failed.</exception>
    public void Execute(string sql, CancellationToken cancellationToken)
    {
        DuckResult result;
        using (InterruptOn(cancellationToken))
        {
            var state = Native.duckdb_query(Connection, sql, &result);
            var error = state == 0 ? null : Marshal.PtrToStringUTF8(Native.duckdb_result_error(&result)) ?? "unknown error";
            Native.duckdb_destroy_result(&result);
            if (error is not null)
            {
                cancellationToken.ThrowIfCancellationRequested();
                throw new DuckException(error);
            }
        }
    }

    /// <summary>Starts a query whose rows are fetched as they are asked for.</summary>
    /// <param name="parameters">Texts and whole numbers for <c>?</c>, in order.</param>
    public DuckStream Stream(string sql, CancellationToken cancellationToken, params ReadOnlySpan<object> parameters)
    {
        var statement = Prepare(sql);
        for (var i = 0; i < parameters.Length; i++)
        {
            _ = parameters[i] is long number
                ? Native.duckdb_bind_int64(statement, (ulong)(i + 1), number)
                : Native.duckdb_bind_varchar(statement, (ulong)(i + 1), (string)parameters[i]);
        }

        return new DuckStream(this, statement, cancellationToken);
    }

    /// <summary>Breaks off whatever runs when the token is cancelled.</summary>
    public CancellationTokenRegistration InterruptOn(CancellationToken cancellationToken)
        => cancellationToken.Register(() => Native.duckdb_interrupt(Connection));

    public void Dispose()
    {
        Connection.Dispose();
        database.Dispose();
    }

    StatementHandle Prepare(string sql)
    {
        var state = Native.duckdb_prepare(Connection, sql, out var pointer);
        var statement = new StatementHandle(pointer);
        if (state == 0)
        {
            return statement;
        }

        var error = Marshal.PtrToStringUTF8(Native.duckdb_prepare_error(statement)) ?? "unknown error";
        statement.Dispose();
        throw new DuckException(error);
    }

    static DatabaseHandle OpenHandle(Dictionary<string, string> settings)
    {
        Native.duckdb_create_config(out var config);
        try
        {
            foreach (var (name, value) in settings)
            {
                if (Native.duckdb_set_config(config, name, value) != 0)
                {
                    throw new DuckException($"DuckDB {Version} does not know the setting {name}");
                }
            }

            if (Native.duckdb_open_ext(null, out var database, config, out var error) == 0)
            {
                return new DatabaseHandle(database);
            }

            var message = Marshal.PtrToStringUTF8(error) ?? "DuckDB does not open";
            Native.duckdb_free(error);
            throw new DuckException(message);
        }
        finally
        {
            Native.duckdb_destroy_config(ref config);
        }
    }
}
