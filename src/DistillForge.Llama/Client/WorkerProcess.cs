using System.Collections.Concurrent;
using System.Diagnostics;
using System.Runtime.InteropServices;
using DistillForge.Llama.Protocol;

namespace DistillForge.Llama.Client;

/// <summary>One life of the worker process: its pipes, the end of its log, and its death.</summary>
sealed class WorkerProcess
{
    const int PipeBytes = 1 << 16;
    const int KeptLines = 20;
    const int LongestLine = 400;

    readonly Process process;
    readonly BlockingCollection<byte[]> outgoing = [];
    readonly Queue<string> log = new();
    readonly Thread errors;
    long frames;

    WorkerProcess(Process process)
    {
        (this.process, Id) = (process, process.Id);
        errors = new Thread(ReadLog) { IsBackground = true, Name = "worker log" };
    }

    public int Id { get; }

    /// <summary>Starts a worker; the calls come from a thread of its own, <paramref name="onDeath"/> last and exactly once.</summary>
    public static WorkerProcess Start(string workerPath, string libraries, Action<WorkerProcess, Frame> onFrame, Action<WorkerProcess> onDeath)
    {
        var start = new ProcessStartInfo(Muxer())
        {
            ArgumentList = { workerPath, libraries, Environment.ProcessId.ToString() },
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            UseShellExecute = false,
        };
        // Else ggml starts a debugger when it aborts.
        start.Environment["GGML_NO_BACKTRACE"] = "1";
        var worker = new WorkerProcess(Process.Start(start)!);
        worker.errors.Start();
        new Thread(worker.Write) { IsBackground = true, Name = "worker input" }.Start();
        new Thread(() => worker.Read(onFrame, onDeath)) { IsBackground = true, Name = "worker output" }.Start();
        return worker;
    }

    /// <summary>Queues a frame; a thread of its own writes it, so that nobody who holds a lock waits for a full pipe.</summary>
    public void Send(byte[] frame)
    {
        try
        {
            outgoing.Add(frame);
        }
        catch (InvalidOperationException)
        {
            // It is dead already; whoever waits for an answer is told so.
        }
    }

    public void Kill()
    {
        try
        {
            process.Kill();
        }
        catch (InvalidOperationException)
        {
            // It has ended by itself.
        }
    }

    /// <summary>Ends one that does nothing, and says so in its last words.</summary>
    public void KillIdle(TimeSpan after)
    {
        Keep($"it did nothing for {after.TotalSeconds:0} seconds and was killed");
        Kill();
    }

    /// <summary>Its processor time, pages read and answers so far: equal twice means that it did nothing between, unless it waits for a disk.</summary>
    public string Doing()
    {
        try
        {
            // pid (name) state …: from the state on, see proc(5). The name may hold anything, so its end is sought from behind.
            var stat = File.ReadAllText($"/proc/{Id}/stat");
            var fields = stat[(stat.LastIndexOf(')') + 2)..].Split(' ');
            var (state, pagesRead, user, system) = (fields[0], fields[9], fields[11], fields[12]);
            return state == "D" ? $"waits {Interlocked.Increment(ref frames)}" : $"{pagesRead} {user} {system} {Interlocked.Read(ref frames)}";
        }
        catch (IOException)
        {
            return $"gone {Interlocked.Increment(ref frames)}"; // its death is told by its output's end
        }
    }

    /// <summary>Exit code and the last lines of its log.</summary>
    public string LastWords()
    {
        errors.Join(TimeSpan.FromSeconds(1));
        lock (log)
        {
            return $"exit code {process.ExitCode}{Meaning(process.ExitCode)}{(log.Count > 0 ? ": " : "")}{string.Join(" | ", log)}";
        }
    }

    static string Meaning(int exitCode) => exitCode switch
    {
        134 => " (aborted)",
        137 => " (killed)",
        139 => " (a memory fault, or its stack overflowed)",
        _ => "",
    };

    // The muxer of the runtime that we run on; an apphost would look for one of its own.
    static string Muxer()
    {
        var root = Path.GetFullPath(Path.Combine(RuntimeEnvironment.GetRuntimeDirectory(), "..", "..", ".."));
        return File.Exists(Path.Combine(root, "dotnet")) ? Path.Combine(root, "dotnet") : "dotnet";
    }

    void Read(Action<WorkerProcess, Frame> onFrame, Action<WorkerProcess> onDeath)
    {
        try
        {
            // A step's frames come together: one look at the pipe for all of them.
            using var stream = new BufferedStream(process.StandardOutput.BaseStream, PipeBytes);
            while (Frames.Read(stream) is { } frame)
            {
                Interlocked.Increment(ref frames);
                onFrame(this, frame);
            }
        }
        catch (Exception broken) when (broken is IOException or InvalidDataException)
        {
            Keep($"worker output: {broken.Message}");
        }

        outgoing.CompleteAdding();
        if (!process.WaitForExit(TimeSpan.FromSeconds(5)))
        {
            Kill();
            process.WaitForExit();
        }

        onDeath(this);
        process.Dispose();
    }

    void Write()
    {
        try
        {
            var stream = process.StandardInput.BaseStream;
            foreach (var frame in outgoing.GetConsumingEnumerable())
            {
                stream.Write(frame);
                if (outgoing.Count == 0)
                {
                    stream.Flush();
                }
            }
        }
        catch (IOException)
        {
            // The reader sees the end as well, and tells.
        }
    }

    void ReadLog()
    {
        while (process.StandardError.ReadLine() is { } line)
        {
            Keep(line);
        }
    }

    void Keep(string line)
    {
        lock (log)
        {
            log.Enqueue(line.Length > LongestLine ? line[..LongestLine] : line);
            if (log.Count > KeptLines)
            {
                log.Dequeue();
            }
        }
    }
}
