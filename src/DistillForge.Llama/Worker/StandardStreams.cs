using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace DistillForge.Llama.Worker;

/// <summary>The pipes to the client.</summary>
static partial class StandardStreams
{
    /// <summary>Takes standard output for frames alone: whatever native code prints there goes to standard error instead.</summary>
    public static Stream TakeOutput()
    {
        var kept = Duplicate(1);
        _ = DuplicateTo(2, 1);
        return new FileStream(new SafeFileHandle(kept, ownsHandle: true), FileAccess.Write, bufferSize: 0);
    }

    public static Stream TakeInput() => new FileStream(new SafeFileHandle(0, ownsHandle: false), FileAccess.Read, bufferSize: 1 << 16);

    /// <summary>What native code writes to standard error meanwhile; it goes nowhere else.</summary>
    public static string CaptureErrors(Action work)
    {
        var kept = Duplicate(2);
        using var memory = new FileStream(new SafeFileHandle(CreateMemoryFile("errors", 0), ownsHandle: true), FileAccess.ReadWrite, bufferSize: 0);
        _ = DuplicateTo((int)memory.SafeFileHandle.DangerousGetHandle(), 2);
        try
        {
            work();
        }
        finally
        {
            _ = DuplicateTo(kept, 2);
            _ = Close(kept);
        }

        memory.Position = 0;
        return new StreamReader(memory).ReadToEnd().Trim();
    }

    [LibraryImport("libc", EntryPoint = "memfd_create", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int CreateMemoryFile(string name, uint flags);

    [LibraryImport("libc", EntryPoint = "close")]
    private static partial int Close(int descriptor);

    [LibraryImport("libc", EntryPoint = "dup")]
    private static partial int Duplicate(int descriptor);

    [LibraryImport("libc", EntryPoint = "dup2")]
    private static partial int DuplicateTo(int from, int to);
}
