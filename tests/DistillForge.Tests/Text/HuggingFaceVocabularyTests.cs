using System.Text.Json.Nodes;
using DistillForge.Text;

namespace DistillForge.Tests;

public sealed class HuggingFaceVocabularyTests(Scratch scratch) : IClassFixture<Scratch>
{
    const string Llama3 = """(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|\\p{N}{1,3}| ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+""";

    [Theory]
    [InlineData("""{ "type": "ByteLevel", "add_prefix_space": false, "use_regex": true }""", "gpt-2")]
    [InlineData("""{ "type": "Sequence", "pretokenizers": [{ "type": "Digits", "individual_digits": true }, { "type": "ByteLevel", "add_prefix_space": false, "use_regex": true }] }""", "smollm")]
    [InlineData("{ \"type\": \"Sequence\", \"pretokenizers\": [{ \"type\": \"Split\", \"pattern\": { \"Regex\": \"" + Llama3 + "\" }, \"behavior\": \"Isolated\", \"invert\": false }, { \"type\": \"ByteLevel\", \"add_prefix_space\": false, \"use_regex\": false }] }", "llama-bpe")]
    public void How_text_is_cut_has_the_name_that_llama_cpp_gives_it(string pre, string name)
    {
        var vocabulary = HuggingFaceVocabulary.Read(Write(name, Tokenizer(pre)));

        Assert.Equal(("gpt2", name), (vocabulary.Kind, vocabulary.Pre));
        Assert.Equal(["a", "b", "ab", "<|end|>"], vocabulary.Tokens);
        Assert.Equal([TokenType.Normal, TokenType.Normal, TokenType.Normal, TokenType.Control], vocabulary.Types);
        Assert.Equal(["a b"], vocabulary.Merges);
        Assert.Equal((3, true, "{{ messages }}"), (vocabulary.Eos, vocabulary.AddEos, vocabulary.ChatTemplate));
        Assert.False(vocabulary.AddBos);
    }

    [Theory]
    [InlineData("""{ "type": "ByteLevel", "add_prefix_space": true, "use_regex": true }""", "BPE", "is none that is known here")]
    [InlineData("""{ "type": "Sequence", "pretokenizers": [{ "type": "Split", "pattern": { "Regex": "[a-z]+" }, "behavior": "Isolated", "invert": false }, { "type": "ByteLevel", "add_prefix_space": false, "use_regex": false }] }""", "BPE", "is none that is known here")]
    [InlineData("null", "BPE", "nothing writes ▁ for a space")]
    [InlineData("""{ "type": "ByteLevel", "add_prefix_space": false }""", "Unigram", "is 'Unigram'")]
    public void What_llama_cpp_would_cut_otherwise_is_refused(string pre, string kind, string what)
        => Assert.Contains(what, Assert.Throws<ForgeException>(() => HuggingFaceVocabulary.Read(Write("refused", Tokenizer(pre, kind)))).Message, StringComparison.Ordinal);

    [Theory]
    [InlineData("{")]
    [InlineData("""{ "model": { "type": "BPE" } }""")]
    [InlineData("""{ "model": { "type": "BPE", "vocab": { "a": "0" }, "merges": [] } }""")]
    [InlineData("""{ "model": { "type": "BPE", "vocab": { "a": 2000000000 }, "merges": [] } }""")]
    public void A_broken_file_is_the_users_to_mend(string text)
        => Assert.Equal(2, Assert.Throws<ForgeException>(() => HuggingFaceVocabulary.Read(Write("broken", text))).ExitCode);

    // "ab" + "c" and "a" + "bc" are tokens, and BPE knows one way only: as SentencePiece 'abc' could come about by the other.
    [Theory]
    [InlineData("""[["b", "c"], ["a", "bc"], ["a", "b"]]""", true)]
    [InlineData("""[["a", "b"], ["b", "c"], ["a", "bc"]]""", false)]
    public void Pieces_over_spaces_are_taken_where_both_ways_of_joining_agree(string merges, bool fits)
    {
        var path = Write("pieces", $$"""
            { "normalizer": { "type": "Sequence", "normalizers": [{ "type": "Prepend", "prepend": "▁" }, { "type": "Replace", "pattern": { "String": " " }, "content": "▁" }] }, "pre_tokenizer": null,
              "added_tokens": [{ "id": 0, "content": "<unk>", "special": true }],
              "model": { "type": "BPE", "unk_token": "<unk>", "byte_fallback": true, "vocab": { "<unk>": 0, "<0x0A>": 1, "▁": 2, "a": 3, "b": 4, "c": 5, "ab": 6, "bc": 7, "abc": 8 }, "merges": {{merges}} } }
            """);
        if (!fits)
        {
            Assert.Contains("and as SentencePiece", Assert.Throws<ForgeException>(() => HuggingFaceVocabulary.Read(path)).Message, StringComparison.Ordinal);
            return;
        }

        var vocabulary = HuggingFaceVocabulary.Read(path);
        Assert.Equal(("llama", true), (vocabulary.Kind, vocabulary.AddSpacePrefix));
        Assert.Equal([TokenType.Unknown, TokenType.Byte, TokenType.Normal], vocabulary.Types.Take(3));
        Assert.True(vocabulary.Scores[7] > vocabulary.Scores[8]);
    }

    string Write(string name, string text)
    {
        var folder = Directory.CreateDirectory(Path.Combine(scratch[name])).FullName;
        File.WriteAllText(Path.Combine(folder, "tokenizer.json"), text);
        File.WriteAllText(Path.Combine(folder, "tokenizer_config.json"), """{ "eos_token": { "content": "<|end|>" }, "add_eos_token": true, "chat_template": [{ "name": "default", "template": "{{ messages }}" }] }""");
        return Path.Combine(folder, "tokenizer.json");
    }

    static string Tokenizer(string pre, string kind = "BPE") => new JsonObject
    {
        ["added_tokens"] = new JsonArray(new JsonObject { ["id"] = 3, ["content"] = "<|end|>", ["special"] = true }),
        ["normalizer"] = new JsonObject { ["type"] = "NFC" },
        ["pre_tokenizer"] = JsonNode.Parse(pre),
        ["model"] = new JsonObject { ["type"] = kind, ["vocab"] = new JsonObject { ["a"] = 0, ["b"] = 1, ["ab"] = 2 }, ["merges"] = new JsonArray("a b") },
    }.ToJsonString();
}
