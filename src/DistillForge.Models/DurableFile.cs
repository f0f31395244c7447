using System.Runtime.InteropServices;

namespace DistillForge.Models;

/// <summary>Files that are whole or not there: written beside their place, forced to disk, then renamed.</summary>
public static partial class DurableFile
{
    /// <summary>Writes a file. If <paramref name="write"/> throws, the old file, if any, is untouched and nothing is left over.</summary>
    /// <exception cref="ForgeException">The folder cannot be written, or the disk is full.</exception>
    public static void Write(string path, Action<Stream> write)
    {
        var temporary = path + ".partial";
        try
        {
            Directory.CreateDirectory(Path.GetDirectoryName(Path.GetFullPath(path))!);
            using (var stream = new FileStream(temporary, FileMode.Create, FileAccess.Write, FileShare.None, 1 << 16))
            {
                write(stream);
                stream.Flush(flushToDisk: true);
            }

            Rename(temporary, path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            Discard(temporary);
            throw Unwritable(path, e);
        }
        catch
        {
            Discard(temporary);
            throw;
        }
    }

    /// <summary>What is said where a file cannot be written; a full disk by its name.</summary>
    public static ForgeException Unwritable(string path, Exception error) => new(
        IsFull(error)
            ? new Problem(path, "cannot be written: the disk is full.", "Free some space and give the same command again; what was done so far is safe.")
            : new Problem(path, $"cannot be written: {error.Message.ReplaceLineEndings(" ").TrimEnd('.')}.", "Check the folder's permissions and the free space."),
        inner: error);

    /// <summary>Whether an error says so, of .NET or of a native library: ENOSPC, or EDQUOT where somebody's share is used up.</summary>
    public static bool IsFull(Exception error)
        => error.Message.Contains("No space left on device", StringComparison.Ordinal) || error.Message.Contains("Disk quota exceeded", StringComparison.OrdinalIgnoreCase);

    /// <summary>Gives a finished file its final name, and forces both file and name to disk.</summary>
    public static void Rename(string from, string to)
    {
        // Somebody else may have written it: a quantizer does not fsync.
        using (var file = new FileStream(from, FileMode.Open, FileAccess.Write))
        {
            file.Flush(flushToDisk: true);
        }

        File.Move(from, to, overwrite: true);
        SyncFolder(Path.GetDirectoryName(Path.GetFullPath(to))!);
    }

    /// <summary>Lets the disk begin with what was written since <paramref name="from"/>, while more is made. Only a hint; <see cref="Write"/> waits for all of it.</summary>
    // https://man7.org/linux/man-pages/man2/sync_file_range.2.html
    internal static void Begin(Stream stream, long from)
    {
        if (stream is FileStream file && OperatingSystem.IsLinux())
        {
            _ = SyncRange(file.SafeFileHandle.DangerousGetHandle().ToInt32(), from, 0, 2);
        }
    }

    /// <summary>A second name for a file, or where the file system has none to give, e.g. across two of them, a copy.</summary>
    /// <remarks>Only for files that are replaced and never rewritten: both names are one file.</remarks>
    // https://man7.org/linux/man-pages/man2/link.2.html
    public static void Link(string from, string to)
    {
        if (OperatingSystem.IsWindows() || NewName(from, to) != 0)
        {
            File.Copy(from, to);
        }
    }

    static void Discard(string path)
    {
        try
        {
            File.Delete(path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // The reason of the failure is what the user must see, and a file called .partial says what it is.
        }
    }

    /// <summary>Forces a folder's names to disk: a new, renamed or deleted file is durable only then.</summary>
    // https://pubs.opengroup.org/onlinepubs/9699919799/functions/rename.html
    public static void SyncFolder(string folder)
    {
        if (OperatingSystem.IsWindows())
        {
            return;
        }

        var descriptor = OpenFolder(folder, 0);
        if (descriptor < 0)
        {
            return;
        }

        _ = Sync(descriptor);
        _ = Close(descriptor);
    }

    [LibraryImport("libc", EntryPoint = "open", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int OpenFolder(string path, int flags);

    [LibraryImport("libc", EntryPoint = "link", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int NewName(string from, string to);

    [LibraryImport("libc", EntryPoint = "sync_file_range")]
    private static partial int SyncRange(int descriptor, long from, long count, uint flags);

    [LibraryImport("libc", EntryPoint = "fsync")]
    private static partial int Sync(int descriptor);

    [LibraryImport("libc", EntryPoint = "close")]
    private static partial int Close(int descriptor);
}
