using DistillForge.Core;

namespace DistillForge.Runs;

/// <summary>One run, one folder, one lock. Knows where each stage puts its files.</summary>
public sealed class RunFolder : IDisposable
{
    readonly FileStream held;

    RunFolder(string path, FileStream held) => (Path, this.held) = (path, held);

    public string Path { get; }

    public string Prompts => In("prompts.parquet");

    public string Examples => In("examples");

    public string Traces => In("traces");

    public string Failures => In("failures.parquet");

    public string Journal => In("journal");

    public string Verdicts => In("verdicts.parquet");

    public string Curated => In("curated.parquet");

    public string Checkpoint => In("checkpoint");

    public string Baseline => In("baseline");

    public string Scores => In("scores.json");

    public string Manifests => In("manifests");

    public string In(string name) => System.IO.Path.Combine(Path, name);

    /// <summary>Opens or makes the folder and holds its lock until disposed.</summary>
    /// <exception cref="ForgeException">Somebody else runs here (exit 3), or the folder cannot be written (exit 2).</exception>
    public static RunFolder Open(string path)
    {
        path = System.IO.Path.GetFullPath(path);
        var lockFile = System.IO.Path.Combine(path, ".lock");
        try
        {
            Directory.CreateDirectory(path);
            // FileShare.None is flock(LOCK_EX): it goes when the process goes, however that happens.
            var held = new FileStream(lockFile, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
            held.SetLength(0);
            held.Write(System.Text.Encoding.UTF8.GetBytes($"process {Environment.ProcessId} on {Environment.MachineName}"));
            held.Flush();
            return new RunFolder(path, held);
        }
        catch (UnauthorizedAccessException error)
        {
            throw Unwritable(path, error);
        }
        catch (IOException error) when (File.Exists(lockFile) && Holder(lockFile) is { Length: > 0 } holder)
        {
            throw new ForgeException(new Problem(path, $"is in use by {holder}.", "Wait for it, stop it, or give this run another name."), ExitCode.Unavailable, error);
        }
        catch (IOException error)
        {
            throw Unwritable(path, error);
        }
    }

    public void Dispose() => held.Dispose();

    static ForgeException Unwritable(string path, Exception error)
        => new(new Problem(path, $"cannot be written: {error.Message}", "Choose another folder with --runs, or mend its permissions."), inner: error);

    static string Holder(string lockFile)
    {
        try
        {
            using var reader = new StreamReader(new FileStream(lockFile, FileMode.Open, FileAccess.Read, FileShare.ReadWrite));
            return reader.ReadToEnd();
        }
        catch (IOException)
        {
            return "another process";
        }
        catch (UnauthorizedAccessException)
        {
            return "";
        }
    }
}
