using DistillForge.Models;

namespace DistillForge.Runs.Benches;

/// <summary>The small student that benches train many times.</summary>
static class BenchStudent
{
    /// <param name="longest">The longest sequence that it will read, in tokens.</param>
    public static ModelShape Shape(int vocabulary, int longest) => new()
    {
        Architecture = "llama",
        Layers = 2,
        Width = 64,
        Heads = 4,
        KeyValueHeads = 4,
        HeadSize = 16,
        FeedForward = 192,
        Vocabulary = vocabulary,
        Context = Math.Max(64, longest),
        TiedEmbeddings = true,
    };
}
