using System.Globalization;
using System.Text.Json;
using System.Text.RegularExpressions;
using DistillForge.Data;
using DistillForge.Evaluation;
using DistillForge.Models;
using DistillForge.Runs.Stages;

namespace DistillForge.Runs.Reports;

/// <summary>What the model card says beside scores: what the student grew from, what it is for, what it took to make.</summary>
static partial class CardFacts
{
    const int MostKinds = 12;
    const double JoulesPerWattHour = 3600;

    /// <summary>The hub's name of what the student's weights started from; null where it started from chance, or the file does not say.</summary>
    public static string? BaseModel(RunContext run)
        => run.Recipe.Student is { Gguf: { } gguf } ? OnHub(gguf.Path) : run.Recipe.Student is { Huggingface: { } folder } ? OfFolder(folder.Path) : run.Recipe.Student.FromTeacher is null ? null : TeacherOnHub(run);

    /// <summary>The hub's name of the first teacher; null where nobody says it.</summary>
    public static string? TeacherOnHub(RunContext run)
        => run.LocalTeacher is { } gguf ? OnHub(gguf) : run.HasTeacher && run.Teacher.Model is { } model && HubName().IsMatch(model) ? model : null;

    /// <summary>What its weights were before training, with the file's hash; null for weights drawn from the seed.</summary>
    public static string? Start(RunContext run) => run.Recipe.Student switch
    {
        { Gguf: { } gguf } => $"{Path.GetFileName(gguf.Path)}, SHA-256 {run.Hashes.Of(gguf.Path)}",
        { Huggingface: { } folder } => $"{Path.GetFileName(folder.Path.TrimEnd('/'))}, a Hugging Face folder",
        { FromTeacher: not null } => $"parts of {run.Teacher.DisplayName}, its teacher",
        { Embeddings: EmbeddingStart.Teacher } => $"random weights from the seed, but the embedding of {run.Teacher.DisplayName}, its teacher",
        _ => null,
    };

    public static IReadOnlyList<string> Intended(RunContext run, ModelShape shape, Scores scores, string source)
    {
        string[] kinds = [.. scores.Slices.Select(slice => slice.Category).Distinct().Order(StringComparer.Ordinal)];
        return
        [
            $"Prompts like those of {source}{(kinds.Length == 0 ? "" : $" (kinds: {string.Join(", ", kinds.Take(MostKinds))}{(kinds.Length > MostKinds ? ", …" : "")})")}, up to {shape.Context.ToString("N0", CultureInfo.InvariantCulture)} tokens with the answer, through the chat template that the files carry.",
            "On the user's own machine, after a look at how it does on questions of that user ('distillforge compare' with a file of them).",
        ];
    }

    public static IReadOnlyList<string> OutOfScope(RunContext run) =>
    [
        "Other tasks, topics and languages than its prompts showed.",
        "Decisions about people, and anything where a wrong answer does harm before a person has looked at it.",
        .. run.HasTeacher ? [$"Whatever the license and terms of {run.TeacherName} forbid, and passing it off as {run.TeacherName} or as a model of nobody's."] : Array.Empty<string>(),
    ];

    /// <summary>Time, operations and energy of making it.</summary>
    public static IReadOnlyList<(string What, string Value)> Compute(RunContext run, long parameters)
    {
        var rows = new List<(string, string)> { ("machine", $"{Processor()}, {Environment.ProcessorCount} logical processors") };
        foreach (var (stage, what) in new[] { ("generate", "answers of the teacher"), ("score", "scores of the teacher"), ("train", "training of the student"), ("baseline", "training of the baseline"), ("evaluate", "evaluation") })
        {
            if (Manifest.TryRead(run.Folder.Path, stage)?.Figures is { } figures)
            {
                var energy = figures.TryGetValue(Stage.Joules, out var joules) ? string.Create(CultureInfo.InvariantCulture, $", {joules / JoulesPerWattHour:0.##} Wh by the processor's counters, the whole machine's") : "";
                rows.Add((what, string.Create(CultureInfo.InvariantCulture, $"{figures.GetValueOrDefault("seconds"):0} s{energy}")));
            }
        }

        if (Manifest.TryRead(run.Folder.Path, "train")?.Figures.GetValueOrDefault("tokens") is > 0 and var tokens)
        {
            rows.Add(("floating-point operations of the training", string.Create(CultureInfo.InvariantCulture, $"about {6 * parameters * tokens:0.0e+0} (six a parameter and token)")));
        }

        if (!rows.Exists(row => row.Item2.Contains("Wh", StringComparison.Ordinal)))
        {
            rows.Add(("energy", "not measured: this machine shows no counter (RAPL) that may be read"));
        }

        return rows;
    }

    static string Processor()
    {
        const string Cpu = "/proc/cpuinfo";
        var line = File.Exists(Cpu) ? File.ReadLines(Cpu).FirstOrDefault(line => line.StartsWith("model name", StringComparison.Ordinal)) : null;
        return line?[(line.IndexOf(':', StringComparison.Ordinal) + 1)..].Trim() ?? "unknown processor";
    }

    // Who wrote the file says where it is from, else what it was made from.
    static string? OnHub(string path)
    {
        using var file = GgufFile.Open(path);
        string?[] said = [file.Metadata.Text("general.source.huggingface.repository"), file.Metadata.Text("general.source.repo_url"), file.Metadata.Text("general.repo_url"), file.Metadata.Text("general.base_model.0.repo_url")];
        return said.Select(text => text is null ? null : text.StartsWith(Hub, StringComparison.Ordinal) ? text[Hub.Length..].TrimEnd('/') : text).FirstOrDefault(name => name is not null && HubName().IsMatch(name));
    }

    static string? OfFolder(string folder)
    {
        using var config = JsonDocument.Parse(File.ReadAllBytes(Path.Combine(folder, "config.json")));
        return config.RootElement.TryGetProperty("_name_or_path", out var name) && name.ValueKind == JsonValueKind.String && HubName().IsMatch(name.GetString()!) ? name.GetString() : null;
    }

    const string Hub = "https://huggingface.co/";

    [GeneratedRegex("^[A-Za-z0-9][A-Za-z0-9._-]*/[A-Za-z0-9][A-Za-z0-9._-]*$", RegexOptions.None, 1000)]
    private static partial Regex HubName();
}
