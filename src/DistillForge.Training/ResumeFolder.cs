using System.Globalization;
using DistillForge.Core;

namespace DistillForge.Training;

/// <summary>The checkpoints on the way, <c>resume/&lt;step&gt;/</c>: the two newest, so that one may be damaged.</summary>
sealed class ResumeFolder(string folder)
{
    const int Kept = 2;

    readonly string root = Path.Combine(folder, "resume");

    public string For(long step) => Path.Combine(root, step.ToString("D8", CultureInfo.InvariantCulture));

    /// <summary>The newest whole checkpoint of this plan; damaged ones are named and passed over.</summary>
    public (string Folder, Checkpoint.State State)? Newest(string fingerprint, IProgressLog progress)
    {
        foreach (var candidate in Candidates().Prepend(folder))
        {
            try
            {
                if (Checkpoint.Verify(candidate) is { } state && state.Plan == fingerprint)
                {
                    // Those before it stay: it may be damaged yet.
                    Delete(Candidates().TakeWhile(other => other != candidate));
                    return (candidate, state);
                }
            }
            catch (ForgeException e)
            {
                progress.Say($"{e.Message} Going on from the checkpoint before it.");
            }
        }

        // What another plan left would look newer than what this one will write.
        Delete(Candidates());
        return null;
    }

    /// <summary>Leaves the newest ones.</summary>
    public void Trim() => Delete(Candidates().Skip(Kept));

    public void Clear()
    {
        if (Directory.Exists(root))
        {
            Directory.Delete(root, recursive: true);
        }
    }

    static void Delete(IEnumerable<string> folders)
    {
        foreach (var old in folders)
        {
            Directory.Delete(old, recursive: true);
        }
    }

    string[] Candidates() => Directory.Exists(root) ? [.. Directory.GetDirectories(root).OrderDescending(StringComparer.Ordinal)] : [];
}
