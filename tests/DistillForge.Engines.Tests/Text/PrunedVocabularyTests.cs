using DistillForge.Llama;
using DistillForge.Text;

namespace DistillForge.Engines.Tests.Text;

/// <summary>A pruned vocabulary in llama.cpp: what the rows say is cut as the whole vocabulary cuts it.</summary>
public sealed class PrunedVocabularyTests(Scratch scratch) : IClassFixture<Scratch>
{
    [SharedTheory("models")]
    [InlineData("models/cardputer-chat-3m/cardputer-chat-3m-q8_0.gguf")]
    [InlineData("models/stories260K/stories260K-f32.gguf")]
    [InlineData("models/tinystories-656k/TinyStories-656K-f32.gguf")]
    public async Task Llama_cpp_cuts_real_text_alike(string gguf)
    {
        List<string> rows = [.. File.ReadLines(SharedFiles.PathOf("data", "soda-chat", "chat_val.txt")).Where(line => line.Length > 0 && line.All(char.IsAscii)).Take(400)];
        await using var whole = await LlamaModel.OpenAsync(SharedFiles.PathOf(gguf), new LlamaOptions(Threads: 1), CancellationToken.None);
        var pruned = whole.Tokens.Prune(rows.Take(200).SelectMany(row => whole.Encode(row, parseSpecial: false)));
        var map = VocabularyMap.Between(whole.Tokens, pruned)!;
        var path = scratch[Path.GetFileName(gguf)];
        pruned.WriteTokenizer(path);
        await using var part = await LlamaModel.OpenAsync(path, new LlamaOptions(Threads: 1), CancellationToken.None);

        // The first half is what was kept for; of the other half those whose tokens happen to be there.
        var compared = 0;
        foreach (var row in rows)
        {
            if (map.Of(whole.Encode(row, parseSpecial: false)) is { } ids)
            {
                Assert.Equal(ids, part.Encode(row, parseSpecial: false));
                compared++;
            }
        }

        Assert.InRange(compared, 200, 400);
        Assert.InRange(pruned.Size, 100, whole.Tokens.Size - 1);
    }
}
