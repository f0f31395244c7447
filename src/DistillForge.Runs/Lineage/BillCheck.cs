using DistillForge.Core;
using DistillForge.Packaging;

namespace DistillForge.Runs.Lineage;

/// <summary>What a bill of materials says of the files beside it, compared with them: for a student that came from elsewhere, without its run.</summary>
/// <param name="Files">Files that are there and were hashed.</param>
/// <param name="Absent">Files that the bill names and that did not come along.</param>
/// <param name="Changes">What is not as the bill says.</param>
public sealed record BillCheck(long Files, IReadOnlyList<string> Absent, IReadOnlyList<Problem> Changes)
{
    /// <returns>Null where a folder has no bill.</returns>
    /// <exception cref="ForgeException">The bill cannot be read.</exception>
    public static BillCheck? TryOf(string folder, CancellationToken cancellationToken)
    {
        var bill = Path.Combine(folder, BillOfMaterials.FileName);
        if (!File.Exists(bill))
        {
            return null;
        }

        var (files, absent, changes) = (0L, new List<string>(), new List<Problem>());
        foreach (var (name, hash) in CycloneDx.FilesOf(bill))
        {
            cancellationToken.ThrowIfCancellationRequested();
            var path = Path.GetFullPath(Path.Combine(folder, name));
            if (!path.StartsWith(Path.GetFullPath(folder).TrimEnd(Path.DirectorySeparatorChar) + Path.DirectorySeparatorChar, StringComparison.Ordinal))
            {
                changes.Add(new Problem(name, $"lies outside the folder, says {BillOfMaterials.FileName}."));
            }
            else if (!File.Exists(path))
            {
                absent.Add(name);
            }
            else
            {
                files++;
                changes.AddRange(Sha256.OfFile(path) == hash ? [] : [new Problem(name, $"is not what {BillOfMaterials.FileName} says.")]);
            }
        }

        return new BillCheck(files, absent, changes);
    }
}
