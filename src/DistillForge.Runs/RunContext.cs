using DistillForge.Core;
using DistillForge.Data;
using DistillForge.Llama;

namespace DistillForge.Runs;

/// <summary>What the stages of one run share.</summary>
sealed class RunContext(Recipe recipe, RunFolder folder, Settings settings, IProgressLog progress, TimeProvider clock)
{
    public static string Version { get; } = typeof(RunContext).Assembly.GetName().Version!.ToString(3);

    public Recipe Recipe { get; } = recipe;

    public RunFolder Folder { get; } = folder;

    public Settings Settings { get; } = settings;

    public IProgressLog Progress { get; } = progress;

    public TimeProvider Clock { get; } = clock;

    public FileHashes Hashes { get; } = new(folder.In("manifests/hashes.json"));

    /// <summary>The recipe trains on answers that exist; nobody is asked.</summary>
    public bool HasTeacher => Recipe.Teacher is not null;

    public TeacherSource Teacher => Recipe.Teacher ?? throw new InvalidOperationException("This recipe has no teacher");

    /// <summary>The teacher's weights.</summary>
    public string TeacherGguf => Teacher.Gguf?.Path ?? throw new InvalidOperationException("This recipe's teacher is an API");

    /// <summary>How the teacher's file is named in reports.</summary>
    public string TeacherName => Path.GetFileNameWithoutExtension(TeacherGguf);

    public string TeacherSha256 => Hashes.Of(TeacherGguf);

    public string Gguf(string type) => Folder.In($"{Recipe.Name}-{type}.gguf");

    /// <summary>The teacher as it answers: the fast way.</summary>
    public Task<LlamaModel> OpenTeacherAsync(CancellationToken cancellationToken)
        => OpenAsync(TeacherGguf, new LlamaOptions(Teacher.Threads > 0 ? Teacher.Threads : Settings.EffectiveThreads, Teacher.Parallel, Teacher.Context), cancellationToken);

    /// <summary>Any GGUF as it is compared: the exact way (F32 KV cache, no flash attention).</summary>
    /// <param name="beside">How many models work at the same time: llama.cpp's threads wait actively, so together they must not outnumber the cores.</param>
    public Task<LlamaModel> OpenExactAsync(string gguf, int beside, CancellationToken cancellationToken)
        => OpenAsync(gguf, new LlamaOptions(Math.Max(1, Settings.EffectiveThreads / beside), Exact: true), cancellationToken);

    public Task<LlamaModel> OpenFastAsync(string gguf, CancellationToken cancellationToken)
        => OpenAsync(gguf, new LlamaOptions(Settings.EffectiveThreads), cancellationToken);

    static Task<LlamaModel> OpenAsync(string gguf, LlamaOptions options, CancellationToken cancellationToken)
        => LlamaModel.OpenAsync(gguf, options, cancellationToken);
}
