using System.Text.Json;
using DistillForge.Core;
using DistillForge.Data;
using DistillForge.Models;
using DistillForge.Text;
using DistillForge.Training.Adapters;
using DistillForge.Training.Pretrained;

namespace DistillForge.Runs.Stages;

/// <summary>The weights that a student starts from, as the recipe says, and the reasons for what was chosen of them.</summary>
static class StudentStart
{
    public const string FileName = "student.json";

    /// <summary>Of the student's adapters, within the run folder.</summary>
    public const string AdapterFolder = "lora";

    static readonly JsonSerializerOptions Json = new() { PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower, WriteIndented = true };

    /// <summary>The files that it is read from, for the manifest.</summary>
    public static IEnumerable<KeyValuePair<string, string>> Inputs(RunContext run)
        => Source(run) is { } path ? [new("student", path)] : [];

    /// <summary>Which file or folder; null where weights are drawn.</summary>
    public static string? Source(RunContext run) => run.Recipe.Student switch
    {
        { Gguf: { } gguf } => gguf.Path,
        { Huggingface: { } folder } => folder.Path,
        { FromTeacher: not null } => run.TeacherGguf,
        _ => null,
    };

    /// <summary>Null where all weights are trained.</summary>
    public static LoraPlan? Lora(StudentSettings student) => student.Lora is not { } lora ? null
        : new(lora.Rank, lora.Alpha, lora.Dropout, lora.Targets, lora.Base == Data.Precision.Bf16 ? Training.Precision.BFloat16 : Training.Precision.Float32);

    /// <summary>Names the weights, and what is taken of them.</summary>
    public static string Identity(RunContext run) => $"{(Source(run) is { } path && Directory.Exists(path) ? run.Hashes.OfFolder(path) : run.Hashes.Of(Source(run)!))} {RecipePart.Of(run.Recipe, "student").Sha256}";

    /// <param name="rows">What the parts of a teacher are measured on.</param>
    /// <returns>Null where weights are drawn.</returns>
    public static PretrainedWeights? Load(RunContext run, Vocabulary vocabulary, IReadOnlyList<TokenTrace> rows, CancellationToken cancellationToken)
    {
        if (Source(run) is not { } path)
        {
            return null;
        }

        var student = run.Recipe.Student;
        var whole = PretrainedWeights.Load(path);
        try
        {
            // First the tokens: the rows have the student's ids already.
            whole = run.PrunedVocabulary() is { } tokens ? whole.Keep(tokens) : whole;
            var kept = student.FromTeacher is { } wanted ? Keep(run, whole, wanted, rows, cancellationToken) : whole;
            return kept.Fit(vocabulary, student.Context);
        }
        catch
        {
            whole.Dispose();
            throw;
        }
    }

    static PretrainedWeights Keep(RunContext run, PretrainedWeights whole, FromTeacherSettings wanted, IReadOnlyList<TokenTrace> rows, CancellationToken cancellationToken)
    {
        // Spread over all rows; their order is that of their ids, which is as good as drawn.
        var step = Math.Max(1, rows.Count / wanted.CalibrationRows);
        IReadOnlyList<int>[] sample = [.. rows.Where((_, i) => i % step == 0).Take(wanted.CalibrationRows).Select(row => row.TokenIds)];
        var importance = Importance.Measure(whole, sample, cancellationToken);
        var parts = Parts.Choose(whole.Shape, new PartsWanted(wanted.KeepLayers, wanted.Layers, wanted.Width, wanted.Heads, wanted.FeedForward), importance);
        var shape = parts.Of(whole.Shape);
        run.Progress.Say(FormattableString.Invariant($"  from the teacher: layers {string.Join(", ", parts.Layers)} of {whole.Shape.Layers} (influence {string.Join(", ", importance.Layers.Select(x => x.ToString("F3", System.Globalization.CultureInfo.InvariantCulture)))}), width {shape.Width} of {whole.Shape.Width}, heads {shape.Heads} of {whole.Shape.Heads}, feed-forward {shape.FeedForward} of {whole.Shape.FeedForward}; measured on {importance.Tokens:N0} tokens"));
        DurableFile.Write(run.Folder.In(FileName), stream => JsonSerializer.Serialize(stream, new { from = run.TeacherName, kept = parts, importance }, Json));
        return whole.Keep(parts);
    }
}
