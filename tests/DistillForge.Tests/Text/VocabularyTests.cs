using DistillForge.Models;
using DistillForge.Text;

namespace DistillForge.Tests;

public sealed class VocabularyTests : IDisposable
{
    readonly string folder = Directory.CreateTempSubdirectory("forge-vocabulary-").FullName;

    static Vocabulary Trained => BpeTrainer.Train(["low lower lowest", "low"], 270);

    public void Dispose() => Directory.Delete(folder, recursive: true);

    [Fact]
    public void A_vocabulary_comes_back_from_its_file_as_it_was()
    {
        var path = Path.Combine(folder, "vocabulary.gguf");
        var written = Trained;
        written.Write(path);

        var read = Vocabulary.Read(path);

        Assert.Equal(written.Fingerprint, read.Fingerprint);
        Assert.Equal(written.Tokens, read.Tokens);
        Assert.Equal(written.Types, read.Types);
        Assert.Equal(written.Merges, read.Merges);
        Assert.Equal((written.Bos, written.Eos, written.AddBos, written.ChatTemplate), (read.Bos, read.Eos, read.AddBos, read.ChatTemplate));
    }

    [Theory]
    [InlineData("tokenizer.ggml.pre")]
    [InlineData("tokenizer.ggml.eos_token_id")]
    [InlineData("tokenizer.ggml.tokens")]
    [InlineData("tokenizer.ggml.merges")]
    [InlineData("tokenizer.ggml.token_type")]
    public void Another_vocabulary_has_another_fingerprint(string key)
    {
        var metadata = Trained.ToGguf();
        metadata[key] = key switch
        {
            "tokenizer.ggml.pre" => GgufValue.Of("gpt-2"),
            "tokenizer.ggml.eos_token_id" => GgufValue.Of(0u),
            "tokenizer.ggml.token_type" => GgufValue.Of(Enumerable.Repeat(1, Trained.Size).ToArray()),
            "tokenizer.ggml.tokens" => GgufValue.Of(Trained.Tokens.Select((token, id) => id == 7 ? "changed" : token).ToArray()),
            _ => GgufValue.Of(Trained.Merges.Reverse().ToArray()),
        };

        Assert.NotEqual(Trained.Fingerprint, Vocabulary.FromGguf(metadata).Fingerprint);
    }

    [Fact]
    public void Padding_at_the_end_does_not_change_the_fingerprint()
    {
        var metadata = Trained.ToGguf();
        var padded = Enumerable.Range(Trained.Size, 5).Select(id => $"[PAD{id}]");
        metadata["tokenizer.ggml.tokens"] = GgufValue.Of(Trained.Tokens.Concat(padded).ToArray());
        metadata["tokenizer.ggml.token_type"] = GgufValue.Of(Trained.Types.Select(type => (int)type).Concat(Enumerable.Repeat(5, 5)).ToArray());

        var vocabulary = Vocabulary.FromGguf(metadata);

        Assert.Equal((Trained.Size + 5, Trained.Size), (vocabulary.Size, vocabulary.RealSize));
        Assert.Equal(Trained.Fingerprint, vocabulary.Fingerprint);
    }

    public static TheoryData<string, GgufValue, string> Malformed => new()
    {
        { "tokenizer.ggml.token_type", GgufValue.Of([1, 1]), "has 2 entries for 2" },
        { "tokenizer.ggml.scores", GgufValue.Of([1f]), "has 1 entries for 2" },
        { "tokenizer.ggml.merges", GgufValue.Of(["ab"]), "no pair" },
        { "tokenizer.ggml.merges", GgufValue.Of(["a b c"]), "no pair" },
        { "tokenizer.ggml.merges", GgufValue.Of([" a"]), "no pair" },
        { "tokenizer.ggml.merges", GgufValue.Of(["a "]), "no pair" },
        { "tokenizer.ggml.merges", GgufValue.Of([""]), "no pair" },
        { "tokenizer.ggml.eos_token_id", GgufValue.Of(100_000u), "is 100000, but there are 2" },
        { "tokenizer.ggml.tokens", GgufValue.Of(["a", "b", "a"]), "the same text for tokens 0 and 2" },
        { "tokenizer.ggml.tokens", GgufValue.Of(Array.Empty<string>()), "is empty" },
        { "tokenizer.ggml.model", GgufValue.Of(3u), "must be String" },
    };

    [Theory]
    [MemberData(nameof(Malformed))]
    public void A_malformed_field_is_named(string key, GgufValue value, string what)
    {
        var metadata = Trained.ToGguf();
        metadata[key] = value;

        var error = Assert.Throws<GgufException>(() => Vocabulary.FromGguf(metadata));

        Assert.Contains(key, error.Message);
        Assert.Contains(what, error.Message);
    }

    [Fact]
    public void A_file_without_merges_is_refused()
    {
        var metadata = Trained.ToGguf();
        metadata.Remove("tokenizer.ggml.merges");

        Assert.Contains("tokenizer.ggml.merges", Assert.Throws<GgufException>(() => Vocabulary.FromGguf(metadata)).Message);
    }

    [SharedFact("models/cardputer-chat-3m/cardputer-chat-3m-q8_0.gguf")]
    public void The_cardputer_vocabulary_has_its_documented_size_and_end()
    {
        var vocabulary = Vocabulary.Read(SharedFiles.PathOf("models", "cardputer-chat-3m", "cardputer-chat-3m-q8_0.gguf"));

        Assert.Equal((14_019, "gpt-2", "<|endoftext|>"), (vocabulary.Size, vocabulary.Pre, vocabulary.TextOf(vocabulary.Eos)));
    }

    [SharedFact("models/stories260K/stories260K-f32.gguf")]
    public void A_sentencepiece_vocabulary_keeps_its_scores()
    {
        var vocabulary = Vocabulary.Read(SharedFiles.PathOf("models", "stories260K", "stories260K-f32.gguf"));

        Assert.Equal(("llama", 512, 512, 1, 2), (vocabulary.Kind, vocabulary.Size, vocabulary.Scores.Count, vocabulary.Bos, vocabulary.Eos));
        Assert.Equal(vocabulary.Fingerprint, Vocabulary.FromGguf(vocabulary.ToGguf()).Fingerprint);
    }
}
