using DistillForge.Core;
using DistillForge.Data;
using DistillForge.Llama;
using DistillForge.Runs.Judging;
using DistillForge.Runs.Stages;

namespace DistillForge.Runs;

/// <summary>What the stages of one run share.</summary>
sealed class RunContext(Recipe recipe, RunFolder folder, Settings settings, IProgressLog progress, TimeProvider clock)
{
    TermsInForce? terms;

    public static string Version { get; } = typeof(RunContext).Assembly.GetName().Version!.ToString(3);

    public Recipe Recipe { get; } = recipe;

    /// <summary>The same run by another recipe.</summary>
    public RunContext With(Recipe other) => new(other, Folder, Settings, Progress, Clock);

    public RunFolder Folder { get; } = folder;

    public Settings Settings { get; } = settings;

    public IProgressLog Progress { get; } = progress;

    public TimeProvider Clock { get; } = clock;

    public FileHashes Hashes { get; } = new(folder.In("manifests/hashes.json"));

    /// <summary>Everybody who answers; the first is whom the student is compared with.</summary>
    public IReadOnlyList<TeacherSource> Teachers => Recipe.AllTeachers;

    /// <summary>Everybody whom the run may ask anything: teachers, judges, and who says test questions in other words.</summary>
    public IEnumerable<TeacherSource> Asked => [.. Teachers, .. NamedJudge.Of(this).Select(judge => judge.Source), .. Recipe.Evaluate.Robustness.Paraphraser is { } by ? [by] : Array.Empty<TeacherSource>()];

    public bool HasTeacher => Teachers.Count > 0;

    /// <summary>Prompts are asked.</summary>
    public bool Asks => HasTeacher && Recipe.Dataset is null;

    /// <summary>Answers that exist are read by a teacher, who says what it thinks of them.</summary>
    public bool Scores => HasTeacher && Recipe.Dataset is not null;

    /// <summary>The student learns from what a teacher thought, not from the text alone.</summary>
    public bool LearnsFromTraces => HasTeacher && Recipe.Train.Targets is TrainTargets.Trace or TrainTargets.Online;

    /// <summary>The student's tokens are its own, and what the teacher thought is brought to them.</summary>
    public bool AlignsTraces => HasTeacher && Recipe.Train.Targets is TrainTargets.Aligned or TrainTargets.Ranked;

    /// <summary>The first, whom the student is compared with.</summary>
    public TeacherSource Teacher => HasTeacher ? Teachers[0] : throw new InvalidOperationException("This recipe has no teacher");

    /// <summary>The first teacher's weights, where they are on this machine.</summary>
    public string? LocalTeacher => HasTeacher ? Teacher.Gguf?.Path : null;

    public string TeacherGguf => LocalTeacher ?? throw new InvalidOperationException("This recipe's teacher is an API");

    /// <summary>A GGUF with the teacher's vocabulary, where there is one.</summary>
    public string? VocabularyGguf => HasTeacher ? (Teacher.Gguf ?? Teacher.Tokenizer)?.Path : null;

    /// <summary>The GGUF (or <c>tokenizer.json</c>) that the student's vocabulary comes from; null when it is trained on the rows.</summary>
    public string? StudentVocabularyGguf => Recipe.Student.Gguf?.Path ?? Recipe.Student.Tokenizer?.Path ?? (Recipe.Student.Vocabulary.IsTeacher ? VocabularyGguf ?? Recipe.Student.FolderTokenizer : null);

    /// <summary>The student has only those tokens that the rows use, <see cref="Text.VocabularyMap"/>.</summary>
    public bool PrunesVocabulary => Recipe.Student.Vocabulary.Pruned;

    /// <summary>From the vocabulary that the student's was cut out of; null where it is whole.</summary>
    public Text.VocabularyMap? PrunedVocabulary() => !PrunesVocabulary ? null
        : Text.VocabularyMap.Between(Text.Vocabulary.Read(StudentVocabularyGguf!), Text.Vocabulary.Read(Folder.In("vocabulary.gguf"))) ?? throw new InvalidOperationException("vocabulary.gguf is no part of what it was cut out of");

    /// <summary>Student and teacher mean the same by a token id, once the tokens are mapped that a pruned vocabulary keeps.</summary>
    public bool SharesVocabulary => LocalTeacher is { } teacher && StudentVocabularyGguf is { } student
        && (student == teacher || Text.Vocabulary.Read(student).Fingerprint == Text.Vocabulary.Read(teacher).Fingerprint);

    /// <summary>How the teachers are named in reports.</summary>
    public string TeacherName => string.Join(", ", Teachers.Select(teacher => teacher.DisplayName));

    /// <summary>Who answers, for the row id: the hash of the weights, or address and model.</summary>
    public string IdentityOf(TeacherSource teacher) => teacher.Gguf is not { } gguf ? ApiIdentity.Of(teacher)
        : teacher.Lora is not { } lora ? Hashes.Of(gguf.Path)
        : Sha256.OfText($"{Hashes.Of(gguf.Path)} with LoRA {Hashes.Of(lora.Path)}");

    /// <summary>Under which terms the rows are.</summary>
    public TermsInForce Terms => terms ??= new TermsInForce(TermsRegister.For(Recipe.Path), Teachers.ToDictionary(teacher => teacher.DisplayName, SignsOf), Recipe.Override);

    /// <summary>The terms of a teacher or judge, and by which sign it is known: the register's, with what the recipe says of license and terms.</summary>
    public (TeacherTerms Terms, string? By) TermsFor(TeacherSource teacher)
        => Terms.Register.Of(SignsOf(teacher)) is var (terms, by) ? (terms with { License = teacher.License ?? terms.License, Terms = teacher.Terms ?? terms.Terms }, by) : default;

    TeacherSigns SignsOf(TeacherSource teacher) => TermsInForce.SignsOf(teacher, teacher.Gguf is { } gguf ? Hashes.Of(gguf.Path) : null);

    /// <summary>What the recipe says of a teacher's license and terms, or else the register.</summary>
    public (string? License, string? Terms) TermsOf(TeacherSource teacher)
        => TermsFor(teacher).Terms is var terms ? (terms.License, terms.Terms) : default;

    /// <summary>Where a part's traces lie: beside its answers, or with the scorer that read them.</summary>
    /// <param name="part">Folder within the run folder; empty for the run's own rows.</param>
    public string TracesOf(string part) => Path.Combine(Scores ? ScoresOf(part) : Folder.In(part), "traces");

    /// <summary>Every teacher reads the same rows, and the student learns from all.</summary>
    public bool IsEnsemble => Scores && Teachers.Count > 1;

    /// <summary>What the first teacher says.</summary>
    public string ScoresOf(string part) => ScoresOf(part, Teacher);

    /// <summary>What one scorer says with one capture; another capture has a folder of its own, so nothing that was scored is lost.</summary>
    public string ScoresOf(string part, TeacherSource teacher)
        => Path.Combine(Folder.In(part), "scores", $"{IdentityOf(teacher)[..12]}-{Sha256.OfText(SamplingText.OfCapture(Recipe.Generate.ToCapture()))[..8]}");

    public string Gguf(string type) => Folder.In($"{Recipe.Name}-{type}.gguf");

    /// <summary>A teacher as it answers: the fast way, unless the recipe wants it exact.</summary>
    public Task<LlamaModel> OpenTeacherAsync(TeacherSource teacher, CancellationToken cancellationToken)
        => OpenAsync(teacher.Gguf!.Path, new LlamaOptions(teacher.Threads > 0 ? teacher.Threads : Settings.EffectiveThreads, teacher.Parallel, teacher.Context, IsExact(teacher), Lora: teacher.Lora?.Path), cancellationToken);

    /// <summary>One conversation at a time, so that the same recipe gives the same rows.</summary>
    public bool IsExact(TeacherSource teacher) => teacher.Exact || Recipe.Generate.Exact;

    /// <summary>The teacher as it reads what others wrote: the exact way.</summary>
    public Task<LlamaModel> OpenScorerAsync(TeacherSource teacher, CancellationToken cancellationToken)
        => OpenAsync(teacher.Gguf!.Path, new LlamaOptions(teacher.Threads > 0 ? teacher.Threads : Settings.EffectiveThreads, teacher.Parallel, teacher.Context, Exact: true, Lora: teacher.Lora?.Path), cancellationToken);

    /// <summary>Any GGUF as it is compared: the exact way (F32 KV cache, no flash attention).</summary>
    /// <param name="beside">How many models work at the same time: llama.cpp's threads wait actively, so together they must not outnumber the cores.</param>
    public Task<LlamaModel> OpenExactAsync(string gguf, int beside, CancellationToken cancellationToken)
        => OpenAsync(gguf, new LlamaOptions(Math.Max(1, Settings.EffectiveThreads / beside), Exact: true, Lora: LoraOf(gguf)), cancellationToken);

    public Task<LlamaModel> OpenFastAsync(string gguf, CancellationToken cancellationToken)
        => OpenAsync(gguf, new LlamaOptions(Settings.EffectiveThreads, Lora: LoraOf(gguf)), cancellationToken);

    // The teacher is compared as it answered.
    string? LoraOf(string gguf) => gguf == LocalTeacher ? Teacher.Lora?.Path : null;

    static Task<LlamaModel> OpenAsync(string gguf, LlamaOptions options, CancellationToken cancellationToken)
        => LlamaModel.OpenAsync(gguf, options, cancellationToken);
}
