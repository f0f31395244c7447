using System.Text.Encodings.Web;
using System.Text.Json;
using DistillForge.Core;
using DistillForge.Models;

namespace DistillForge.Data;

/// <summary>Writes examples as JSON lines with <c>prompt</c> and <c>completion</c> as lists of messages, the form that other trainers read.</summary>
public static class JsonlExport
{
    static readonly JsonSerializerOptions Json = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <returns>Rows written.</returns>
    public static Task<long> WriteAsync(string path, IAsyncEnumerable<Example> rows, CancellationToken cancellationToken)
        => WriteAsync(path, rows, row => new { id = row.Id, prompt = Form(row.Prompt), completion = Form(row.Completion) }, cancellationToken);

    /// <summary>Writes the rows in the shape that another trainer reads.</summary>
    /// <param name="shape">One of <see cref="ChatShapes"/>.</param>
    /// <returns>Rows written.</returns>
    public static async Task<long> WriteAsync(string path, IAsyncEnumerable<Example> rows, Func<Example, object> shape, CancellationToken cancellationToken)
    {
        var partial = path + ".partial";
        var count = 0L;
        try
        {
            Directory.CreateDirectory(Path.GetDirectoryName(Path.GetFullPath(path))!);
            await using (var file = new FileStream(partial, FileMode.Create, FileAccess.Write, FileShare.None, 1 << 16))
            {
                await foreach (var row in rows.WithCancellation(cancellationToken))
                {
                    await JsonSerializer.SerializeAsync(file, shape(row), Json, cancellationToken);
                    file.WriteByte((byte)'\n');
                    count++;
                }

                file.Flush(flushToDisk: true);
            }

            DurableFile.Rename(partial, path);
            return count;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new ForgeException(new Problem(path, $"cannot be written: {exception.Message}", "Check the folder's permissions and the free space."), inner: exception);
        }
        finally
        {
            File.Delete(partial);
        }
    }

    internal static IEnumerable<object> Form(IReadOnlyList<Message> messages) => messages.Select(message => new { role = message.Role, content = message.Content });
}
