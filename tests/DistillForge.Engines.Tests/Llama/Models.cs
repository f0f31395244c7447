using DistillForge.Llama;

namespace DistillForge.Engines.Tests.Llama;

/// <summary>Real models beside the repository, and how tests open them.</summary>
static class Models
{
    public const string Stories = "models/stories260K/stories260K-f32.gguf";
    public const string Chat = "models/cardputer-chat-3m/cardputer-chat-3m-q8_0.gguf";
    public const string NoByteTokens = "models/tinystories-656k/TinyStories-656K-f32.gguf";

    public static Task<LlamaModel> OpenAsync(string file, LlamaOptions? options = null)
        => LlamaModel.OpenAsync(SharedFiles.PathOf(file), options ?? new LlamaOptions(Threads: 2), CancellationToken.None);
}
