using System.Text.Json;
using System.Text.Json.Nodes;
using DistillForge.Llama;
using DistillForge.Models;
using DistillForge.Packaging;
using DistillForge.Text;

namespace DistillForge.Engines.Tests.Packaging;

/// <summary>Our models as others read them: Hugging Face's GGUF parser and tokenizer, by the lock file of <c>tests/npm</c>.</summary>
public sealed class OthersReadTests : IDisposable
{
    static readonly string[] Types = ["f32", "f16", "bf16", "q8_0", "q4_k_m", "iq4_xs"];

    readonly Scratch scratch = new();

    public void Dispose() => scratch.Dispose();

    [NodeFact]
    public async Task Every_file_parses_and_says_the_same_names_types_and_shapes()
    {
        var wide = TinyStudent.Shape with { Width = 256, HeadSize = 64, FeedForward = 256 };
        var export = new StudentExport(TinyStudent.Write(scratch, wide));
        export.Write(scratch["f32.gguf"], GgmlType.F32, new Origin("tiny", "MIT", "teacher", "abc"));
        export.Write(scratch["f16.gguf"], GgmlType.F16, new Origin("tiny", "MIT", "teacher", "abc"));
        export.Write(scratch["bf16.gguf"], GgmlType.BF16, new Origin("tiny", "MIT", "teacher", "abc"));
        foreach (var type in Types.Skip(3))
        {
            await Quantizer.QuantizeAsync(scratch["f32.gguf"], scratch[$"{type}.gguf"], type, CancellationToken.None);
        }

        var read = (await Node.RunAsync(["gguf", .. Types.Select(type => scratch[$"{type}.gguf"])])).ToList();

        Assert.Equal(Types.Length, read.Count);
        foreach (var (type, theirs) in Types.Zip(read))
        {
            using var ours = GgufFile.Open(scratch[$"{type}.gguf"]);
            Assert.Equal("llama", theirs.GetProperty("architecture").GetString());
            Assert.Equal(TinyStudent.Vocabulary.Size, theirs.GetProperty("tokens").GetInt32());
            Assert.Equal(ours.Tensors.Select(tensor => $"{tensor.Name} {tensor.Type} {string.Join('x', tensor.Shape)}"), theirs.GetProperty("tensors").EnumerateArray().Select(tensor => tensor.GetString()));
        }
    }

    [NodeTheory]
    [InlineData("gpt-2")]
    [InlineData("qwen2")]
    [InlineData("llama-bpe")]
    [InlineData("smollm")]
    public async Task The_tokenizer_of_the_Hugging_Face_folder_makes_the_ids_that_training_made(string pre)
    {
        var trained = TinyStudent.Vocabulary;
        var vocabulary = new Vocabulary { Kind = trained.Kind, Pre = pre, Tokens = trained.Tokens, Types = trained.Types, Merges = trained.Merges, Bos = trained.Bos, Eos = trained.Eos, ChatTemplate = trained.ChatTemplate };
        var checkpoint = TinyStudent.Write(scratch);
        vocabulary.Write(Path.Combine(checkpoint, "vocabulary.gguf"));
        Assert.Null(HuggingFaceFolder.Write(checkpoint, scratch["hf"]));
        string[] texts = [.. TinyStudent.Texts, "I'LL don't 1234567", " \n\n  x\r\ny", "a\u00a0b\u200bc", "e\u0301 \U0001F469\u200D\U0001F469"];

        await AssertSame(vocabulary, scratch["hf"], texts);
        var back = Vocabulary.Read(Path.Combine(scratch["hf"], "tokenizer.json"));
        Assert.Equal((vocabulary.Fingerprint, vocabulary.ChatTemplate, vocabulary.AddBos), (back.Fingerprint, back.ChatTemplate, back.AddBos));
        Assert.Equal(["config.json", "generation_config.json", "model.safetensors", "tokenizer.json", "tokenizer_config.json"], Directory.GetFiles(scratch["hf"]).Select(Path.GetFileName).Order(StringComparer.Ordinal));
    }

    // The model's file with another way to cut text: we have no tokenizer of our own for these, llama.cpp has.
    [NodeTheory]
    [InlineData("llama-bpe", """{ "type": "Sequence", "pretokenizers": [{ "type": "Split", "pattern": { "Regex": "(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|\\p{N}{1,3}| ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+" }, "behavior": "Isolated", "invert": false }, { "type": "ByteLevel", "add_prefix_space": false, "trim_offsets": true, "use_regex": false }] }""")]
    [InlineData("smollm", """{ "type": "Sequence", "pretokenizers": [{ "type": "Digits", "individual_digits": true }, { "type": "ByteLevel", "add_prefix_space": false, "trim_offsets": true, "use_regex": true }] }""")]
    public async Task A_tokenizer_json_becomes_a_vocabulary_that_llama_cpp_cuts_alike(string pre, string cut)
    {
        var checkpoint = TinyStudent.Write(scratch);
        Assert.Null(HuggingFaceFolder.Write(checkpoint, scratch["hf"]));
        var file = Path.Combine(scratch["hf"], "tokenizer.json");
        var tokenizer = JsonNode.Parse(await File.ReadAllTextAsync(file))!;
        tokenizer["pre_tokenizer"] = JsonNode.Parse(cut);
        await File.WriteAllTextAsync(file, tokenizer.ToJsonString());
        string[] texts = [.. TinyStudent.Texts, "I'LL don't 1234567", " \n\n  x\r\ny", "a 12 b345c", "e\u0301 \U0001F469\u200D\U0001F469", "naïve 日本語 123"];

        var vocabulary = Vocabulary.Read(file);
        Assert.Equal(pre, vocabulary.Pre);
        Assert.Equal(TinyStudent.Vocabulary.Tokens, vocabulary.Tokens);
        Assert.Equal(TinyStudent.Vocabulary.Eos, vocabulary.Eos);
        await AssertSame(vocabulary, scratch["hf"], texts);
    }

    [NodeSharedFact("models/tinystories-656k/tokenizer.json")]
    public async Task A_real_tokenizer_json_of_pieces_over_spaces_is_cut_alike_in_llama_cpp()
    {
        var folder = SharedFiles.PathOf("models/tinystories-656k");
        var vocabulary = Vocabulary.Read(Path.Combine(folder, "tokenizer.json"));
        Assert.Equal(Vocabulary.Read(Path.Combine(folder, "TinyStories-656K-f32.gguf")).Tokens, vocabulary.Tokens);
        // It has no bytes: llama.cpp ends at a letter that is no token, where Hugging Face says <unk>.
        var letters = vocabulary.Tokens.Where(token => token.Length == 1).Select(token => token[0]).ToHashSet();
        string[] texts = [.. File.ReadLines(SharedFiles.PathOf("data", "soda-chat", "chat_val.txt")).Where(line => line.Length > 0 && line.All(c => c == ' ' || letters.Contains(c))).Take(1500), "two  spaces", " x", "it's a dog."];
        Assert.Equal(1503, texts.Length);
        Assert.Equal((1, 2, 0, true), (vocabulary.Bos, vocabulary.Eos, vocabulary.Unknown, vocabulary.AddBos));
        await AssertSame(vocabulary, folder, texts);
    }

    async Task AssertSame(Vocabulary vocabulary, string folder, string[] texts)
    {
        await File.WriteAllTextAsync(scratch["texts.json"], JsonSerializer.Serialize(texts));
        vocabulary.WriteTokenizer(scratch["tokenizer.gguf"]);
        await using var model = await LlamaModel.OpenAsync(scratch["tokenizer.gguf"], new LlamaOptions(Threads: 1), CancellationToken.None);

        var theirs = await Node.RunAsync(["tokenize", folder, scratch["texts.json"]]);

        Assert.Equal(texts.Length, theirs.Count);
        if (PreTokenizer.Names.Contains(vocabulary.Pre))
        {
            Assert.All(texts, text => Assert.Equal(model.Encode(text, parseSpecial: false), new BpeTokenizer(vocabulary).Encode(text, parseSpecial: false)));
        }

        Assert.Equal(theirs.Select(ids => string.Join(' ', ids.EnumerateArray().Select(id => id.GetInt32()))), texts.Select(text => string.Join(' ', model.Encode(text, parseSpecial: false))));
    }
}
