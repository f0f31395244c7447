using DistillForge.Core;
using DistillForge.Data.Duck;
using DistillForge.Models;

namespace DistillForge.Data;

/// <summary>Takes rows out of Parquet files of any kind that have a column <c>id</c>, without decoding what is in them.</summary>
public static class ParquetRows
{
    const int ChunkIds = 1000;

    /// <summary>Rewrites the file without these rows, in the same order and with the same metadata; a file that holds none of them is left as it is.</summary>
    /// <returns>Rows removed.</returns>
    /// <exception cref="ForgeException">It cannot be read or written.</exception>
    public static Task<long> RemoveAsync(string path, IReadOnlyCollection<string> ids, CancellationToken cancellationToken)
        => Task.Run(() => Remove(Path.GetFullPath(path), ids, cancellationToken), cancellationToken);

    static long Remove(string path, IReadOnlyCollection<string> ids, CancellationToken cancellationToken)
    {
        var partial = path + ".partial";
        try
        {
            var (file, removed) = (DuckDatabase.Quote(path), 0L);
            using (var database = DuckDatabase.Open(partial + ".spill", [path, partial]))
            {
                if (Rows(database, $"SELECT 1 FROM (DESCRIBE SELECT * FROM read_parquet({file})) WHERE column_name = 'id'", cancellationToken).Count == 0)
                {
                    return 0;
                }

                Fill(database, ids, cancellationToken);
                removed = long.Parse(Rows(database, $"SELECT count(*)::VARCHAR FROM read_parquet({file}) WHERE id IN (SELECT id FROM gone)", cancellationToken)[0][0]!);
                if (removed == 0)
                {
                    return 0;
                }

                var notes = string.Join(", ", Rows(database, $"SELECT decode(key), decode(value) FROM parquet_kv_metadata({file})", cancellationToken).Select(note => $"{DuckDatabase.Quote(note[0]!)}: {DuckDatabase.Quote(note[1]!)}"));
                database.Execute($"COPY (SELECT * EXCLUDE (file_row_number) FROM read_parquet({file}, file_row_number = true) WHERE id NOT IN (SELECT id FROM gone) ORDER BY file_row_number) TO {DuckDatabase.Quote(partial)} (FORMAT parquet, COMPRESSION zstd, ROW_GROUP_SIZE_BYTES '16MB', USE_TMP_FILE false{(notes.Length > 0 ? $", KV_METADATA {{{notes}}}" : "")})", cancellationToken);
            }

            DurableFile.Rename(partial, path);
            return removed;
        }
        catch (Exception exception) when (exception is DuckException or IOException or UnauthorizedAccessException)
        {
            throw DurableFile.Unwritable(path, exception);
        }
        finally
        {
            File.Delete(partial);
        }
    }

    static void Fill(DuckDatabase database, IReadOnlyCollection<string> ids, CancellationToken cancellationToken)
    {
        database.Execute("CREATE TEMP TABLE gone (id VARCHAR)", cancellationToken);
        foreach (var chunk in ids.Chunk(ChunkIds))
        {
            database.Execute($"INSERT INTO gone VALUES {string.Join(", ", chunk.Select(id => $"({DuckDatabase.Quote(id)})"))}", cancellationToken);
        }
    }

    static List<string?[]> Rows(DuckDatabase database, string sql, CancellationToken cancellationToken) => Sql.Table(database, sql, int.MaxValue, cancellationToken);
}
