using System.Diagnostics;
using System.Text.Json;
using DistillForge.Core;

namespace DistillForge.Runs.Benches;

/// <summary>llama.cpp's own <c>llama-batched-bench</c>, as a user built it.</summary>
static class BatchedBench
{
    /// <returns>Generated tokens a second over prompt and generation, at the number of sequences that gives most.</returns>
    /// <exception cref="ForgeException">The program cannot be run, or prints something else.</exception>
    public static async Task<double> BestAsync(string program, string model, int threads, int tokens, IReadOnlyList<int> parallelisms, CancellationToken cancellationToken)
    {
        var context = parallelisms.Max() * ((2 * tokens) + 255) / 256 * 256;
        var start = new ProcessStartInfo(Path.GetFullPath(program),
            ["-m", model, "-c", $"{context}", "-b", "2048", "-ub", "512", "-npp", $"{tokens}", "-ntg", $"{tokens}", "-npl", string.Join(',', parallelisms), "-t", $"{threads}", "-tb", $"{threads}", "--output-format", "jsonl"])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            UseShellExecute = false,
        };
        // A program that was linked to libraries beside it.
        start.Environment["LD_LIBRARY_PATH"] = $"{Path.GetDirectoryName(Path.GetFullPath(program))}:{Environment.GetEnvironmentVariable("LD_LIBRARY_PATH")}";
        using var process = Start(start, program);
        var errors = process.StandardError.ReadToEndAsync(cancellationToken);
        var output = await process.StandardOutput.ReadToEndAsync(cancellationToken);
        await process.WaitForExitAsync(cancellationToken);
        // Where it writes the lines depends on its log.
        var rates = (output + "\n" + await errors).Split('\n').Where(line => line.StartsWith("{\"n_kv_max\"", StringComparison.Ordinal)).Select(Rate).ToList();
        return rates.Count > 0 ? rates.Max() : throw new ForgeException(new Problem(program, $"printed no measurement (exit code {process.ExitCode}).", "Give a llama-batched-bench of llama.cpp v0.5.0."));
    }

    static Process Start(ProcessStartInfo start, string program)
    {
        try
        {
            return Process.Start(start)!;
        }
        catch (System.ComponentModel.Win32Exception e)
        {
            throw new ForgeException(new Problem(program, $"cannot be run: {e.Message}", "Give the path of a llama-batched-bench."), inner: e);
        }
    }

    static double Rate(string line)
    {
        using var json = JsonDocument.Parse(line);
        double Number(string name) => json.RootElement.GetProperty(name).GetDouble();
        return Number("pl") * Number("tg") / (Number("t_pp") + Number("t_tg"));
    }
}
