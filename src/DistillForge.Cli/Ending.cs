using System.Runtime.InteropServices;
using DistillForge.Core;

namespace DistillForge.Cli;

/// <summary>Runs a command's body and turns however it ends into an exit code and, where needed, a message.</summary>
static partial class Ending
{
    /// <summary>After an interrupt the work has this long to stop by itself; every acknowledged row is on disk by then.</summary>
    static readonly TimeSpan Patience = TimeSpan.FromSeconds(1.7);

    public static async Task<int> OfAsync(Func<CancellationToken, Task<int>> body)
    {
        using var interrupt = new CancellationTokenSource();
        using var onInterrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, Stop);
        using var onTerminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, Stop);
        try
        {
            return await body(interrupt.Token);
        }
        catch (OperationCanceledException) when (interrupt.IsCancellationRequested)
        {
            return Interrupted();
        }
        // A message quotes what somebody wrote into a recipe or a file.
        catch (ForgeException error)
        {
            await Console.Error.WriteLineAsync(TerminalText.Harmless(error.Message));
            return error.ExitCode;
        }
        // Where a library is looked for when its class is first touched.
        catch (TypeInitializationException initial) when (initial.InnerException is ForgeException error)
        {
            await Console.Error.WriteLineAsync(TerminalText.Harmless(error.Message));
            return error.ExitCode;
        }
        catch (Exception error) when (Unavailable(error) is { } what)
        {
            await Console.Error.WriteLineAsync(TerminalText.Harmless(what));
            return ExitCode.Unavailable;
        }
        catch (Exception error)
        {
            await Console.Error.WriteLineAsync($"This is a bug in DistillForge {Version.Text}. Please report it with the lines below.\n{error}");
            return ExitCode.OurBug;
        }

        void Stop(PosixSignalContext signal)
        {
            signal.Cancel = true;
            if (interrupt.IsCancellationRequested)
            {
                return;
            }

            // A thread of its own: the pool may be busy with the very work that is to stop.
            new Thread(() =>
            {
                Thread.Sleep(Patience);
                // The work may be inside libtorch or DuckDB: their destructors, which an ordinary exit runs, abort the process under them.
                ExitAtOnce(Interrupted());
            })
            { IsBackground = true }.Start();
            interrupt.Cancel();
        }
    }

    static int Interrupted()
    {
        Console.Error.WriteLine("\ninterrupted; the same command goes on where this stopped");
        return ExitCode.Interrupted;
    }

    [LibraryImport("libc", EntryPoint = "_exit")]
    private static partial void ExitAtOnce(int code);

    static string? Unavailable(Exception error) => error switch
    {
        IOException io => $"{io.Message} Free some space or choose another folder, then run the same command again.",
        UnauthorizedAccessException denied => $"{denied.Message} Mend the permissions or choose another folder.",
        _ => null,
    };
}

static class Version
{
    public static string Text { get; } = typeof(Version).Assembly.GetName().Version!.ToString(3);
}
