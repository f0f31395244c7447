using System.Diagnostics;
using System.Globalization;
using System.Text.RegularExpressions;
using DistillForge.Core;
using DistillForge.Training;

namespace DistillForge.Runs.Benches;

/// <summary>Another trainer of the same step, as a program of its own; how fast it is stands in what it prints.</summary>
sealed partial class TrainPeer(string name, string program, IReadOnlyList<string> arguments, IReadOnlyDictionary<string, string> environment)
{
    const string SecondsBudget = "4";

    // As Engine.Configure sets them in our own process.
    static Dictionary<string, string> Tuned(int threads) => new()
    {
        ["OPENBLAS_CORETYPE"] = "SkylakeX",
        ["OMP_WAIT_POLICY"] = "PASSIVE",
        ["OMP_NUM_THREADS"] = $"{threads}",
        ["OPENBLAS_NUM_THREADS"] = $"{threads}",
        ["MALLOC_MMAP_THRESHOLD_"] = "1073741824",
        ["MALLOC_TRIM_THRESHOLD_"] = "-1",
        ["MALLOC_ARENA_MAX"] = "1",
        ["MALLOC_TOP_PAD_"] = "67108864",
    };

    public string Name => name;

    /// <param name="path">A script that takes configuration, rows, length, precision and threads, and prints <c>median N … tok/s</c>.</param>
    public static IReadOnlyList<TrainPeer> Of(string path, string student, Precision precision, int length, int rows, int threads)
    {
        if (!File.Exists(path) || !path.EndsWith(".py", StringComparison.Ordinal))
        {
            throw new ForgeException(new Problem("--peer", $"{path} is no Python script.", "Name a script that takes CONFIG ROWS LENGTH float32|bf16 THREADS and prints 'median N … tok/s'."));
        }

        string[] arguments = [path, student, $"{rows}", $"{length}", precision == Precision.Float32 ? "float32" : "bf16", $"{threads}"];
        return [new("PyTorch, same settings", "/usr/bin/python3", arguments, Tuned(threads)), new("PyTorch as installed", "/usr/bin/python3", arguments, new Dictionary<string, string>())];
    }

    public async Task<double> TokensPerSecondAsync(CancellationToken cancellationToken)
    {
        var start = new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true, RedirectStandardError = true, UseShellExecute = false };
        foreach (var variable in Tuned(1).Keys)
        {
            start.Environment.Remove(variable);
        }

        start.Environment["SECONDS_BUDGET"] = SecondsBudget;
        foreach (var (key, value) in environment)
        {
            start.Environment[key] = value;
        }

        using var process = Process.Start(start) ?? throw new InvalidOperationException($"{program} does not start");
        var errors = process.StandardError.ReadToEndAsync(cancellationToken);
        var printed = await process.StandardOutput.ReadToEndAsync(cancellationToken);
        await process.WaitForExitAsync(cancellationToken);
        var found = Median().Match(printed);
        return found.Success ? double.Parse(found.Groups[1].Value, CultureInfo.InvariantCulture)
            : throw new ForgeException(new Problem("--peer", $"{name} said nothing of its speed: {printed.Trim()} {(await errors).Trim()}"));
    }

    [GeneratedRegex(@"median (\d+)", RegexOptions.None, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Median();
}
