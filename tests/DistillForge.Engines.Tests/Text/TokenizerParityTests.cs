using System.Text;
using DistillForge.Llama;
using DistillForge.Text;

namespace DistillForge.Engines.Tests.Text;

/// <summary>Our token ids against llama.cpp's, one by one: training and every trace rest on it.</summary>
public sealed class TokenizerParityTests : IDisposable
{
    // What breaks tokenizers: contractions, digits, scripts, marks, emoji, white space of every kind, control text whole and in parts.
    static readonly string[] Pieces =
    [
        "<|end|>", "<|user|>", "<|endoftext|>", "<|end", "|>", "<|im_end|>", "'s", "'S", "'re", "'LL", "'d", "'", "''", " ", "  ", "   ", "\n", "\n\n", "\r\n", "\t", " \n", " \n ",
        "\u00a0", "\u3000", "\u0085", "1", "123", "٣", "½", "Ⅷ", "a", "B", "hello", "World", "é", "e\u0301", "日本", "🎉", "👨‍👩‍👧", "!", "...", "?!", "{\"action\":\"dim\"}", "_x", "ǅ", "ß",
        "\u200b", "\ufeff", "\0", "\u001f", "İ", "ſ", "K", "𝟘", "\U000105C0", "\U00010D40", "ๆ", "्", "क", " dim the", " lamp", " to 30 percent",
    ];

    readonly string folder = Directory.CreateTempSubdirectory("forge-parity-").FullName;

    public void Dispose() => Directory.Delete(folder, recursive: true);

    [Theory]
    [InlineData("qwen2")]
    [InlineData("gpt-2")]
    public async Task A_vocabulary_that_we_trained_gives_the_ids_of_llama_cpp(string pre)
    {
        var vocabulary = BpeTrainer.Train(Corpus(), 1024, pre);
        var path = Path.Combine(folder, "tiny.gguf");
        vocabulary.WriteTokenizer(path);
        await using var model = await LlamaModel.OpenAsync(path, new LlamaOptions(Threads: 1), CancellationToken.None);

        Assert.Equal(vocabulary.Fingerprint, model.Vocabulary);
        AssertSameIds(model, vocabulary, Texts(600));
    }

    [SharedFact(Llama.Models.Chat)]
    public async Task A_foreign_vocabulary_with_missing_merge_results_gives_the_ids_of_llama_cpp()
    {
        await using var model = await Llama.Models.OpenAsync(Llama.Models.Chat);
        var dialogues = File.ReadLines(SharedFiles.PathOf("data", "soda-chat", "chat_val.txt")).Take(300);

        AssertSameIds(model, model.Tokens, [.. dialogues, .. Texts(600)]);
    }

    static void AssertSameIds(LlamaModel model, Vocabulary vocabulary, IReadOnlyList<string> texts)
    {
        var ours = new BpeTokenizer(vocabulary);
        Assert.True(texts.Count >= 600);
        foreach (var text in texts)
        {
            Assert.Equal(model.Encode(text, parseSpecial: false), ours.Encode(text, parseSpecial: false));
            Assert.Equal(model.Encode(text, parseSpecial: true), ours.Encode(text, parseSpecial: true));
        }
    }

    static List<string> Texts(int count)
    {
        var chance = new Random(5);
        var texts = new List<string> { "", new('a', 5000), string.Concat(Enumerable.Repeat("ab", 2000)) };
        while (texts.Count < count)
        {
            var mixed = texts.Count % 3 > 0;
            texts.Add(string.Concat(Enumerable.Range(0, chance.Next(1, 20)).Select(_ => mixed ? Pieces[chance.Next(Pieces.Length)] : AnyRune(chance).ToString())));
        }

        return texts;
    }

    static Rune AnyRune(Random chance)
    {
        while (true)
        {
            var code = chance.Next(4) switch { 0 => chance.Next(128), 1 => chance.Next(0x3000), 2 => chance.Next(0x10000), _ => chance.Next(0x110000) };
            if (Rune.TryCreate(code, out var rune))
            {
                return rune;
            }
        }
    }

    static IEnumerable<string> Corpus()
    {
        string[] rooms = ["kitchen", "bedroom", "living room"], verbs = ["turn on", "dim", "switch off", "don't touch"];
        foreach (var (room, verb, value) in from room in rooms from verb in verbs from value in Enumerable.Range(0, 101) select (room, verb, value))
        {
            yield return $"please {verb} the {room} lamp to {value} percent, it's dark";
            yield return $"{{\"action\":\"set_brightness\",\"target\":\"{room.Replace(' ', '_')}.lamp\",\"value\":{value},\"delay_s\":{60 * value}}}";
            yield return $"hello World's 日本 🎉 {value}\n\n";
        }
    }
}
