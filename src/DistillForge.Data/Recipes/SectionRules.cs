using DistillForge.Core;
using FluentValidation;

namespace DistillForge.Data;

sealed class PromptRules : AbstractValidator<PromptSource>
{
    public PromptRules()
    {
        RuleFor(p => p).Must(p => Sources.Count(p.Template, p.Jsonl, p.Csv, p.Parquet, p.Turns) == 1).OverridePropertyName("").WithMessage("needs exactly one of template, jsonl, csv, parquet and turns.");
        RuleFor(p => p.Jsonl).Must(Sources.BeginsInLines).WithMessage(Sources.NoLines);
        RuleFor(p => p.Csv).Must(Sources.BeginsInLines).WithMessage(Sources.NoLines);
        RuleFor(p => p.Turns).Must(Sources.BeginsInLines).WithMessage(Sources.NoLines);
        RuleFor(p => p.MaxTurns).InclusiveBetween(1, 1000).WithMessage("is {PropertyValue}; 1 to 1000 user turns can be asked.");
        RuleFor(p => p.Shape).Must(Sources.IsShape).WithMessage(p => $"'{p.Shape}' is not known. {Sources.Shapes(p.Shape!)}");
        RuleFor(p => p.Count).GreaterThanOrEqualTo(0).WithMessage("is {PropertyValue}; it counts prompts, and 0 takes all.");
        RuleFor(p => p.Count).GreaterThan(0).When(p => p.Template is not null).WithMessage("is missing: a template makes as many prompts as it is told. Write e.g. 'count: 6000'.");
    }
}

sealed class DatasetRules : AbstractValidator<DatasetSource>
{
    public DatasetRules()
    {
        RuleFor(d => d).Must(d => Sources.Count(d.Template, d.Jsonl, d.Csv, d.Parquet) == 1).OverridePropertyName("").WithMessage("needs exactly one of template, jsonl, csv and parquet.");
        RuleFor(d => d.Jsonl).Must(Sources.BeginsInLines).WithMessage(Sources.NoLines);
        RuleFor(d => d.Csv).Must(Sources.BeginsInLines).WithMessage(Sources.NoLines);
        RuleFor(d => d.Shape).Must(Sources.IsShape).WithMessage(d => $"'{d.Shape}' is not known. {Sources.Shapes(d.Shape!)}");
        RuleFor(d => d.Count).GreaterThanOrEqualTo(0).WithMessage("is {PropertyValue}; it counts rows, and 0 takes all.");
        RuleFor(d => d.Count).GreaterThan(0).When(d => d.Template is not null).WithMessage("is missing: a template makes as many rows as it is told. Write e.g. 'count: 60000'.");
    }
}

static class Sources
{
    public static readonly string NoLines = $"has a line of more than {TextLines.MostCharacters:N0} characters. One row to a line; a text of this length is no row.";

    /// <summary>Before a large file is hashed and read: the rest is checked when it is read.</summary>
    public static bool BeginsInLines(RecipeFile? file) => file is null || !File.Exists(file.Path) || TextLines.BeginsInLines(file.Path);

    public static bool IsShape(string? name) => name is null || Import.Shapes.Contains(name);

    public static string Shapes(string wrong) => NearName.Suggest(wrong, Import.Shapes) ?? $"Known: {string.Join(", ", Import.Shapes)}.";

    public static int Count(params ReadOnlySpan<RecipeFile?> files)
    {
        var count = 0;
        foreach (var file in files)
        {
            count += file is null ? 0 : 1;
        }

        return count;
    }
}

sealed class GenerateRules : AbstractValidator<GenerateSettings>
{
    const long MostConstraint = 1 << 20;

    static bool IsSmall(RecipeFile? file) => file is null || !File.Exists(file.Path) || new FileInfo(file.Path).Length <= MostConstraint;

    public GenerateRules()
    {
        RuleFor(g => g.Grammar).Must(IsSmall).WithMessage($"has more than {MostConstraint:N0} bytes, which is no grammar.");
        RuleFor(g => g.JsonSchema).Must(IsSmall).WithMessage($"has more than {MostConstraint:N0} bytes, which is no schema.");
        RuleFor(g => g.Samples).InclusiveBetween(1, 1000).WithMessage("is {PropertyValue}; 1 to 1000 answers a prompt are possible.");
        RuleFor(g => g.Samples).Equal(1).When(g => g.Temperature == 0).WithMessage("is {PropertyValue}, but at temperature 0 all answers are the same. Raise the temperature, or write 'samples: 1'.");
        RuleFor(g => g.Temperature).InclusiveBetween(0, 10).WithMessage("is {PropertyValue}; it lies between 0 (greedy) and 10.");
        RuleFor(g => g.TopP).Must(value => value is > 0 and <= 1).WithMessage("is {PropertyValue}; it is a share above 0 and up to 1 (every token).");
        RuleFor(g => g.TopK).GreaterThanOrEqualTo(0).WithMessage("is {PropertyValue}; it counts tokens, and 0 keeps every token.");
        RuleFor(g => g.MinP).Must(value => value is >= 0 and < 1).WithMessage("is {PropertyValue}; it is a share from 0 (every token) to below 1.");
        RuleFor(g => g.MaxTokens).InclusiveBetween(1, 1 << 20).WithMessage("is {PropertyValue}; 1 to 1048576 tokens an answer are possible.");
        // head_sizes is a byte.
        RuleFor(g => g.TopLogprobs).InclusiveBetween(0, 255).WithMessage("is {PropertyValue}; 0 (no trace) to 255 tokens a position are possible.");
        RuleFor(g => g.HeadMass).Must(value => value is > 0 and <= 1).WithMessage("is {PropertyValue}; it is a share above 0 and up to 1.");
        RuleFor(g => g.TailSamples).InclusiveBetween(0, 1024).WithMessage("is {PropertyValue}; 0 to 1024 draws a position are possible.");
        // The counts of a head's ids are bytes.
        RuleFor(g => g.RandomDraws).InclusiveBetween(0, 255).WithMessage("is {PropertyValue}; 0 (top_logprobs and tail_samples instead) to 255 draws a position are possible.");
        RuleFor(g => g.DrawTemperature).Must(value => value is > 0 and <= 100).WithMessage("is {PropertyValue}; it is above 0 and up to 100.");
        RuleFor(g => g.RepetitionPenalty).Must(value => value is > 0 and <= 10).WithMessage("is {PropertyValue}; it is above 0 and up to 10, and 1 changes nothing.");
        RuleForEach(g => g.StopTokens).GreaterThanOrEqualTo(0).WithMessage("is {PropertyValue}; a token id is 0 or more.");
        RuleFor(g => g.JsonSchema).Null().When(g => g.Grammar is not null).WithMessage("is given beside grammar. Keep one.");
        RuleForEach(g => g.Temperatures).Must(value => value is > 0 and <= 100).WithMessage("is {PropertyValue}; a training temperature is above 0 and up to 100.");
    }
}

sealed class StudentRules : AbstractValidator<StudentSettings>
{
    public StudentRules(KnownNames known)
    {
        RuleFor(s => s.Architecture).Must(name => known.Architectures?.ContainsKey(name) ?? true)
            .WithMessage(s => $"unknown architecture '{s.Architecture}'. {NearName.Suggest(s.Architecture, known.Architectures!.Keys) ?? $"Known: {string.Join(", ", known.Architectures!.Keys)}."}");
        RuleFor(s => s.Layers).InclusiveBetween(1, 1024).WithMessage("is {PropertyValue}; 1 to 1024 are possible.");
        RuleFor(s => s.Heads).InclusiveBetween(1, 1024).WithMessage("is {PropertyValue}; 1 to 1024 are possible.");
        RuleFor(s => s.Width).InclusiveBetween(1, 1 << 16).WithMessage("is {PropertyValue}; 1 to 65536 are possible.");
        RuleFor(s => s.Width).Must((s, width) => width % (2 * s.Heads) == 0).When(s => s is { Heads: > 0, Width: > 0 })
            .WithMessage(s => $"is {s.Width}, which {s.Heads} heads do not divide into even parts. Write a multiple of {2 * s.Heads}.");
        RuleFor(s => s.KvHeads).Must((s, kv) => kv > 0 && s.Heads % kv == 0).When(s => s is { Heads: > 0, KvHeads: not null })
            .WithMessage(s => $"is {s.KvHeads}, which does not divide the {s.Heads} heads.");
        RuleFor(s => s.FeedForward).InclusiveBetween(1, 1 << 20).WithMessage("is {PropertyValue}; 1 to 1048576 are possible.");
        RuleFor(s => s.Context).InclusiveBetween(8, 1 << 20).WithMessage("is {PropertyValue}; 8 to 1048576 tokens are possible.");
        Starts();
        RuleFor(s => s.Vocabulary.Pruned).Equal(false).When(s => !s.Vocabulary.IsTeacher).WithMessage("is true beside train, which makes a vocabulary of its own. Keep one.");
        // 256 bytes, four special tokens, and something to merge.
        RuleFor(s => s.Vocabulary.Train).InclusiveBetween(264, 1 << 20).When(s => !s.Vocabulary.IsTeacher).WithMessage("is {PropertyValue}; a byte-level vocabulary has 264 to 1048576 entries.");
    }

    // What a student starts from says how large it is.
    void Starts()
    {
        RuleFor(s => s).Must(s => (s.Gguf is null ? 0 : 1) + (s.Huggingface is null ? 0 : 1) + (s.FromTeacher is null ? 0 : 1) <= 1).OverridePropertyName("").WithMessage("starts from more than one of gguf, huggingface and from_teacher. Keep one.");
        RuleFor(s => s).Must(s => s with { Gguf = null, Huggingface = null, Tokenizer = null, FromTeacher = null, Lora = null, Vocabulary = fresh.Vocabulary, Context = null } == fresh).When(s => s.IsPretrained).OverridePropertyName("")
            .WithMessage("has a shape of its own (architecture, layers, width, heads, kv_heads, feed_forward, embeddings) beside what it starts from. Remove these keys.");
        RuleFor(s => s.Vocabulary).Must(v => v.IsTeacher).When(s => s.IsPretrained).WithMessage("is trained, but the student starts from a model that knows another one. Remove it.");
        RuleFor(s => s.Tokenizer).Null().When(s => s.Huggingface is null).WithMessage("is for a Hugging Face folder. Remove it.");
        RuleFor(s => s.Lora).Null().When(s => !s.IsPretrained).WithMessage("adapts a model, and there is none. Name one, 'gguf: path', or remove it.");
        RuleFor(s => s.FromTeacher!).SetValidator(new FromTeacherRules()).When(s => s.FromTeacher is not null);
        RuleFor(s => s.Lora!).SetValidator(new LoraRules()).When(s => s.Lora is not null);
    }

    static readonly StudentSettings fresh = new();
}

sealed class FromTeacherRules : AbstractValidator<FromTeacherSettings>
{
    public FromTeacherRules()
    {
        RuleFor(f => f.Layers).InclusiveBetween(0, 1024).WithMessage("is {PropertyValue}; it counts layers, and 0 keeps all.");
        RuleFor(f => f.Layers).Equal(0).When(f => f.KeepLayers.Count > 0).WithMessage("is given beside keep_layers. Keep one: how many (they are chosen), or which.");
        RuleFor(f => f.KeepLayers).Must(layers => layers.All(layer => layer >= 0) && layers.Zip(layers.Skip(1)).All(pair => pair.First < pair.Second)).WithMessage("must ascend, from 0.");
        RuleFor(f => f.Width).InclusiveBetween(0, 1 << 16).WithMessage("is {PropertyValue}; it counts channels, and 0 keeps all.");
        RuleFor(f => f.Heads).InclusiveBetween(0, 1024).WithMessage("is {PropertyValue}; it counts heads, and 0 keeps all.");
        RuleFor(f => f.FeedForward).InclusiveBetween(0, 1 << 20).WithMessage("is {PropertyValue}; it counts neurons, and 0 keeps all.");
        RuleFor(f => f.CalibrationRows).InclusiveBetween(1, 10_000).WithMessage("is {PropertyValue}; 1 to 10000 rows can be measured on.");
    }
}

sealed class LoraRules : AbstractValidator<LoraSettings>
{
    public LoraRules()
    {
        RuleFor(l => l.Rank).InclusiveBetween(1, 1024).WithMessage("is {PropertyValue}; 1 to 1024 are possible.");
        RuleFor(l => l.Alpha).Must(value => value is > 0 and <= 10_000).WithMessage("is {PropertyValue}; it is above 0 and up to 10000.");
        RuleFor(l => l.Dropout).Must(value => value is >= 0 and < 1).WithMessage("is {PropertyValue}; it is a share from 0 to below 1.");
    }
}

sealed class TrainRules : AbstractValidator<TrainSettings>
{
    public TrainRules()
    {
        RuleFor(t => t.Losses).Must(losses => losses.Count == 0 || losses.Any(loss => loss.Weight.Highest > 0)).WithMessage("have no weight above 0, so nothing would be learned.");
        RuleFor(t => t.Losses).Must(losses => losses.DistinctBy(loss => loss.Name).Count() == losses.Count).WithMessage("name one loss twice. Keep one, with the sum of the weights.");
        RuleFor(t => t.Epochs).InclusiveBetween(1, 100_000).WithMessage("is {PropertyValue}; 1 to 100000 are possible.");
        RuleFor(t => t.TokensPerBatch).InclusiveBetween(16, 1 << 24).WithMessage("is {PropertyValue}; 16 to 16777216 tokens are possible.");
        RuleFor(t => t.LearningRate).Must(value => value is > 0 and <= 1).WithMessage("is {PropertyValue}; it is above 0 and up to 1.");
        RuleFor(t => t.Warmup).Must(value => value is >= 0 and < 1).WithMessage("is {PropertyValue}; it is a share of the steps, from 0 to below 1.");
        RuleFor(t => t.WeightDecay).InclusiveBetween(0, 10).WithMessage("is {PropertyValue}; 0 to 10 are possible.");
        RuleFor(t => t.Clip).GreaterThan(0).WithMessage("is {PropertyValue}; it is above 0.");
        RuleFor(t => t.Split!.Threshold).Must(value => value is >= 0.6 and <= 1).When(t => t.Split is not null).WithMessage("is {PropertyValue}; it lies between 0.6 and 1.");
        RuleFor(t => t.Validation).Must(value => value is >= 0 and < 1).WithMessage("is {PropertyValue}; it is a share of the rows, from 0 to below 1.");
        RuleFor(t => t.MicroBatch).InclusiveBetween(0, 1 << 24).WithMessage("is {PropertyValue}; it counts tokens, and 0 computes a whole step at once.");
        RuleFor(t => t.FinalRate).InclusiveBetween(0, 1).WithMessage("is {PropertyValue}; it is a share of the learning rate, from 0 to 1.");
        RuleFor(t => t.Decay).Must(value => value is > 0 and <= 1).WithMessage("is {PropertyValue}; it is a share of the steps above 0 and up to 1.");
        RuleFor(t => t.ValidateEvery).GreaterThanOrEqualTo(0).WithMessage("is {PropertyValue}; it counts steps, and 0 measures after each epoch.");
        RuleFor(t => t.Patience).GreaterThanOrEqualTo(0).WithMessage("is {PropertyValue}; it counts measurements, and 0 trains to the end.");
        RuleFor(t => t.Validation).GreaterThan(0).When(t => t.Patience > 0 || t.Keep == KeptWeights.Best).WithMessage("is 0, but 'patience' and 'keep: best' look at held-out rows. Raise it, or remove them.");
        RuleFor(t => t.Ema).Must(value => value is >= 0 and < 1).WithMessage("is {PropertyValue}; it is a decay from 0 (none) to below 1, e.g. 0.999.");
        RuleFor(t => t.Device).Matches("^(auto|cpu|cuda(:[0-9]{1,2})?)$").WithMessage("is '{PropertyValue}'; it takes auto, cpu, cuda, cuda:0, ….");
        RuleFor(t => t.CheckpointEvery).GreaterThan(0).WithMessage("is {PropertyValue}; it counts steps, 1 or more.");
        RuleFor(t => t.Threads).InclusiveBetween(0, 1024).WithMessage("is {PropertyValue}; it counts threads, and 0 chooses.");
    }
}

sealed class PackageRules : AbstractValidator<PackageSettings>
{
    public PackageRules(KnownNames known)
    {
        RuleFor(p => p.Quantize).NotEmpty().WithMessage("is empty, so nothing would leave. Write e.g. [ f16, q8_0 ].");
        RuleForEach(p => p.Quantize).Must(format => known.Quantizations?.Contains(format) != false)
            .WithMessage((_, format) => $"unknown format '{format}'. {NearName.Suggest(format, known.Quantizations!) ?? $"Known: {string.Join(", ", known.Quantizations!)}."}");
    }
}
