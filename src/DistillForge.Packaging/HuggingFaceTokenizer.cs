using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using DistillForge.Text;

namespace DistillForge.Packaging;

/// <summary>A byte-level BPE vocabulary as Hugging Face's <c>tokenizer.json</c> and <c>tokenizer_config.json</c>.</summary>
public static class HuggingFaceTokenizer
{
    static readonly JsonSerializerOptions Json = new() { WriteIndented = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>We know how to say it: a byte-level BPE whose pieces are cut as GPT-2, Qwen2, Llama 3 or SmolLM cut them.</summary>
    public static bool Knows(Vocabulary vocabulary) => vocabulary.Kind == "gpt2" && KnownPreTokenizers.Names.Contains(vocabulary.Pre);

    /// <summary><c>tokenizer.json</c>.</summary>
    public static string Tokenizer(Vocabulary vocabulary)
    {
        var special = Enumerable.Range(0, vocabulary.Size).Where(id => vocabulary.Types[id] is TokenType.Control or TokenType.UserDefined).ToList();
        var added = special.Select(id => (JsonNode)new JsonObject
        {
            ["id"] = id,
            ["content"] = vocabulary.Tokens[id],
            ["single_word"] = false,
            ["lstrip"] = false,
            ["rstrip"] = false,
            ["normalized"] = false,
            ["special"] = vocabulary.Types[id] == TokenType.Control,
        });
        var ids = new JsonObject();
        for (var id = 0; id < vocabulary.Size; id++)
        {
            ids[vocabulary.Tokens[id]] = id;
        }

        var bytes = new JsonObject { ["type"] = "ByteLevel", ["add_prefix_space"] = false, ["trim_offsets"] = false, ["use_regex"] = false };
        return new JsonObject
        {
            ["version"] = "1.0",
            ["truncation"] = null,
            ["padding"] = null,
            ["added_tokens"] = new JsonArray([.. added]),
            ["normalizer"] = null,
            ["pre_tokenizer"] = KnownPreTokenizers.Write(vocabulary.Pre),
            ["post_processor"] = bytes,
            ["decoder"] = bytes.DeepClone(),
            ["model"] = new JsonObject
            {
                ["type"] = "BPE",
                ["dropout"] = null,
                ["unk_token"] = null,
                ["continuing_subword_prefix"] = null,
                ["end_of_word_suffix"] = null,
                ["fuse_unk"] = false,
                ["byte_fallback"] = false,
                ["ignore_merges"] = vocabulary.Pre == "llama-bpe",
                ["vocab"] = ids,
                ["merges"] = new JsonArray([.. vocabulary.Merges.Select(merge => (JsonNode)new JsonArray([.. merge.Split(' ').Select(part => (JsonNode)part)]))]),
            },
        }.ToJsonString(Json) + "\n";
    }

    /// <summary><c>tokenizer_config.json</c>, the chat template in it.</summary>
    /// <param name="context">Tokens.</param>
    public static string Config(Vocabulary vocabulary, int context)
    {
        var config = new JsonObject { ["tokenizer_class"] = "PreTrainedTokenizerFast", ["model_max_length"] = context, ["add_bos_token"] = vocabulary.AddBos, ["clean_up_tokenization_spaces"] = false };
        foreach (var (name, id) in new[] { ("bos_token", vocabulary.Bos), ("eos_token", vocabulary.Eos), ("unk_token", vocabulary.Unknown), ("pad_token", vocabulary.Padding) })
        {
            if (vocabulary.TextOf(id) is { Length: > 0 } text)
            {
                config[name] = text;
            }
        }

        if (vocabulary.ChatTemplate is { } template)
        {
            config["chat_template"] = template;
        }

        return config.ToJsonString(Json) + "\n";
    }
}
