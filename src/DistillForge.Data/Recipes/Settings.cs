using DistillForge.Core;

namespace DistillForge.Data;

/// <summary>The model to be trained.</summary>
public sealed record StudentSettings
{
    /// <summary>A component's name, e.g. <c>llama</c>.</summary>
    public string Architecture { get; init; } = "llama";

    public int Layers { get; init; } = 2;

    /// <summary>Size of the hidden state; divisible by heads.</summary>
    public int Width { get; init; } = 128;

    /// <summary>Attention heads; the size of one is width / heads, an even number.</summary>
    public int Heads { get; init; } = 4;

    /// <summary>Heads of keys and values; divides heads. Empty: as many as heads.</summary>
    public int? KvHeads { get; init; }

    /// <summary>Inner size of the feed-forward layer. Empty: 8/3 of the width, rounded up to a multiple of 32.</summary>
    public int? FeedForward { get; init; }

    /// <summary>Longest sequence in tokens. Empty: chosen from the data and the teacher.</summary>
    public int? Context { get; init; }

    /// <summary><c>teacher</c>, <c>pruned</c> (of the teacher's, or of what the student starts from, the tokens that the rows use), or <c>{ train: 1024 }</c>.</summary>
    public VocabularySource Vocabulary { get; init; } = VocabularySource.OfTeacher;

    /// <summary>Where the embedding starts: drawn at random, or the teacher's own, on as many axes as the student is wide.</summary>
    [AddedLater]
    public EmbeddingStart Embeddings { get; init; }

    /// <summary>A GGUF of any quantization to start from, with its vocabulary, instead of a network drawn at random.</summary>
    [AddedLater]
    public RecipeFile? Gguf { get; init; }

    /// <summary>A Hugging Face folder to start from: <c>config.json</c> and safetensors, sharded or not.</summary>
    [AddedLater]
    public RecipeFolder? Huggingface { get; init; }

    /// <summary>A GGUF with the vocabulary of <see cref="Huggingface"/> (a vocabulary-only one does), or a <c>tokenizer.json</c>. Empty: the teacher's, or without one the folder's <c>tokenizer.json</c>.</summary>
    [AddedLater]
    public RecipeFile? Tokenizer { get; init; }

    /// <summary>Parts of the teacher to start from.</summary>
    [AddedLater]
    public FromTeacherSettings? FromTeacher { get; init; }

    /// <summary>Adapters are trained, and what the student started from stays as it is.</summary>
    [AddedLater]
    public LoraSettings? Lora { get; init; }

    /// <summary>There is something to start from: shape and architecture come along.</summary>
    [NotInRecipe]
    public bool IsPretrained => Gguf is not null || Huggingface is not null || FromTeacher is not null;

    /// <summary>The <c>tokenizer.json</c> in <see cref="Huggingface"/>, where there is one.</summary>
    [NotInRecipe]
    public string? FolderTokenizer => Huggingface is { } folder && File.Exists(Path.Combine(folder.Path, "tokenizer.json")) ? Path.Combine(folder.Path, "tokenizer.json") : null;

    /// <summary>The vocabulary comes along with what the student starts from.</summary>
    [NotInRecipe]
    public bool BringsVocabulary => Gguf is not null || (Huggingface is not null && Tokenizer is not null);
}

/// <summary>Which parts of the teacher the student starts from; a quantized teacher is dequantized.</summary>
public sealed record FromTeacherSettings
{
    /// <summary>Numbers of the layers that stay, from 0.</summary>
    public IReadOnlyList<int> KeepLayers { get; init; } = [];

    /// <summary>How many layers stay: those that change the hidden state most, measured on curated rows. 0: as <see cref="KeepLayers"/> says, or all.</summary>
    public int Layers { get; init; }

    /// <summary>Channels of the hidden state that stay, the most active ones. 0: all.</summary>
    public int Width { get; init; }

    /// <summary>Attention heads that stay, the most active ones (whole groups, where they share keys). 0: all.</summary>
    public int Heads { get; init; }

    /// <summary>Neurons of the feed-forward layer that stay, the most active ones. 0: all.</summary>
    public int FeedForward { get; init; }

    /// <summary>Curated rows on which layers, channels, heads and neurons are measured.</summary>
    public int CalibrationRows { get; init; } = 64;
}

/// <summary>Low-rank adapters (Hu et al., 2021): W + alpha / rank · B · A, with W frozen.</summary>
public sealed record LoraSettings
{
    public int Rank { get; init; } = 8;

    /// <summary>What the product is multiplied by, times the rank.</summary>
    public double Alpha { get; init; } = 16;

    /// <summary>Share of an adapter's inputs that is left out while training.</summary>
    public double Dropout { get; init; }

    /// <summary>Matrices as GGUF names them: <c>attn_q</c>, <c>ffn_up</c>, … Empty: all of attention and feed-forward.</summary>
    public IReadOnlyList<string> Targets { get; init; } = [];

    /// <summary>Number format in which the frozen weights are kept in memory.</summary>
    public Precision Base { get; init; } = Precision.F32;
}

/// <summary>What the student's embedding is before the first step.</summary>
public enum EmbeddingStart
{
    Random,

    /// <summary>The teacher's, projected onto its leading axes: the student starts with the teacher's idea of which words are alike.</summary>
    Teacher,
}

/// <summary>Which vocabulary the student speaks: the teacher's, or one of this size trained on the rows.</summary>
/// <param name="Train">Entries of a byte-level BPE vocabulary to train; 0 takes the teacher's.</param>
/// <param name="Pruned">Only the tokens that the rows use, and what any text needs: fewer rows of embedding and head.</param>
public sealed record VocabularySource(int Train = 0, [property: AddedLater] bool Pruned = false)
{
    public static VocabularySource OfTeacher { get; } = new();

    public bool IsTeacher => Train == 0;

    /// <summary>What a plain word in the recipe means.</summary>
    /// <exception cref="FormatException">Says what is allowed.</exception>
    public static VocabularySource FromText(string text) => text switch
    {
        "teacher" => OfTeacher,
        "pruned" => new(Pruned: true),
        _ => throw new FormatException("is neither 'teacher' nor 'pruned' nor { train: 1024 }"),
    };
}

/// <summary>Number format of the matrix products.</summary>
public enum Precision
{
    F32,
    Bf16,
}

/// <summary>What the student learns from.</summary>
public enum TrainTargets
{
    /// <summary>The teacher's own token ids, and what it thought of them.</summary>
    Trace,

    /// <summary>The teacher's own token ids, and its whole distribution: it reads every batch beside the student, as a torch network.</summary>
    Online,

    /// <summary>
    /// For a student with another vocabulary: what the teacher thought, brought to the student's token ids where both begin a token at the same byte.
    /// </summary>
    Aligned,

    /// <summary>For a student with another vocabulary and the loss <c>uld</c>: the teacher's probabilities by rank, at the same places.</summary>
    Ranked,

    /// <summary>The text alone, tokenized with the student's vocabulary.</summary>
    TextOnly,
}

/// <summary>How several teachers' opinions of one token are weighed.</summary>
public enum EnsembleMix
{
    /// <summary>By the teachers' weights.</summary>
    Fixed,

    /// <summary>By weight · e^(−entropy) at every token: who is sure counts more.</summary>
    Confidence,
}

/// <summary>Steps whose answers the student gives itself.</summary>
/// <param name="Fraction">Share of the steps (λ), above 0 and up to 1.</param>
/// <param name="MaxTokens">Of an answer.</param>
/// <param name="Temperature">Of the student's sampling.</param>
public sealed record OnPolicySettings(double Fraction = 0.5, int MaxTokens = 64, float Temperature = 1);

/// <summary>A column whose rows of one value stay together.</summary>
public enum GroupColumn
{
    None,
    Category,
    Source,
    Author,
    Expected,
}

/// <summary>How rows that only measure are chosen; <c>clusters</c> is all defaults.</summary>
/// <param name="Threshold">Jaccard similarity of word runs from which two rows are one cluster.</param>
/// <param name="Group">Rows of one value of this column are one cluster too.</param>
public sealed record SplitSettings(double Threshold = 0.8, GroupColumn Group = GroupColumn.None)
{
    /// <summary>What a plain word in the recipe means.</summary>
    /// <exception cref="FormatException">Says what is allowed.</exception>
    public static SplitSettings FromText(string text) => text == "clusters" ? new() : throw new FormatException("is neither 'clusters' nor { threshold: 0.8, group: category }");
}

/// <summary>How the student is trained.</summary>
public sealed record TrainSettings
{
    /// <summary>
    /// Components with their weights; empty: 0.7 forward-kl and 0.3 cross-entropy with a teacher, cross-entropy with a dataset.
    /// </summary>
    [Components("loss", "weight", "tokens")]
    public IReadOnlyList<ComponentSetting> Losses { get; init; } = [];

    public TrainTargets Targets { get; init; } = TrainTargets.Trace;

    /// <summary>The student answers a share of the batches itself and learns what the teacher thinks of that (GKD). Empty: none.</summary>
    public OnPolicySettings? OnPolicy { get; init; }

    /// <summary>Where several teachers scored a dataset: what decides how much each counts.</summary>
    [AddedLater]
    public EnsembleMix Ensemble { get; init; }

    /// <summary>Times that each row is seen.</summary>
    public int Epochs { get; init; } = 8;

    public int TokensPerBatch { get; init; } = 2048;

    /// <summary>Tokens that are computed at once, padding included: a step's gradient is gathered from such parts, which takes less memory. 0: the whole step.</summary>
    [AddedLater]
    public int MicroBatch { get; init; }

    /// <summary>Rows lie end to end without padding, each attending to itself alone, and meet by chance instead of by length.</summary>
    [AddedLater]
    public bool Packing { get; init; }

    /// <summary>Layers are computed again on the way back instead of being remembered: less memory for more work, and the same student.</summary>
    [Incidental]
    public bool GradientCheckpointing { get; init; }

    /// <summary>The highest, after the warm-up.</summary>
    public double LearningRate { get; init; } = 2e-3;

    /// <summary>Share of the steps over which the learning rate rises.</summary>
    public double Warmup { get; init; } = 0.05;

    /// <summary>How the learning rate goes after the warm-up: <c>wsd</c> holds it and falls at the end.</summary>
    [AddedLater]
    public RateSchedule Schedule { get; init; } = RateSchedule.Cosine;

    /// <summary>Share of the learning rate that is left at the last step.</summary>
    [AddedLater]
    public double FinalRate { get; init; } = 0.1;

    /// <summary>Share of the steps over which <c>wsd</c> falls.</summary>
    [AddedLater]
    public double Decay { get; init; } = 0.2;

    public double WeightDecay { get; init; } = 0.1;

    /// <summary>Longest gradient, as a norm.</summary>
    public double Clip { get; init; } = 1.0;

    /// <summary>Of the matrix products. Processors without bf16 products (neither AVX512_BF16 nor AMX) train in float32 instead, and say so.</summary>
    public Precision Precision { get; init; } = Precision.Bf16;

    /// <summary>Share of the rows that is kept out to watch the training.</summary>
    public double Validation { get; init; } = 0.02;

    /// <summary>
    /// Those rows are chosen by whole clusters (near-duplicates, answers to one prompt, and rows of one group), so that no side has what the other nearly has. Empty: each row by itself, by a hash of its id.
    /// </summary>
    [AddedLater]
    public SplitSettings? Split { get; init; }

    /// <summary>Steps between measurements of those rows; 0: after each epoch.</summary>
    [AddedLater]
    public int ValidateEvery { get; init; }

    /// <summary>Training ends after so many measurements in a row without a better KL to the teacher (cross-entropy where there is none); 0: never.</summary>
    [AddedLater]
    public int Patience { get; init; }

    /// <summary>Which weights leave: the last, or the best on those rows. Empty: the best where patience is given, else the last.</summary>
    [AddedLater]
    public KeptWeights? Keep { get; init; }

    /// <summary>Decay of a moving average of the weights that is measured and leaves in their place, e.g. 0.999; 0: none.</summary>
    [AddedLater]
    public double Ema { get; init; }

    /// <summary>Steps between checkpoints.</summary>
    [Incidental]
    public int CheckpointEvery { get; init; } = 200;

    /// <summary>CPU threads; 0 chooses.</summary>
    [Incidental]
    public int Threads { get; init; }

    /// <summary><c>auto</c> (a GPU where libtorch sees one), <c>cpu</c>, <c>cuda</c>, <c>cuda:1</c>, …</summary>
    [Incidental]
    public string Device { get; init; } = "auto";
}

/// <summary>What leaves as GGUF.</summary>
public sealed record PackageSettings
{
    /// <summary>Number formats, one file each.</summary>
    public IReadOnlyList<string> Quantize { get; init; } = ["f16", "q8_0"];

    /// <summary>Quantizes all types below eight bits by what curated rows send through each column; <c>iq…</c> types always are.</summary>
    [AddedLater]
    public bool ImportanceMatrix { get; init; }

    /// <summary>Of a student with <c>lora</c>: the adapter as a file of its own beside the merged ones, for llama.cpp's <c>--lora</c>.</summary>
    [AddedLater]
    public bool LoraAdapter { get; init; }
}

/// <summary>What the student is compared with, beside its teacher.</summary>
public enum BaselineKind
{
    None,

    /// <summary>A model of the same size, rows and steps, trained on the teacher's text alone.</summary>
    TeacherText,
}

/// <summary>How the student is compared with its teacher.</summary>
public sealed record EvaluateSettings
{
    [Components("benchmark")]
    public IReadOnlyList<ComponentSetting> Benchmarks { get; init; } = [];

    public BaselineKind Baseline { get; init; } = BaselineKind.None;

    /// <summary>Rows never trained on, for the comparison of distributions.</summary>
    public int HeldOut { get; init; } = 300;

    /// <summary>
    /// Those rows are chosen by whole clusters (near-duplicates, rows of one prompt or of one group), so that none has a near-duplicate among the rows trained on; of a template's, those that have one are left out. Empty: each prompt by itself.
    /// </summary>
    [AddedLater]
    public SplitSettings? Split { get; init; }

    /// <summary>A language model that says whose answers are better, the student's or the teacher's, asked in both orders. Empty: none.</summary>
    [AddedLater]
    public JudgeSettings? Judge { get; init; }

    /// <summary>The same questions once more with typos, in other case, with noise and paraphrased.</summary>
    [AddedLater]
    public RobustnessSettings Robustness { get; init; } = new();
}

/// <summary>How questions are changed to see whether the answers stay.</summary>
public sealed record RobustnessSettings
{
    /// <summary>Questions of each benchmark that are drawn; each is asked once more for each perturbation, by every model. 0: none.</summary>
    public int Questions { get; init; } = 20;

    /// <summary>How they are changed. Empty: in all ways that are known.</summary>
    [Components("perturbation")]
    public IReadOnlyList<ComponentSetting> Perturbations { get; init; } = [];

    /// <summary>A model that says each drawn question in other words; nobody checks that they mean the same. Empty: the file's own paraphrases, else rules.</summary>
    public TeacherSource? By { get; init; }

    /// <summary>The perturbation that <see cref="By"/> is asked for.</summary>
    public const string Paraphrase = "paraphrase";

    /// <summary>Questions are said in other words, too.</summary>
    public bool Paraphrases => Questions > 0 && (Perturbations.Count == 0 || Perturbations.Any(kind => kind.Name == Paraphrase));

    /// <summary>Who does that; null where rules do, or nobody.</summary>
    public TeacherSource? Paraphraser => Paraphrases ? By : null;
}

/// <summary>Who compares answers, and by what.</summary>
public sealed record JudgeSettings
{
    /// <summary>What makes an answer good, e.g. <c>prompts/answer.rubric.yaml</c>.</summary>
    public required RecipeFile Rubric { get; init; }

    /// <summary>The recipe's teacher of this name judges. Empty: its first, who is then a judge in its own cause.</summary>
    public string? Teacher { get; init; }

    /// <summary>A judge that is no teacher of the recipe.</summary>
    public TeacherSource? By { get; init; }

    /// <summary>Questions that are judged, at most; each costs two judgements.</summary>
    public int Questions { get; init; } = 100;
}
