using DistillForge.Core;

namespace DistillForge.Data;

/// <summary>Proves that no row was lost or made up.</summary>
public static class Ledger
{
    /// <exception cref="ForgeException">The parts do not add up: a bug of ours, or a file that somebody changed meanwhile.</exception>
    public static void Balance(string stage, (string Name, long Rows) whole, params ReadOnlySpan<(string Name, long Rows)> parts)
    {
        var sum = 0L;
        var names = new List<string>();
        foreach (var (name, rows) in parts)
        {
            sum += rows;
            names.Add($"{rows} {name}");
        }

        if (sum != whole.Rows)
        {
            throw new ForgeException(new Problem(stage, $"does not balance: {whole.Rows} {whole.Name}, but {string.Join(" + ", names)} = {sum}.", "Remove the run folder's files of this stage and run again; if it happens again, it is our bug."), ExitCode.OurBug);
        }
    }
}
