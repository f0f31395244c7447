using DistillForge.Core;
using DistillForge.Llama;
using DistillForge.Serving;
using DistillForge.Text;

namespace DistillForge.Runs;

/// <summary>A GGUF in its worker as the server sees it.</summary>
/// <param name="model">Stays its owner's.</param>
public sealed class ServedModel(LlamaModel model, string name) : IServedModel
{
    public string Name { get; } = name;

    public string Sha256 => model.Sha256;

    public Vocabulary Tokens => model.Tokens;

    public int Context => model.Context;

    public int[] Prompt(IReadOnlyList<Message> messages) => model.Dialogue.Prompt(messages);

    public Task<int[]> EncodeAsync(string text, CancellationToken cancellationToken) => model.EncodeAsync(text, parseSpecial: true, cancellationToken);

    public Task<Completion> CompleteAsync(IReadOnlyList<int> prompt, Sampling sampling, long seed, CancellationToken cancellationToken) => model.CompleteTokensAsync(prompt, sampling, seed, cancellationToken);

    public Task<Completion> StreamAsync(IReadOnlyList<int> prompt, Sampling sampling, long seed, Action<CompletionPart> onPart, CancellationToken cancellationToken)
        => model.StreamTokensAsync(prompt, sampling, seed, onPart, cancellationToken);

    public Task<TokenTrace> ScoreAsync(TokenSequence tokens, Want want, CancellationToken cancellationToken) => model.ScoreAsync(tokens, want, cancellationToken);
}

/// <summary>Serves a GGUF until it is told to stop.</summary>
public static class Serve
{
    /// <summary>The environment variable that holds the key; it is never an argument, since those are seen by everybody on the machine.</summary>
    public const string KeyVariable = "DISTILLFORGE_SERVE_KEY";

    /// <param name="name">What requests call it; null takes the file's.</param>
    /// <param name="onReady">Told once, when it answers.</param>
    /// <exception cref="ForgeException">The model or the port cannot be had.</exception>
    public static async Task RunAsync(string gguf, string? name, LlamaOptions model, ServeOptions options, Action<string> onReady, Action<Exception> onFault, CancellationToken cancellationToken)
    {
        options.Check();
        await using var opened = await LlamaModel.OpenAsync(gguf, model.Threads > 0 ? model : model with { Threads = Settings.Load().EffectiveThreads }, cancellationToken);
        var served = new ServedModel(opened, name ?? Path.GetFileNameWithoutExtension(gguf));
        await using var server = await ModelServer.StartAsync(served, options, TimeProvider.System, onFault, cancellationToken);
        onReady($"{served.Name} ({opened.Parameters:N0} parameters, {opened.Parallel} sequences side by side, context {opened.Context:N0}) at {server.Address}v1{(options.Key is null ? "" : ", with key")}. Ctrl-C stops.");
        await Task.Delay(Timeout.Infinite, cancellationToken).ContinueWith(static _ => { }, TaskScheduler.Default);
    }
}
