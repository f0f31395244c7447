using System.Globalization;
using System.Text.Encodings.Web;
using System.Text.Json;
using DistillForge.Core;
using DistillForge.Data;
using DistillForge.Models;
using DistillForge.Runs.Stages;
using DistillForge.Training;

namespace DistillForge.Runs.Sweeps;

/// <summary>How one student of a sweep went.</summary>
/// <param name="Measure">Nats a token on held-out rows at its best: the KL to the teacher, or the cross-entropy where there is none.</param>
/// <param name="Ended">Why it was given up, or null.</param>
sealed record SweepResult(string Id, IReadOnlyDictionary<string, string> Values, double Measure, long BestStep, long Steps, double Seconds, string? Ended, IReadOnlyList<SweepPoint> Points);

/// <summary>What the held-out rows said after a step.</summary>
sealed record SweepPoint(long Step, double Measure);

/// <summary>
/// Trains the students of a recipe's sweep one after the other on the run's rows, each in a folder of its own, and makes the best one the run's
/// student. A student that is trained is not trained again, whatever else the sweep becomes.
/// </summary>
sealed class Sweep(RunContext run)
{
    public const string Folder = "sweep";

    // Fewer have no median worth the name.
    const int Enough = 3;

    const string Diverged = "diverged";

    static readonly JsonSerializerOptions Json = new() { WriteIndented = true, PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping, NumberHandling = System.Text.Json.Serialization.JsonNumberHandling.AllowNamedFloatingPointLiterals };

    /// <returns>The run with the best student's recipe; its checkpoint lies where training finds it.</returns>
    public async Task<RunContext> BestAsync(CancellationToken cancellationToken)
    {
        var results = new List<SweepResult>();
        foreach (var (trial, i) in run.Recipe.Trials.Select((trial, i) => (trial, i)))
        {
            cancellationToken.ThrowIfCancellationRequested();
            run.Progress.Say($"sweep {i + 1} of {run.Recipe.Trials.Count}: {trial}");
            results.Add(await TryAsync(trial, results, cancellationToken));
        }

        var best = Best(results);
        Write(results, best);
        Keep(best);
        return run.With(run.Recipe.Trials.First(trial => trial.Id == best.Id).Recipe);
    }

    // Median stopping never gives the first students up, so without one that came to its end all of them diverged.
    static SweepResult Best(IReadOnlyList<SweepResult> results)
        => results.Where(result => result.Ended is null).MinBy(result => result.Measure)
            ?? throw new ForgeException(new Problem("sweep", $"has {results.Count} {(results.Count == 1 ? "student" : "students")}, and all of them diverged.", "Try lower learning rates, or raise train.warmup."));

    async Task<SweepResult> TryAsync(SweepTrial trial, IReadOnlyList<SweepResult> before, CancellationToken cancellationToken)
    {
        var place = $"{Folder}/{trial.Id}";
        var stage = new TrainStage(run.With(trial.Recipe), TrainStage.Role.Student)
        {
            Trial = place,
            EndsAfter = run.Recipe.Sweep!.Stop == SweepStop.Never ? null : points => Median.WhyStop(points[^1].Step, points.Min(point => point.Measure), before, Enough),
        };
        Manifest manifest;
        try
        {
            manifest = await stage.DoAsync(cancellationToken);
        }
        catch (DivergedException diverged)
        {
            run.Progress.Say($"  {diverged.Message}");
            return new SweepResult(trial.Id, trial.Values, double.PositiveInfinity, 0, diverged.Step, 0, Diverged, []);
        }

        var curve = Checkpoint.ReadCurve(run.Folder.In($"{place}/checkpoint"));
        var points = curve.Validation.Select(point => new SweepPoint(point.Step, point.Measure)).ToList();
        return new SweepResult(trial.Id, trial.Values, curve.Best?.Measure ?? double.PositiveInfinity, curve.Best?.Step ?? 0, (long)manifest.Figures["steps"], Math.Round(curve.Seconds, 1), Median.Says(curve.Ended) ? curve.Ended : null, points);
    }

    void Write(IReadOnlyList<SweepResult> results, SweepResult best)
    {
        var folder = run.Folder.In(Folder);
        DurableFile.Write(Path.Combine(folder, "sweep.json"), stream => JsonSerializer.Serialize(stream, new { best = best.Id, students = results }, Json));
        DurableFile.Write(Path.Combine(folder, "sweep.svg"), stream => stream.Write(System.Text.Encoding.UTF8.GetBytes(SweepPlot.Draw(results, best))));
        foreach (var line in Table(results, best))
        {
            run.Progress.Say(line);
        }

        run.Progress.Say($"  curves: {Path.Combine(folder, "sweep.svg")}");
    }

    static IEnumerable<string> Table(IReadOnlyList<SweepResult> results, SweepResult best)
    {
        string[] keys = [.. best.Values.Keys];
        string[][] rows =
        [
            [.. keys.Select(SweepTrial.Short), "held-out", "at step", "steps", "seconds", ""],
            .. results.OrderBy(result => result.Ended is not null).ThenBy(result => result.Measure).Select(result => (string[])
            [
                .. keys.Select(key => result.Values[key]), double.IsFinite(result.Measure) ? result.Measure.ToString("F4", CultureInfo.InvariantCulture) : "–", result.BestStep > 0 ? $"{result.BestStep:N0}" : "–", $"{result.Steps:N0}", $"{result.Seconds:F1}",
                result == best ? "kept" : Fate(result),
            ]),
        ];
        var widths = Enumerable.Range(0, rows[0].Length).Select(column => rows.Max(row => row[column].Length)).ToArray();
        return rows.Select(row => "  " + string.Join("  ", row.Select((cell, column) => cell.PadRight(widths[column]))).TrimEnd());
    }

    /// <summary>How it ended, where that was before its last step; else nothing.</summary>
    internal static string Fate(SweepResult result) => result.Ended is null ? "" : result.Ended == Diverged ? Diverged : "given up";

    // Beside its place, then renamed: training finds a whole checkpoint or none, and a finished one is not trained again.
    void Keep(SweepResult best)
    {
        foreach (var (from, to) in new[] { ("checkpoint", "checkpoint"), ("lora", StudentStart.AdapterFolder) })
        {
            var (source, target) = (run.Folder.In($"{Folder}/{best.Id}/{from}"), run.Folder.In(to));
            if (!Directory.Exists(source) || Same(source, target))
            {
                continue;
            }

            var partial = target + ".partial";
            Delete(partial);
            foreach (var file in Directory.EnumerateFiles(source, "*", SearchOption.AllDirectories))
            {
                var copy = Path.Combine(partial, Path.GetRelativePath(source, file));
                Directory.CreateDirectory(Path.GetDirectoryName(copy)!);
                File.Copy(file, copy);
            }

            Delete(target);
            Directory.Move(partial, target);
        }
    }

    static bool Same(string a, string b)
    {
        var (one, other) = (Path.Combine(a, "training.json"), Path.Combine(b, "training.json"));
        return File.Exists(one) && File.Exists(other) && Sha256.OfFile(one) == Sha256.OfFile(other);
    }

    static void Delete(string folder)
    {
        if (Directory.Exists(folder))
        {
            Directory.Delete(folder, recursive: true);
        }
    }
}

/// <summary>Gives a student up that is worse, at its best so far, than half of those before it were at the same step.</summary>
static class Median
{
    const string Words = "worse than half of the students before it";

    public static bool Says(string? why) => why?.Contains(Words, StringComparison.Ordinal) == true;

    /// <param name="best">Nats a token, the lowest so far.</param>
    public static string? WhyStop(long step, double best, IReadOnlyList<SweepResult> before, int enough)
    {
        var others = before.Where(other => other.Points.Any(point => point.Step >= step)).Select(other => other.Points.Where(point => point.Step <= step).Select(point => point.Measure).DefaultIfEmpty(double.PositiveInfinity).Min()).Where(double.IsFinite).Order().ToList();
        return others.Count >= enough && best > others[(others.Count - 1) / 2] ? Words : null;
    }
}
