using System.Globalization;

namespace DistillForge.Evaluation;

/// <summary>
/// What the processor packages used, by the counters that Linux shows under <c>/sys/class/powercap</c> (RAPL; read only). It counts the whole machine, whoever works on it, and
/// most kernels let only root read it.
/// </summary>
public sealed class EnergyCounter
{
    const double MicroJoule = 1e-6;

    readonly IReadOnlyList<(string Folder, double Start)> packages;

    EnergyCounter(IReadOnlyList<(string Folder, double Start)> packages) => this.packages = packages;

    /// <summary>Begins to count.</summary>
    /// <returns>Null where the machine has no counter that we may read.</returns>
    public static EnergyCounter? Start(string root = "/sys/class/powercap")
    {
        if (!Directory.Exists(root))
        {
            return null;
        }

        // intel-rapl:0 is a package (AMD's too); intel-rapl:0:1 is a part of it, and intel-rapl-mmio counts the same again.
        List<(string Folder, double? Start)> found = [.. Directory.EnumerateDirectories(root, "intel-rapl:*")
            .Where(folder => Path.GetFileName(folder).Count(c => c == ':') == 1 && Name(folder).StartsWith("package", StringComparison.Ordinal))
            .Order(StringComparer.Ordinal).Select(folder => (folder, Read(folder, "energy_uj")))];
        return found.Count == 0 || found.Any(package => package.Start is null) ? null : new EnergyCounter(found.ConvertAll(package => (package.Folder, package.Start!.Value)));
    }

    /// <summary>Since the start; null where a counter went away. Counters run over at their own range, which is allowed for once.</summary>
    public double? Joules
    {
        get
        {
            var sum = 0.0;
            foreach (var (folder, start) in packages)
            {
                if (Read(folder, "energy_uj") is not { } now || (now < start && Read(folder, "max_energy_range_uj") is null))
                {
                    return null;
                }

                sum += now >= start ? now - start : now - start + Read(folder, "max_energy_range_uj")!.Value;
            }

            return sum * MicroJoule;
        }
    }

    static string Name(string folder) => Text(folder, "name") ?? "";

    static double? Read(string folder, string file)
        => ulong.TryParse(Text(folder, file), NumberStyles.None, CultureInfo.InvariantCulture, out var value) ? value : null;

    static string? Text(string folder, string file)
    {
        try
        {
            return File.ReadAllText(Path.Combine(folder, file)).Trim();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }
}
