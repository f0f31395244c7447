using System.Runtime.InteropServices;

namespace DistillForge.Llama.Worker;

/// <summary>A fault in native code ends the process at once.</summary>
/// <remarks>
/// .NET's own handler first tells where it happened, and allocates for that: a stack that overflows inside <c>malloc</c> holds the
/// allocator's lock, so the handler waits for it forever (one deep grammar in three). Nothing here needs the exceptions that .NET makes
/// of such signals.
/// </remarks>
static partial class FatalSignals
{
    static readonly int[] Faults = [4, 6, 7, 8, 11]; // SIGILL, SIGABRT, SIGBUS, SIGFPE, SIGSEGV

    public static void EndAtOnce()
    {
        foreach (var fault in Faults)
        {
            _ = SetHandler(fault, 0);
        }
    }

    [LibraryImport("libc", EntryPoint = "signal")]
    private static partial nint SetHandler(int signal, nint handler);
}
