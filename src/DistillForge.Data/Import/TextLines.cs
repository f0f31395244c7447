using System.Runtime.CompilerServices;
using System.Text;
using DistillForge.Core;

namespace DistillForge.Data;

/// <summary>The lines of somebody's UTF-8 text file.</summary>
static class TextLines
{
    public static async IAsyncEnumerable<string> ReadAsync(string path, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        using var reader = Open(path);
        var number = 0;
        while (await NextAsync(reader, path, ++number, cancellationToken) is { } line)
        {
            yield return line;
        }
    }

    /// <exception cref="ForgeException">It is not there or cannot be read.</exception>
    public static StreamReader Open(string path)
    {
        try
        {
            return new StreamReader(path, new UTF8Encoding(false, throwOnInvalidBytes: true));
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new ForgeException(new Problem(path, exception is FileNotFoundException or DirectoryNotFoundException ? "does not exist." : $"cannot be read: {exception.Message}"), inner: exception);
        }
    }

    static async ValueTask<string?> NextAsync(StreamReader reader, string path, int number, CancellationToken cancellationToken)
    {
        try
        {
            return await reader.ReadLineAsync(cancellationToken);
        }
        catch (DecoderFallbackException exception)
        {
            throw new ForgeException(path, [new Problem("", "is not UTF-8 text from about here.", "Save the file as UTF-8.", number)], inner: exception);
        }
    }
}
