using DistillForge.Core;

namespace DistillForge.Training.Devices;

/// <summary>Whether a device computes what the CPU does: operations, losses, architectures, and a short training run.</summary>
public static class DeviceComparison
{
    /// <param name="name"><c>cuda</c>, <c>cuda:1</c>, …; <c>cpu</c> is compared with itself.</param>
    /// <param name="scratch">An empty folder for the runs.</param>
    /// <exception cref="ForgeException">There is no such device.</exception>
    public static async Task<IReadOnlyList<Deviation>> RunAsync(string name, string scratch, IProgressLog log, CancellationToken cancellationToken)
    {
        var device = Accelerator.Find(name);
        Case[] cases = [.. Operations.All(), .. LossCases.All(), .. Networks.All()];
        var found = new List<Deviation>();
        foreach (var one in cases)
        {
            cancellationToken.ThrowIfCancellationRequested();
            found.Add(one.Compare(device));
            log.Report("compare", found.Count, cases.Length, "cases");
        }

        found.AddRange(await Runs.CompareAsync(name, scratch, cancellationToken));
        return found;
    }
}
