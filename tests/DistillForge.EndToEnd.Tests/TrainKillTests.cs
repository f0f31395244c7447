using System.Globalization;
using System.Runtime.InteropServices;
using System.Text.Json;

namespace DistillForge.EndToEnd.Tests;

/// <summary>
/// The program is killed while it trains, again and again, each time at a step that chance picks. <c>FORGE_TRAIN_KILLS=20</c> says how often;
/// without it the check rests, since each kill is a start of the program.
/// </summary>
public sealed partial class TrainKillTests
{
    const int SigKill = 9;

    sealed class KillFactAttribute : FactAttribute
    {
        public KillFactAttribute() => Skip = Kills > 0 ? null : "set FORGE_TRAIN_KILLS=20 to kill a training so often";
    }

    static int Kills => int.TryParse(Environment.GetEnvironmentVariable("FORGE_TRAIN_KILLS"), NumberStyles.None, CultureInfo.InvariantCulture, out var kills) ? kills : 0;

    [KillFact]
    public async Task A_training_that_is_killed_at_any_step_ends_with_the_same_bits()
    {
        using var work = new Workplace();
        var recipe = work.File("killed.yaml", """
            name: killed
            seed: 3
            dataset: { template: prompts/home.prompt.yaml, count: 600 }
            student: { layers: 2, width: 32, heads: 2, vocabulary: { train: 400 } }
            train: { epochs: 8, tokens_per_batch: 512, micro_batch: 256, checkpoint_every: 7, ema: 0.99, keep: best, validate_every: 20, schedule: wsd, validation: 0.1 }
            """);
        var (whole, broken) = (Path.Combine(work.Path, "whole"), Path.Combine(work.Path, "broken"));
        var once = await Forging.RunAsync("train", recipe, "--runs", whole);
        Assert.True(once.ExitCode == 0, once.Error);
        var curve = Curve(whole);

        var random = new Random(5);
        var steps = Enumerable.Range(0, Kills).Select(_ => random.Next(1, curve.Count)).Order().ToList();
        foreach (var step in steps)
        {
            await KillAfterAsync(step, recipe, broken);
        }

        var last = await Forging.RunAsync("train", recipe, "--runs", broken, "--resume");

        Assert.True(last.ExitCode == 0, last.Error);
        Assert.Contains("going on after step", last.Error, StringComparison.Ordinal);
        Assert.Equal(curve, Curve(broken));
        Assert.Equal(Bytes(whole, "model.safetensors"), Bytes(broken, "model.safetensors"));
        Assert.Equal(Bytes(whole, "optimizer.safetensors"), Bytes(broken, "optimizer.safetensors"));
        Assert.Equal(Enumerable.Range(1, curve.Count), Steps(broken));
    }

    static async Task KillAfterAsync(int step, string recipe, string runs)
    {
        using var process = Forging.Start("train", recipe, "--runs", runs);
        var ends = Forging.EndAsync(process);
        while (Steps(runs).LastOrDefault() < step && !ends.IsCompleted)
        {
            await Task.Delay(5);
        }

        _ = Kill(process.Id, SigKill);
        Assert.Equal(137, (await ends).ExitCode);
    }

    // A line may be torn: it is being written.
    static List<int> Steps(string runs)
    {
        var path = Path.Combine(runs, "killed", "checkpoint", "metrics.jsonl");
        if (!File.Exists(path))
        {
            return [];
        }

        using var reader = new StreamReader(new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite));
        return [.. reader.ReadToEnd().Split('\n').Where(line => line.EndsWith('}') && line.Contains("\"loss\"", StringComparison.Ordinal) && !line.Contains("held_out", StringComparison.Ordinal)).Select(line => JsonDocument.Parse(line).RootElement.GetProperty("step").GetInt32())];
    }

    static List<double> Curve(string runs) => [.. JsonDocument.Parse(Bytes(runs, "training.json")).RootElement.GetProperty("loss").EnumerateArray().Select(loss => loss.GetDouble())];

    static byte[] Bytes(string runs, string file) => File.ReadAllBytes(Path.Combine(runs, "killed", "checkpoint", file));

    [LibraryImport("libc", EntryPoint = "kill", SetLastError = true)]
    private static partial int Kill(int process, int signal);
}
