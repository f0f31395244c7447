using DistillForge.Core;
using DistillForge.Models;

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

    // A folder that somebody sent may hold links: what a run writes would land where they point to.
    static void RefuseLinks(string path)
    {
        if (new DirectoryInfo(path) is { LinkTarget: { } elsewhere })
        {
            throw new ForgeException(new Problem(path, $"is a link to {TerminalText.OnOneLine(elsewhere)}.", "A run writes into its own folder only: name the folder itself, --runs FOLDER."));
        }

        if (!Directory.Exists(path))
        {
            return;
        }

        // Links are not followed, so this ends.
        foreach (var entry in new DirectoryInfo(path).EnumerateFileSystemInfos("*", new EnumerationOptions { RecurseSubdirectories = true, AttributesToSkip = FileAttributes.None, IgnoreInaccessible = true }).Where(entry => entry.LinkTarget is not null))
        {
            throw new ForgeException(new Problem(entry.FullName, $"is a link to {TerminalText.OnOneLine(entry.LinkTarget!)}, and a run writes into its own folder only.", "Remove the link, or put the file itself there."));
        }
    }

    /// <summary>Opens or makes the folder and holds its lock until disposed.</summary>
    /// <exception cref="ForgeException">Somebody else runs here (exit 3), or the folder cannot be written (exit 2).</exception>
    public static RunFolder Open(string path)
    {
        path = System.IO.Path.GetFullPath(path);
        var lockFile = System.IO.Path.Combine(path, ".lock");
        RefuseLinks(path);
        try
        {
            Directory.CreateDirectory(path);
            // FileShare.None is flock(LOCK_EX): it goes when the process goes, however that happens.
            var held = new FileStream(lockFile, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
            return new RunFolder(path, WithName(path, held));
        }
        catch (UnauthorizedAccessException error)
        {
            throw Unwritable(path, error);
        }
        catch (IOException error) when (File.Exists(lockFile))
        {
            throw new ForgeException(new Problem(path, $"is in use by {Holder(path)}.", "Wait for it, stop it, or give this run another name."), ExitCode.Unavailable, error);
        }
        catch (IOException error)
        {
            throw Unwritable(path, error);
        }
    }

    public void Dispose() => held.Dispose();

    // The lock is ours by now: what goes wrong here is the disk's, and nobody else's run.
    static FileStream WithName(string path, FileStream held)
    {
        try
        {
            File.WriteAllText(HolderOf(path), $"process {Environment.ProcessId} on {Environment.MachineName}");
            return held;
        }
        catch (IOException error)
        {
            held.Dispose();
            throw Unwritable(path, error);
        }
    }

    static ForgeException Unwritable(string path, Exception error)
        => DurableFile.IsFull(error) ? DurableFile.Unwritable(path, error) : new(new Problem(path, $"cannot be written: {error.Message}", "Choose another folder with --runs, or mend its permissions."), inner: error);

    // A file of its own: whoever opens a locked file for reading is refused as well.
    static string HolderOf(string path) => System.IO.Path.Combine(path, ".holder");

    static string Holder(string path)
    {
        try
        {
            return File.ReadAllText(HolderOf(path));
        }
        catch (IOException)
        {
            return "another process";
        }
    }
}
