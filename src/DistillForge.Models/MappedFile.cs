using System.IO.MemoryMappedFiles;

namespace DistillForge.Models;

/// <summary>A file's bytes, mapped and read-only. The pages come when they are touched.</summary>
sealed unsafe class MappedFile : IDisposable
{
    readonly MemoryMappedFile file;
    readonly MemoryMappedViewAccessor view;
    byte* start;

    MappedFile(MemoryMappedFile file, MemoryMappedViewAccessor view, long length)
    {
        (this.file, this.view, Length) = (file, view, length);
        view.SafeMemoryMappedViewHandle.AcquirePointer(ref start);
    }

    public long Length { get; }

    public byte* Start => start is not null ? start : throw new ObjectDisposedException(nameof(MappedFile));

    /// <param name="fail">Makes the error that a user sees, from what is wrong and what to do instead.</param>
    public static MappedFile Open(string path, Func<string, string, Exception?, Exception> fail)
    {
        try
        {
            if (OutsideFile.Refusal(path) is { } other)
            {
                throw fail(other.What, other.Instead, null);
            }

            var handle = File.OpenHandle(path, FileMode.Open, FileAccess.Read, FileShare.Read | FileShare.Delete);
            var length = RandomAccess.GetLength(handle);
            if (length == 0)
            {
                handle.Dispose();
                throw fail("is empty.", "Get the file again.", null);
            }

            var file = MemoryMappedFile.CreateFromFile(handle, null, length, MemoryMappedFileAccess.Read, HandleInheritability.None, leaveOpen: false);
            return new MappedFile(file, file.CreateViewAccessor(0, length, MemoryMappedFileAccess.Read), length);
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            throw fail("does not exist.", "Check the path.", e);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or NotSupportedException)
        {
            throw fail($"cannot be read: {e.Message}", "Check the file and its permissions.", e);
        }
    }

    /// <summary>A part that must have been checked to lie inside.</summary>
    public ReadOnlySpan<byte> Span(long offset, long count)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(offset);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(count, Length - offset);
        return new ReadOnlySpan<byte>(Start + offset, checked((int)count));
    }

    public void Dispose()
    {
        if (start is not null)
        {
            start = null;
            view.SafeMemoryMappedViewHandle.ReleasePointer();
        }

        view.Dispose();
        file.Dispose();
    }
}
