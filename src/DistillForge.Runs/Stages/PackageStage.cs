using System.Text.Json;
using System.Text.Json.Serialization;
using DistillForge.Core;
using DistillForge.Data;
using DistillForge.Llama;
using DistillForge.Models;
using DistillForge.Packaging;
using DistillForge.Text;
using DistillForge.Training.Inference;

namespace DistillForge.Runs.Stages;

/// <summary>Writes the student as GGUF files and lets them through only when llama.cpp agrees with the trainer about them.</summary>
sealed class PackageStage(RunContext run) : Stage(run)
{
    const string HuggingFace = "huggingface";
    const int ProbeTexts = 300;
    const int ProbeSequences = 40;
    const int ProbePrompts = 50;
    const int CalibrationRows = 1000;

    // What a tokenizer is most likely to get wrong.
    static readonly string[] OddTexts = ["", " ", "  two  spaces ", "tab\tand\nline\r\n\r\nbreaks", "0123456789 3.14 1,000", "don't I'LL we've", "naïve café über", "日本語 한국어 العربية", "👩‍👩‍👧‍👦🏳️‍🌈", "{\"a\": [1, 2]}", "<|end|>", "\u200bzero\u00a0width"];

    public override string Name => "package";

    public override string Command => "package";

    protected override IReadOnlyList<string> RecipeKeys => ["package", "name"];

    protected override IReadOnlyDictionary<string, string> Inputs => new Dictionary<string, string>([.. Run.Recipe.Package.LoraAdapter ? [new("lora", Run.Folder.In(StudentStart.AdapterFolder))] : Array.Empty<KeyValuePair<string, string>>()])
    {
        ["checkpoint"] = Run.Folder.Checkpoint,
    };

    protected override IReadOnlyList<string> Outputs => [.. Run.Recipe.Package.Quantize.Select(type => Path.GetFileName(Run.Gguf(type))), PackagedFiles.Name, HuggingFace, .. Run.Recipe.Package.LoraAdapter ? [AdapterGguf(Run)] : Array.Empty<string>()];

    /// <summary>Where <c>package.lora_adapter</c> writes the adapter alone.</summary>
    public static string AdapterGguf(RunContext run) => $"{run.Recipe.Name}-lora.gguf";

    protected override async Task<IReadOnlyDictionary<string, double>> ExecuteAsync(CancellationToken cancellationToken)
    {
        var vocabulary = Vocabulary.Read(Run.Folder.In("vocabulary.gguf"));
        await using var own = await StudentTokenizer.OpenAsync(Run, vocabulary, cancellationToken);
        await using var model = Run.SharesVocabulary ? await Run.OpenExactAsync(Run.TeacherGguf, 2, cancellationToken) : null;
        var pruned = Run.PrunedVocabulary();
        await using var whole = pruned is not null && model is null ? await StudentTokenizer.OpenAsync(Run, pruned.Whole, cancellationToken) : null;
        // Whoever made the training ids: the teacher where it is at hand, by way of the map where the vocabulary is pruned.
        var maker = model ?? whole?.Value ?? own.Value;
        var tokenizer = pruned is null ? maker : new PrunedTokenizer(maker, pruned, own.Value);
        var probe = await ProbeAsync(new Dialogue(vocabulary, tokenizer), cancellationToken);
        using var reference = CheckpointModel.Open(Run.Folder.Checkpoint, tokenizer, Run.Settings.EffectiveThreads);
        var origin = new Origin(Run.Recipe.Name, Run.Asks ? Run.Teacher.License : Run.Recipe.Dataset!.License, Run.HasTeacher ? Run.TeacherName : null, Run.Hashes.Of(Run.Folder.Curated));
        var plan = new PackagePlan(Run.Folder.Checkpoint, Run.Folder.Path, Run.Recipe.Name, Run.Recipe.Package.Quantize, origin)
        {
            Calibration = Run.Recipe.Package.ImportanceMatrix || Run.Recipe.Package.Quantize.Any(Quantizer.WantsImportance) ? await CalibrationAsync(new Dialogue(vocabulary, tokenizer), cancellationToken) : [],
            WeighsAll = Run.Recipe.Package.ImportanceMatrix,
            Threads = Run.Settings.EffectiveThreads,
        };
        var files = await new StudentPackage(reference, tokenizer, Run.Progress).MakeAsync(plan, probe, cancellationToken);
        PackagedFiles.Write(Run.Folder.In(PackagedFiles.Name), files);
        if (HuggingFaceFolder.Write(Run.Folder.Checkpoint, Run.Folder.In(HuggingFace)) is { } lack)
        {
            Run.Progress.Say($"  {HuggingFace}: {lack}");
        }

        if (Run.Recipe.Package.LoraAdapter)
        {
            AdapterExport.Write(Run.Folder.In(StudentStart.AdapterFolder), Run.Folder.In(AdapterGguf(Run)), Run.Recipe.Name);
        }

        var figures = new Dictionary<string, double>();
        foreach (var file in files)
        {
            figures[$"{file.Type}.bytes"] = file.Bytes;
            figures[$"{file.Type}.max_difference"] = file.Gate.MaxDifference;
            figures[$"{file.Type}.mean_difference"] = file.Gate.MeanDifference;
        }

        return figures;
    }

    // Rows from everywhere in the curated set; more of them change nothing any more.
    async Task<List<IReadOnlyList<int>>> CalibrationAsync(Dialogue dialogue, CancellationToken cancellationToken)
    {
        var count = await ExamplesFile.ReadAsync([Run.Folder.Curated], cancellationToken).CountAsync(cancellationToken);
        var step = Math.Max(1, count / CalibrationRows);
        return await ExamplesFile.ReadAsync([Run.Folder.Curated], cancellationToken).Where((_, i) => i % step == 0).Take(CalibrationRows).Select(row => dialogue.Sequence(row.Prompt, row.Text).TokenIds).ToListAsync(cancellationToken);
    }

    async Task<GateProbe> ProbeAsync(Dialogue dialogue, CancellationToken cancellationToken)
    {
        var rows = await ExamplesFile.ReadAsync([Run.Folder.Curated], cancellationToken).Take(ProbeTexts).ToListAsync(cancellationToken);
        var letters = dialogue.Vocabulary is { Kind: "llama" } pieces && !pieces.Types.Contains(TokenType.Byte) ? pieces.Tokens.Where(token => token.Length == 1).Select(token => token[0]).ToHashSet() : null;
        var texts = rows.SelectMany(row => row.Prompt.Concat(row.Completion)).Select(message => message.Content).Where(Encodable).Take(ProbeTexts).Concat(OddTexts.Where(Encodable));
        var sequences = rows.Take(ProbeSequences).Select(row => dialogue.Sequence(row.Prompt, row.Text));
        var prompts = rows.DistinctBy(row => row.Prompt[^1].Content).Take(ProbePrompts).Select(row => new Prompt(row.Id, row.Prompt));
        return new GateProbe([.. texts], [.. sequences], [.. prompts]);

        // A SentencePiece vocabulary without byte tokens takes llama.cpp down on a character that it does not know.
        bool Encodable(string text) => letters is null || text.All(letter => letter == ' ' || letters.Contains(letter));
    }
}

/// <summary>What the gate found about each file, kept for the model card.</summary>
static class PackagedFiles
{
    public const string Name = "package.json";

    static readonly JsonSerializerOptions Json = new() { PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower, WriteIndented = true, NumberHandling = JsonNumberHandling.AllowNamedFloatingPointLiterals };

    public static void Write(string path, IReadOnlyList<PackagedFile> files)
        => DurableFile.Write(path, stream => JsonSerializer.Serialize(stream, files.Select(file => file with { Path = Path.GetFileName(file.Path) }), Json));

    public static IReadOnlyList<PackagedFile> Read(string path)
    {
        using var stream = File.OpenRead(path);
        return JsonSerializer.Deserialize<List<PackagedFile>>(stream, Json) ?? [];
    }
}
