using DistillForge.Models;
using DistillForge.Text;
using DistillForge.Training;

namespace DistillForge.Engines.Tests.Training;

/// <summary>A student that trains in a blink, with everything in it that a large one has: shared keys, several layers, a vocabulary.</summary>
static class Small
{
    public static ModelShape Shape { get; } = new()
    {
        Architecture = "llama",
        Layers = 2,
        Width = 32,
        Heads = 4,
        KeyValueHeads = 2,
        HeadSize = 8,
        FeedForward = 48,
        Vocabulary = 61,
        Context = 64,
        TiedEmbeddings = true,
    };

    /// <summary>The same size, of another architecture.</summary>
    public static ModelShape Of(string architecture) => Shape with { Architecture = architecture, KeyValueHeads = architecture == "gpt2" ? Shape.Heads : Shape.KeyValueHeads };

    /// <summary>Larger weights than a fresh network's, so that nothing is near zero.</summary>
    public static Network Network(long seed = 1, ModelShape? shape = null)
    {
        var network = TrainingCatalog.Architectures.Create((shape ?? Shape).Architecture, options: null).Build(shape ?? Shape, seed, CPU);
        using var quiet = no_grad();
        foreach (var weight in network.Weights.Where(weight => weight.Decays))
        {
            weight.Value.mul_(2);
        }

        return network;
    }

    /// <summary>Byte-sized tokens; the last is the end of sequence.</summary>
    public static Vocabulary Vocabulary { get; } = new()
    {
        Kind = "gpt2",
        Pre = "gpt-2",
        Tokens = [.. Enumerable.Range(0, 60).Select(i => $"{(char)('!' + i)}"), "<|end|>"],
        Types = [.. Enumerable.Repeat(TokenType.Normal, 60), TokenType.Control],
        Eos = 60,
        ChatTemplate = "{% for message in messages %}{{ message['content'] }}{% endfor %}",
    };

    /// <summary>Counting: the answer to a, b is c, d, … a few more of the same stride, and the end.</summary>
    public static TokenTrace[] Counting(int rows, Random random) =>
    [
        .. Enumerable.Range(0, rows).Select(i =>
        {
            var (start, stride) = (random.Next(20), 1 + random.Next(4));
            int[] tokens = [.. Enumerable.Range(0, 5 + random.Next(6)).Select(k => start + k * stride), 60];
            return Some.Tokens($"row {i}", tokens, 2) with { Vocabulary = Vocabulary.Fingerprint };
        }),
    ];
}
