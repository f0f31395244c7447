using System.Text.Json;
using System.Text.Json.Serialization;

namespace DistillForge.Evaluation;

/// <summary>What <c>scores.json</c> holds and <c>run --json</c> prints. It only grows; nothing in it is renamed.</summary>
/// <param name="Baseline">A student of the same size, rows and steps trained on the teacher's text alone; null when the recipe asks for none.</param>
/// <param name="Gguf">Kind of file, e.g. <c>q8_0</c> → path.</param>
/// <param name="Seconds">Stage → seconds.</param>
/// <param name="Comparison">Student against baseline; null without one.</param>
/// <param name="Untrained">The student before its first step; null where that was not kept.</param>
/// <param name="Authors">Rows by the teacher that answered them, where there are several.</param>
public sealed record Scores(
    string Name,
    ModelScores? Teacher,
    ModelScores Student,
    ModelScores? Baseline,
    IReadOnlyDictionary<string, string> Gguf,
    RowCounts Rows,
    IReadOnlyDictionary<string, double> Seconds,
    Comparison? Comparison = null,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] IReadOnlyDictionary<string, long>? Authors = null,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] ModelScores? Untrained = null)
{
    /// <summary>Each benchmark's categories, where the student lost most against the teacher first; empty where nothing is categorised.</summary>
    public IReadOnlyList<TaskSlice> Slices { get => field ?? []; init; } = [];

    /// <summary>Each benchmark by itself, with intervals and paired differences; empty in scores of an older build.</summary>
    public IReadOnlyList<TaskResult> Tasks { get => field ?? []; init; } = [];

    /// <summary>What each packaged file costs to run here, in the order of the recipe; null in scores of an older build.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyList<QuantizationCost>? Quantizations { get; init; }

    /// <summary>Where the student lost most of what its teacher knows; null where there is nothing to compare.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public KnownLosses? Losses { get; init; }

    /// <summary>The same questions with typos, in other case, with noise and paraphrased; null where that was not measured.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyList<RobustnessResult>? Robustness { get; init; }

    /// <summary>What each benchmark and the held-out rows share with the rows trained on; empty in scores of an older build.</summary>
    public IReadOnlyList<Contamination> Contamination { get => field ?? []; init; } = [];

    public string ToJson() => JsonSerializer.Serialize(this, ScoresJson.Default.Scores);

    /// <summary>Whole or not at all.</summary>
    public void Write(string path)
    {
        var temporary = path + ".partial";
        using (var stream = new FileStream(temporary, FileMode.Create, FileAccess.Write))
        {
            JsonSerializer.Serialize(stream, this, ScoresJson.Default.Scores);
            stream.WriteByte((byte)'\n');
            stream.Flush(flushToDisk: true);
        }

        File.Move(temporary, path, overwrite: true);
    }

    /// <exception cref="ForgeException">Missing, or not what <see cref="Write"/> writes.</exception>
    public static Scores Read(string path)
    {
        try
        {
            using var stream = File.OpenRead(path);
            return JsonSerializer.Deserialize(stream, ScoresJson.Default.Scores) ?? throw new JsonException("it is empty");
        }
        catch (Exception e) when (e is JsonException or IOException)
        {
            throw new ForgeException(new Problem(path, $"cannot be read: {e.Message}", "Run 'distillforge evaluate' again."), inner: e);
        }
    }
}

/// <summary>One model's figures; null where one was not measured.</summary>
/// <param name="Bytes">Size of its file.</param>
/// <param name="ExactMatch">Share of the benchmark's questions answered right.</param>
/// <param name="TokensPerSecond">Generated in llama.cpp.</param>
/// <param name="KlToTeacher">Nats a token, over the whole vocabulary, on held-out answers.</param>
/// <param name="Top1Agreement">Share of positions where it finds the teacher's most likely token most likely.</param>
public sealed record ModelScores(
    long Parameters,
    long Bytes,
    double? ExactMatch,
    double? TokensPerSecond,
    double? KlToTeacher = null,
    double? Top1Agreement = null,
    Range95? ExactMatchInterval = null,
    IReadOnlyDictionary<string, double>? ExactMatchByCategory = null)
{
    /// <summary>Questions behind <see cref="ExactMatch"/>.</summary>
    public int? Questions { get; init; }

    /// <summary>Share of positions where the teacher's most likely token is among its five.</summary>
    public double? Top5Agreement { get; init; }

    /// <summary>On the held-out answers.</summary>
    public double? Perplexity { get; init; }

    /// <summary>Expected calibration error against the tokens of the held-out answers.</summary>
    public double? CalibrationError { get; init; }

    /// <summary>Share of questions that it answers word for word as the teacher does, both greedily.</summary>
    public double? SameAnswers { get; init; }

    /// <summary>Mean similarity of its answers with the teacher's, by edit distance; 1 is the same text.</summary>
    public double? AnswerSimilarity { get; init; }

    /// <summary>How often a judge prefers its answers to its teacher's; null where the recipe names no judge.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public WinRate? WinsAgainstTeacher { get; init; }

    /// <summary>Prompt read in llama.cpp.</summary>
    public double? PromptTokensPerSecond { get; init; }

    /// <summary>Median over questions that were asked one at a time: from the question to the first token of the answer.</summary>
    public double? FirstTokenMilliseconds { get; init; }

    /// <summary>The most that the process that runs it held, with its caches.</summary>
    public long? MemoryBytes { get; init; }

    /// <summary>What the processor packages used while it answered, other work of the machine included, by question; null where no counter can be read.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public double? JoulesPerAnswer { get; init; }
}

/// <summary>One kind of file of the student, in llama.cpp on this machine.</summary>
/// <param name="TokensPerSecond">Generated, one sequence.</param>
public sealed record QuantizationCost(string Type, long Bytes, double TokensPerSecond, double PromptTokensPerSecond);

/// <summary>Rows of the run: in = kept + dropped + failed.</summary>
/// <param name="Awaiting">Rows that a filter sends to a person who has not decided yet: not trained on.</param>
public sealed record RowCounts(long In, long Kept, long Dropped, long Failed, [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)] long Awaiting = 0);

/// <summary>Student minus baseline, each with the 95 % interval of a paired bootstrap; null where not measured.</summary>
public sealed record Comparison(Difference? ExactMatch, Difference? KlToTeacher);

/// <summary>A difference and its 95 % interval.</summary>
public sealed record Difference(double Value, double Low, double High)
{
    public static Difference Of(Interval interval) => new(interval.Value, interval.Low, interval.High);
}

/// <summary>A 95 % interval.</summary>
public sealed record Range95(double Low, double High)
{
    public static Range95 Of(Interval interval) => new(interval.Low, interval.High);
}

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, WriteIndented = true, RespectRequiredConstructorParameters = true, NumberHandling = JsonNumberHandling.AllowNamedFloatingPointLiterals)]
[JsonSerializable(typeof(Scores))]
sealed partial class ScoresJson : JsonSerializerContext;
