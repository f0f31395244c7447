using System.Runtime.CompilerServices;
using System.Text;
using DistillForge.Core;

namespace DistillForge.Data;

/// <summary>The lines of somebody's UTF-8 text file. A line that would not end is refused, not gathered.</summary>
public static class TextLines
{
    /// <summary>Of one line, or one field of CSV.</summary>
    public const int MostCharacters = 16 << 20;

    /// <exception cref="ForgeException">It is not there, cannot be read, is no UTF-8, or a line is too long.</exception>
    public static async IAsyncEnumerable<string> ReadAsync(string path, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await Task.CompletedTask;
        foreach (var line in Read(path))
        {
            cancellationToken.ThrowIfCancellationRequested();
            yield return line;
        }
    }

    /// <exception cref="ForgeException">It is not there, cannot be read, is no UTF-8, or a line is too long.</exception>
    public static IEnumerable<string> Read(string path)
    {
        using var reader = Open(path);
        var lines = new BoundedLines(reader, path);
        while (lines.Next() is { } line)
        {
            yield return line;
        }
    }

    /// <exception cref="ForgeException">It is not there, no file, or cannot be read.</exception>
    public static StreamReader Open(string path)
    {
        OutsideFile.Require(path);
        try
        {
            return new StreamReader(path, new UTF8Encoding(false, throwOnInvalidBytes: true));
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new ForgeException(new Problem(path, exception is FileNotFoundException or DirectoryNotFoundException ? "does not exist." : $"cannot be read: {exception.Message}"), inner: exception);
        }
    }

    /// <summary>Whether no line in the first <see cref="MostCharacters"/> characters goes on beyond them.</summary>
    internal static bool BeginsInLines(string path)
    {
        // What is no file, the import says.
        if (OutsideFile.Refusal(path) is not null || new FileInfo(path).Length <= MostCharacters)
        {
            return true;
        }

        try
        {
            var read = 0L;
            _ = Read(path).Any(line => (read += line.Length + 1) >= MostCharacters);
            return true;
        }
        catch (ForgeException refused)
        {
            // What is no text, the import says.
            return refused.InnerException is DecoderFallbackException or IOException;
        }
    }

    internal static ForgeException TooLong(string path, int number, Exception? inner = null)
        => new(path, [new Problem("", $"has more than {MostCharacters:N0} characters in one place.", "One row to a line; a text of this length is no answer.", number)], inner: inner);

    /// <summary>Ends lines where <see cref="TextReader.ReadLine"/> does: at <c>\n</c>, <c>\r</c> and both.</summary>
    sealed class BoundedLines(StreamReader reader, string path)
    {
        readonly char[] buffer = new char[1 << 14];
        readonly StringBuilder begun = new();
        int at;
        int end;
        int number;
        bool endsReturn;

        public string? Next()
        {
            number++;
            begun.Clear();
            while (Fill())
            {
                var rest = buffer.AsSpan(at, end - at);
                if (endsReturn && rest[0] == '\n')
                {
                    (at, endsReturn) = (at + 1, false);
                    continue;
                }

                endsReturn = false;
                var length = rest.IndexOfAny('\n', '\r');
                var part = length < 0 ? rest : rest[..length];
                if (begun.Length + part.Length > MostCharacters)
                {
                    throw TooLong(path, number);
                }

                at += part.Length;
                if (length >= 0)
                {
                    endsReturn = buffer[at++] == '\r';
                    return begun.Length == 0 ? part.ToString() : begun.Append(part).ToString();
                }

                begun.Append(part);
            }

            return begun.Length > 0 ? begun.ToString() : null;
        }

        bool Fill()
        {
            try
            {
                (at, end) = at < end ? (at, end) : (0, reader.Read(buffer));
                return at < end;
            }
            catch (DecoderFallbackException exception)
            {
                throw new ForgeException(path, [new Problem("", "is not UTF-8 text from about here.", "Save the file as UTF-8.", number)], inner: exception);
            }
        }
    }
}
