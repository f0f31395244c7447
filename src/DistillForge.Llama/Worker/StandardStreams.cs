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

    [LibraryImport("libc", EntryPoint = "dup")]
    private static partial int Duplicate(int descriptor);

    [LibraryImport("libc", EntryPoint = "dup2")]
    private static partial int DuplicateTo(int from, int to);
}
