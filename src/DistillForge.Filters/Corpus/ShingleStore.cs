using System.Runtime.InteropServices;

namespace DistillForge.Filters;

/// <summary>The shingles of kept rows: in memory as far as the budget goes, beyond it in a temporary file that goes with the process.</summary>
sealed class ShingleStore(long memoryBytes) : IDisposable
{
    readonly List<uint[]?> inMemory = [];
    readonly List<(long Offset, int Count)> inFile = [];
    FileStream? file;
    long held;
    long written;
    int firstInFile = int.MaxValue;

    public int Rows => inMemory.Count + inFile.Count;

    /// <summary>Bytes that went to the file.</summary>
    public long Spilled => written;

    public void Add(uint[] shingles)
    {
        var bytes = (shingles.Length * sizeof(uint)) + 32L;
        if (file is null && held + bytes <= memoryBytes)
        {
            held += bytes;
            inMemory.Add(shingles);
            return;
        }

        if (file is null)
        {
            file = new FileStream(Path.Combine(Path.GetTempPath(), $"distillforge-shingles-{Guid.NewGuid():N}"), FileMode.CreateNew, FileAccess.ReadWrite, FileShare.None, 1 << 16, FileOptions.DeleteOnClose);
            firstInFile = inMemory.Count;
        }

        file.Position = written;
        file.Write(MemoryMarshal.AsBytes(shingles.AsSpan()));
        inFile.Add((written, shingles.Length));
        written += shingles.Length * sizeof(uint);
    }

    /// <summary>As they were added; not to be changed.</summary>
    public ReadOnlySpan<uint> Read(int row)
    {
        if (row < firstInFile)
        {
            return inMemory[row];
        }

        var (offset, count) = inFile[row - firstInFile];
        var shingles = new uint[count];
        file!.Position = offset;
        file.ReadExactly(MemoryMarshal.AsBytes(shingles.AsSpan()));
        return shingles;
    }

    public void Dispose() => file?.Dispose();
}
