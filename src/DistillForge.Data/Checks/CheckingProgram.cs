using System.ComponentModel;
using System.Diagnostics;
using System.Runtime.InteropServices;
using System.Text;
using DistillForge.Core;

namespace DistillForge.Data;

/// <summary>How a program ended.</summary>
/// <param name="ExitCode">128 + the signal's number where one ended it.</param>
/// <param name="FirstLine">Of its standard output, at most 200 characters.</param>
/// <param name="IsLate">It was killed because its time was over.</param>
public sealed record ProgramEnd(int ExitCode, string FirstLine, bool IsLate);

/// <summary>
/// Runs a program of the user's own on one text: no shell, an environment of PATH, LANG and a mark, bounds on processor time, memory and the size of files, and killed with all
/// its children when it ends or its time is over; on Linux also those that left its session, unless they emptied their environment. It is not a sandbox: the program may read what the
/// user may, and use the network.
/// </summary>
public sealed partial class CheckingProgram
{
    const int MostOutput = 4096;
    const int Kill = 9;
    const int MostRounds = 100;
    const string Mark = "DISTILLFORGE_CHECK";

    static readonly TimeSpan Patience = TimeSpan.FromSeconds(2);

    readonly IReadOnlyList<string> command;
    readonly TimeSpan time;
    readonly int memoryMb;
    readonly string folder;

    /// <param name="command">The program and its arguments.</param>
    /// <param name="memoryMb">Address space.</param>
    /// <param name="folder">Where it runs.</param>
    public CheckingProgram(IReadOnlyList<string> command, TimeSpan time, int memoryMb, string folder)
        => (this.command, this.time, this.memoryMb, this.folder) = (command, time, memoryMb, folder);

    /// <exception cref="ForgeException">The program cannot be started.</exception>
    public ProgramEnd Run(string input)
    {
        // Every process that the program starts inherits it, also one that leaves the session.
        var mark = $"{Mark}={Guid.NewGuid():N}";
        using var process = Start(mark);
        try
        {
            var fed = Task.Run(() => Feed(process, input));
            var line = Task.Run(() => FirstLine(process));
            var isLate = !process.WaitForExit(time);
            KillAll(process, mark);
            process.WaitForExit();
            // Who left the session and emptied its environment may hold the pipes open for as long as it likes; nobody waits for that.
            return new ProgramEnd(process.ExitCode, Task.WaitAll([fed, line], Patience) ? line.Result : "", isLate);
        }
        finally
        {
            KillAll(process, mark);
        }
    }

    Process Start(string mark)
    {
        // setsid makes a session, so that one signal reaches whatever the program started; prlimit (both util-linux) sets the bounds before it begins.
        var start = new ProcessStartInfo("setsid") { RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true, UseShellExecute = false, WorkingDirectory = folder };
        string[] arguments = ["prlimit", $"--as={(long)memoryMb << 20}", $"--cpu={Math.Max(1, (int)Math.Ceiling(time.TotalSeconds))}", $"--fsize={64L << 20}", "--core=0", "--", .. command];
        foreach (var argument in arguments)
        {
            start.ArgumentList.Add(argument);
        }

        start.Environment.Clear();
        start.Environment["PATH"] = Environment.GetEnvironmentVariable("PATH") ?? "/usr/bin:/bin";
        start.Environment["LANG"] = "C.UTF-8";
        start.Environment[Mark] = mark[(Mark.Length + 1)..];
        try
        {
            return Process.Start(start)!;
        }
        catch (Win32Exception exception)
        {
            throw new ForgeException(new Problem(command[0], $"cannot be started: {exception.Message}.", "Programs are run with setsid and prlimit, which Debian's package util-linux holds."), inner: exception);
        }
    }

    static void Feed(Process process, string input)
    {
        try
        {
            process.StandardInput.BaseStream.Write(Encoding.UTF8.GetBytes(input));
            process.StandardInput.Close();
        }
        catch (IOException)
        {
            // It ended without reading everything, which is its own affair.
        }
    }

    // Read to the end, so that it never waits for a reader, but kept only so far.
    static string FirstLine(Process process)
    {
        var errors = Task.Run(() => process.StandardError.BaseStream.CopyTo(Stream.Null));
        var kept = new byte[MostOutput];
        var chunk = new byte[MostOutput];
        var length = 0;
        for (int read; (read = process.StandardOutput.BaseStream.Read(chunk)) > 0;)
        {
            var more = Math.Min(read, MostOutput - length);
            chunk.AsSpan(0, more).CopyTo(kept.AsSpan(length));
            length += more;
        }

        _ = errors.Wait(Patience);
        var line = Encoding.UTF8.GetString(kept, 0, length).Split('\n', 2)[0].Trim();
        return TerminalText.OnOneLine(line.Length <= 200 ? line : line[..200]);
    }

    // The session's group, by its leader's number; when the leader is gone the number is not given away while the group lives. Then whoever left it, until nobody is left: one may start another meanwhile.
    static void KillAll(Process process, string mark)
    {
        _ = kill(-process.Id, Kill);
        for (var round = 0; round < MostRounds && Marked(mark, process.Id) is { Count: > 0 } left; round++)
        {
            left.ForEach(id => _ = kill(id, Kill));
        }
    }

    // Numbers are given in order, so who came after the leader has a greater one, unless they began anew meanwhile.
    static List<int> Marked(string mark, int leader)
    {
        if (!OperatingSystem.IsLinux())
        {
            return [];
        }

        var bytes = Encoding.ASCII.GetBytes(mark);
        var least = LastGiven() < leader ? 1 : leader;
        return [.. Directory.EnumerateDirectories("/proc").Select(folder => int.TryParse(Path.GetFileName(folder.AsSpan()), out var id) ? id : 0).Where(id => id >= least && Environ(id).AsSpan().IndexOf(bytes) >= 0)];
    }

    // The last field of /proc/loadavg: https://man7.org/linux/man-pages/man5/proc_loadavg.5.html
    static int LastGiven() => int.TryParse(File.ReadAllText("/proc/loadavg").Trim().Split(' ')[^1], out var id) ? id : 0;

    // Another user's process cannot be read, and one that ended is gone: neither is ours to kill.
    static byte[] Environ(int id)
    {
        try
        {
            return File.ReadAllBytes($"/proc/{id}/environ");
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return [];
        }
    }

    [LibraryImport("libc")]
    private static partial int kill(int pid, int signal);
}
