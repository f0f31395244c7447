using DistillForge.Llama;
using DistillForge.Models;
using DistillForge.Text;

namespace DistillForge.Engines.Tests.Llama;

/// <summary>Models for tests: real ones beside the repository, and a tiny one with random weights that is made on the spot.</summary>
static class Models
{
    public const string Stories = "models/stories260K/stories260K-f32.gguf";
    public const string Chat = "models/cardputer-chat-3m/cardputer-chat-3m-q8_0.gguf";
    public const string NoByteTokens = "models/tinystories-656k/TinyStories-656K-f32.gguf";

    static readonly string[] Corpus = ["dim the bedroom lamp to 30 percent", "turn on the kitchen light", "größer, 日本語 and 🙂", "  two  spaces\n\nand\ttabs ", "it's 12:34 o'clock"];

    /// <summary>Float32, exact: whatever is compared differs by rounding alone.</summary>
    public static LlamaOptions Exact { get; } = new(Threads: 2, Parallel: 8, Exact: true);

    public static Task<LlamaModel> OpenAsync(string file, LlamaOptions? options = null)
        => LlamaModel.OpenAsync(SharedFiles.PathOf(file), options ?? new LlamaOptions(Threads: 2), CancellationToken.None);

    public static async Task<LlamaModel> OpenTinyAsync(Scratch scratch, LlamaOptions? options = null)
        => await LlamaModel.OpenAsync(WriteTiny(scratch["tiny.gguf"]), options ?? Exact, CancellationToken.None);

    /// <summary>Two layers, 300 tokens, a context of 128, weights that make some tokens much likelier than others.</summary>
    public static string WriteTiny(string path)
    {
        return Write(path, BpeTrainer.Train([.. Corpus, .. Corpus], 300));
    }

    static string Write(string path, Vocabulary vocabulary)
    {
        var shape = new ModelShape { Architecture = "llama", Layers = 2, Width = 64, Heads = 4, KeyValueHeads = 2, HeadSize = 16, FeedForward = 96, Vocabulary = vocabulary.Size, Context = 128, TiedEmbeddings = true };
        var metadata = GgufShape.Write(shape);
        metadata.AddAll(vocabulary.ToGguf());
        var random = new Random(7);
        GgufWriter.Write(path, metadata, [.. TensorNames.Llama(shape).Select(tensor => GgufTensorSource.Of(tensor.Gguf, tensor.GgufShape, Weights(tensor, random)))]);
        return path;
    }

    /// <summary>A SentencePiece vocabulary of a few letters: llama.cpp throws on any other one, which ends its process.</summary>
    public static string WriteWithoutByteTokens(string path)
    {
        string[] tokens = ["<unk>", "<s>", "</s>", "▁", "a", "b", "c", "n", "u", "f"];
        var vocabulary = new Vocabulary { Kind = "llama", Tokens = tokens, Types = [TokenType.Unknown, TokenType.Control, TokenType.Control, .. tokens.Skip(3).Select(_ => TokenType.Normal)], Scores = [.. tokens.Select((_, id) => (float)-id)], Unknown = 0, Bos = 1, Eos = 2 };
        return Write(path, vocabulary);
    }

    public static Prompt Prompt(string text, long seed = 0) => new($"row-{seed}", [Message.User(text)], seed);

    static float[] Weights(NamedTensor tensor, Random random)
        => [.. Enumerable.Range(0, (int)tensor.ElementCount).Select(_ => tensor.IsVector ? 1 : Normal(random) / MathF.Sqrt(tensor.Columns) * (tensor.Gguf == "token_embd.weight" ? 2 : 1.2f))];

    static float Normal(Random random) => MathF.Sqrt(-2 * MathF.Log(1 - random.NextSingle())) * MathF.Cos(2 * MathF.PI * random.NextSingle());
}
