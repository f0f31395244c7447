using System.Runtime.InteropServices;

namespace DistillForge.Llama.Worker;

/// <summary>Signals and the end of the parent.</summary>
/// <remarks>
/// The kernel's parent-death signal is sent when the <em>thread</em> that started us ends, and the parent's pool threads come and go. So
/// the signal only makes us look whether the parent is still our parent. Ctrl-C goes to the whole process group: the parent
/// decides what it means.
/// </remarks>
static partial class ParentWatch
{
    const int SetParentDeathSignal = 1;
    const int Hangup = 1;
    const int CoreSize = 4;
    static readonly List<PosixSignalRegistration> Registrations = [];

    public static void Start(int parent)
    {
        Registrations.Add(PosixSignalRegistration.Create(PosixSignal.SIGINT, context => context.Cancel = true));
        Registrations.Add(PosixSignalRegistration.Create(PosixSignal.SIGHUP, context =>
        {
            context.Cancel = true;
            EndWithout(parent);
        }));
        _ = Prctl(SetParentDeathSignal, Hangup, 0, 0, 0);
        // An abort of the engine is an answer, not something to debug: no core files.
        var none = default(ResourceLimit);
        _ = SetResourceLimit(CoreSize, in none);
        // It may have died before the signal was asked for.
        EndWithout(parent);
    }

    static void EndWithout(int parent)
    {
        if (ParentId() != parent)
        {
            ExitNow(0);
        }
    }

    /// <summary>Ends at once: nobody is there to read what destructors might still say.</summary>
    [LibraryImport("libc", EntryPoint = "_exit")]
    public static partial void ExitNow(int code);

    [LibraryImport("libc", EntryPoint = "getppid")]
    private static partial int ParentId();

    [LibraryImport("libc", EntryPoint = "prctl")]
    private static partial int Prctl(int option, nuint first, nuint second, nuint third, nuint fourth);

    [LibraryImport("libc", EntryPoint = "setrlimit")]
    private static partial int SetResourceLimit(int resource, in ResourceLimit limit);

    [StructLayout(LayoutKind.Sequential)]
    readonly struct ResourceLimit
    {
        readonly nuint soft;
        readonly nuint hard;
    }
}
