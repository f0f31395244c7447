using DistillForge.Core;
using DistillForge.Data;
using DistillForge.Llama;
using DistillForge.Models;
using DistillForge.Teachers;
using DistillForge.Text;

namespace DistillForge.Runs.Stages;

/// <summary>A teacher of the recipe that is open and can be asked.</summary>
sealed class ReadyTeacher : IAsyncDisposable
{
    ReadyTeacher(ITeacher teacher, LlamaModel? model, ITokenizer? tokenizer) => (Teacher, Model, Tokenizer) = (teacher, model, tokenizer);

    public ITeacher Teacher { get; }

    /// <summary>Where it is on this machine.</summary>
    public LlamaModel? Model { get; }

    /// <summary>Of its traces; null for a teacher without.</summary>
    public ITokenizer? Tokenizer { get; }

    /// <summary>What was chosen, for the manifest.</summary>
    public IReadOnlyDictionary<string, string> Settings => Model?.Settings ?? new Dictionary<string, string>();

    public static Task<ReadyTeacher> OpenAsync(RunContext run, TeacherSource source, BudgetMeter? budget, CancellationToken cancellationToken)
        => OpenAsync(run, source, null, budget, cancellationToken);

    /// <param name="judging">How it is asked where it judges; null: as the recipe's prompts are. Judgements have a place of their own in the run, and are not kept twice.</param>
    public static async Task<ReadyTeacher> OpenAsync(RunContext run, TeacherSource source, Sampling? judging, BudgetMeter? budget, CancellationToken cancellationToken)
    {
        if (source.Gguf is null)
        {
            return OpenApi(run, source, judging, budget);
        }

        var model = await run.OpenTeacherAsync(source, cancellationToken);
        var generate = run.Recipe.Generate;
        var fit = generate.Overflow == Overflow.Truncate ? new ContextFit(model.Dialogue, model.Context, generate.MaxTokens) : null;
        var (license, terms) = run.TermsOf(source);
        var options = new LocalTeacher.Options(source.DisplayName, run.IdentityOf(source), license, terms, model.Dialogue.Template.Fingerprint, model.Parallel * 2, fit is null ? null : fit.Apply);
        return new ReadyTeacher(new LocalTeacher(options, model, judging ?? generate.ToSampling(), budget), model, model);
    }

    public async ValueTask DisposeAsync()
    {
        (Teacher as IDisposable)?.Dispose();
        if (Model is not null)
        {
            await Model.DisposeAsync();
        }
    }

    static ReadyTeacher OpenApi(RunContext run, TeacherSource source, Sampling? judging, BudgetMeter? budget)
    {
        var vocabulary = source.Tokenizer is { } gguf ? Read(gguf.Path) : null;
        var tokenizer = vocabulary is null ? null : new BpeTokenizer(vocabulary);
        var teacher = new ApiTeacher(judging is null ? ApiOptions.Of(run, source) : ApiOptions.Of(run, source) with { Sampling = tokenizer is null ? judging with { Capture = null } : judging, CacheFolder = null, Reasoning = ReasoningText.Drop }, Keys.Default, run.Clock, budget, PriceTable.Load(), vocabulary is null ? null : new Dialogue(vocabulary, tokenizer!), run.Progress);
        return new ReadyTeacher(teacher, null, tokenizer);
    }

    static Vocabulary Read(string gguf)
    {
        using var file = GgufFile.Open(gguf);
        return Vocabulary.FromGguf(file);
    }
}

/// <summary>A recipe's API teacher as <see cref="ApiTeacher"/> takes it.</summary>
static class ApiOptions
{
    public static ApiTeacherOptions Of(RunContext run, TeacherSource source)
    {
        var plain = new ApiTeacherOptions { Model = source.Model!, Endpoints = [] };
        var total = source.TimeoutS is { } seconds ? TimeSpan.FromSeconds(seconds) : plain.TotalTimeout;
        return plain with
        {
            Endpoints = [.. source.Endpoints.Prepend(source.Api!).Select(address => new ApiEndpoint(new Uri(address), source.KeyEnv))],
            Author = source.DisplayName,
            License = run.TermsOf(source).License,
            Terms = run.TermsOf(source).Terms,
            Sampling = run.Recipe.Generate.ToSampling(),
            Limits = new ApiLimits(source.RequestsPerMinute ?? 0, source.TokensPerMinute ?? 0, source.MaxConcurrency ?? plain.Limits.MaxConcurrency),
            TotalTimeout = total,
            AttemptTimeout = total < plain.AttemptTimeout ? total : plain.AttemptTimeout,
            CacheFolder = Path.Combine(Path.GetDirectoryName(run.Folder.Path)!, ".answers"),
            // The treatment in the recipe is ours to apply: the server's thoughts come as text before the answer.
            Reasoning = run.Recipe.Generate.Reasoning == ReasoningTreatment.Drop ? ReasoningText.Drop : ReasoningText.Keep,
            Seed = run.Recipe.Seed,
        };
    }
}
