using DistillForge.Core;

namespace DistillForge.Llama;

/// <summary>A GGUF model run by llama.cpp in a worker process, which is restarted when it dies.</summary>
public sealed class LlamaModel : ILanguageModel, IAsyncDisposable
{
    LlamaModel()
    {
    }

    /// <summary>Checks the file, then loads it in a worker.</summary>
    /// <exception cref="ForgeException">Missing, truncated, no GGUF, or of an unsupported architecture (exit code 2); no engine, or another build of it (3).</exception>
    public static Task<LlamaModel> OpenAsync(string gguf, LlamaOptions options, CancellationToken cancellationToken) => throw new NotSupportedException();

    public string Vocabulary => throw new NotSupportedException();

    /// <summary>Of the file; the identity of a teacher.</summary>
    public string Sha256 => throw new NotSupportedException();

    public long Parameters => throw new NotSupportedException();

    /// <summary>Longest sequence in tokens.</summary>
    public int Context => throw new NotSupportedException();

    /// <summary>Sequences decoded side by side.</summary>
    public int Parallel => throw new NotSupportedException();

    /// <summary>What was chosen, for manifests: build, cpu, threads, parallel, context, kv, flash_attention, …</summary>
    public IReadOnlyDictionary<string, string> Settings => throw new NotSupportedException();

    public Task<Completion> CompleteAsync(Prompt prompt, Sampling sampling, CancellationToken cancellationToken) => throw new NotSupportedException();

    public Task<TokenTrace> ScoreAsync(TokenSequence tokens, Want want, CancellationToken cancellationToken) => throw new NotSupportedException();

    public int[] Encode(string text, bool parseSpecial) => throw new NotSupportedException();

    public string Decode(IReadOnlyList<int> ids) => throw new NotSupportedException();

    public Task<Speed> MeasureSpeedAsync(CancellationToken cancellationToken) => throw new NotSupportedException();

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;
}
