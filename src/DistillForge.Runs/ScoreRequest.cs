using System.Text.Json;
using DistillForge.Core;
using DistillForge.Data;

namespace DistillForge.Runs;

/// <summary>What is to be scored: a recipe with a dataset and a teacher, or a file of answers.</summary>
/// <param name="Target">A recipe (.yaml), or JSONL, CSV, Parquet, or a folder of Parquet shards.</param>
/// <param name="Runs">Folder that holds one folder a run.</param>
/// <param name="Teacher">Who reads a file: a GGUF. A recipe names its own.</param>
/// <param name="Capture">What the traces of a file hold.</param>
public sealed record ScoreRequest(string Target, string Runs, string? Teacher = null, Want.Head? Capture = null, string Column = "text", string AnswerColumn = "answer")
{
    internal Recipe ToRecipe()
    {
        if (Path.GetExtension(Target) is ".yaml" or ".yml")
        {
            var recipe = RecipeReader.Read(Target, Components.Known);
            return Teacher is not null ? throw Wrong("--teacher", "is given, but the recipe names its own.", "Leave it out.")
                : recipe is { Dataset: not null, AllTeachers.Count: > 0 } ? recipe
                : throw Wrong(Target, recipe.Dataset is null ? "has no dataset: answers that a teacher gives are scored while it gives them." : "has no teacher that could score its dataset.", "Give it both: 'dataset: { jsonl: path }' and 'teacher: { gguf: path }'.");
        }

        if (Teacher is null)
        {
            throw Wrong("--teacher", "is missing.", "Name the GGUF that reads the answers.");
        }

        var file = Existing(Target);
        var name = Path.GetFileNameWithoutExtension(Target.TrimEnd('/'));
        var source = Path.GetExtension(Target).ToLowerInvariant() switch
        {
            ".jsonl" or ".ndjson" => new DatasetSource { Jsonl = file, Column = Column, AnswerColumn = AnswerColumn },
            ".csv" => new DatasetSource { Csv = file, Column = Column, AnswerColumn = AnswerColumn },
            ".parquet" => new DatasetSource { Parquet = file },
            "" when Directory.Exists(file.Path) => new DatasetSource { Parquet = file },
            var other => throw Wrong(Target, $"is a '{other}' file.", "Give a recipe (.yaml), .jsonl, .csv, .parquet, or a folder of Parquet shards."),
        };
        var capture = Capture ?? new Want.Head();
        return new Recipe
        {
            Name = $"scored-{Named(name)}-{Sha256.OfText(file.Path)[..6]}",
            Dataset = source,
            Teacher = new TeacherSource { Gguf = Existing(Teacher) },
            Generate = new GenerateSettings { TopLogprobs = capture.TopLogprobs, HeadMass = capture.Mass, TailSamples = capture.TailSamples, Temperatures = capture.Temperatures ?? [1f], RandomDraws = capture.RandomDraws, DrawTemperature = capture.DrawTemperature, Drawing = capture.Drawing },
            // Nobody is compared: every row is scored.
            Evaluate = new EvaluateSettings { HeldOut = 0 },
        };
    }

    static RecipeFile Existing(string path) => Path.Exists(path) ? new RecipeFile(path, Path.GetFullPath(path)) : throw Wrong(path, "does not exist.", "Give a path that is there.");

    static string Named(string name) => new([.. name.Take(60).Select(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_' ? c : '-')]);

    static ForgeException Wrong(string where, string what, string instead) => new(new Problem(where, what, instead));
}

/// <summary>What scoring gave.</summary>
/// <param name="NatsPerToken">Mean negative log-probability of the answers' tokens, the end of the sequence included.</param>
/// <param name="Traces">The folder with the traces.</param>
public sealed record ScoreSummary(string Scorer, long Rows, long Scored, long Failed, long Tokens, double NatsPerToken, string Traces, double Seconds)
{
    static readonly JsonSerializerOptions Json = new() { PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower, WriteIndented = true };

    internal static ScoreSummary Of(Manifest score, string scorer, string traces)
    {
        long Figure(string name) => (long)score.Figures.GetValueOrDefault(name);
        return new ScoreSummary(scorer, Figure("examples"), Figure("scored"), Figure("failures"), Figure("tokens"), score.Figures.GetValueOrDefault("nats_per_token"), traces, score.Figures.GetValueOrDefault("seconds"));
    }

    public string ToJson() => JsonSerializer.Serialize(this, Json);

    public override string ToString() => $"{Scored:N0} of {Rows:N0} rows scored by {Scorer}{(Failed > 0 ? $", {Failed:N0} failed" : "")}: {Tokens:N0} tokens, {NatsPerToken:0.000} nats a token\n  {Path.GetRelativePath(Directory.GetCurrentDirectory(), Traces)}";
}
