using System.Text.Json;
using System.Text.Json.Nodes;
using DistillForge.Core;
using DistillForge.Data;
using DistillForge.Text;

namespace DistillForge.Training;

/// <summary>A step that cannot be gone on from.</summary>
/// <param name="Step">From 1.</param>
/// <param name="What">What was seen, e.g. <c>the loss was NaN</c>.</param>
/// <param name="Rows">The step's rows with the loss of each by itself, in nats a trained token; the worst first.</param>
sealed record Divergence(long Step, string What, double Loss, double GradientNorm, double LearningRate, IReadOnlyList<(Row Row, double Loss)> Rows)
{
    /// <summary>Beside the checkpoint: the batch and why.</summary>
    public const string Folder = "diverged";

    // As many steps as are compared with the first ones.
    const int Window = 20;

    /// <summary>A run whose loss, over a window of steps, is far above both where it began and a guess that knows nothing, will not come back.</summary>
    /// <param name="uniform">Nats a token of that guess, times the losses' weights.</param>
    public static bool RunsAway(IReadOnlyList<double> losses, double uniform)
    {
        if (losses.Count < 2 * Window)
        {
            return false;
        }

        var (first, last) = (0.0, 0.0);
        for (var i = 0; i < Window; i++)
        {
            first += losses[i] / Window;
            last += losses[losses.Count - 1 - i] / Window;
        }

        return last > 3 * first && last > 1.5 * uniform;
    }

    /// <summary>Writes the batch as a traces file, and why in words and figures.</summary>
    public DivergedException Save(string folder, TrainingPlan plan, TrainingCurve curve)
    {
        var place = Path.Combine(folder, Folder);
        Directory.CreateDirectory(place);
        var rows = Path.Combine(place, "traces.parquet");
        TracesFile.WriteAsync(rows, Rows.Select(row => row.Row.Trace).ToAsyncEnumerable(), CancellationToken.None).GetAwaiter().GetResult();
        var why = new JsonObject
        {
            ["step"] = Step,
            ["what"] = What,
            ["loss"] = Number(Loss),
            ["gradient_norm"] = Number(GradientNorm),
            ["learning_rate"] = LearningRate,
            ["losses_before"] = new JsonArray([.. curve.Loss.TakeLast(50).Select(Number)]),
            ["rows"] = new JsonArray([.. Rows.Select(row => (JsonNode)new JsonObject { ["id"] = row.Row.Trace.Id, ["loss"] = Number(row.Loss), ["trained_tokens"] = row.Row.Trained.Length, ["text"] = Text(row.Row, plan.Vocabulary) })]),
        };
        System.IO.File.WriteAllText(Path.Combine(place, "why.json"), why.ToJsonString(Json) + "\n");
        return new DivergedException(Step, new Problem("train.learning_rate", FormattableString.Invariant($"is {plan.LearningRate}, and at step {Step} {What}: training diverged."), $"Lower it, or raise train.warmup. If one row is to blame, {place} shows it: why.json has the step's rows, the worst first, and './distillforge inspect {rows}' their tokens."));
    }

    static readonly JsonSerializerOptions Json = new() { WriteIndented = true, Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    static string Text(Row row, Vocabulary vocabulary) => ShownExample.Of(row, vocabulary, colour: false);

    static JsonNode? Number(double value) => double.IsFinite(value) ? JsonValue.Create(value) : JsonValue.Create(value.ToString(System.Globalization.CultureInfo.InvariantCulture));
}
