using System.Globalization;
using DistillForge.Models;

namespace DistillForge.Text;

public sealed partial class Vocabulary
{
    const string Prefix = "tokenizer.ggml.";

    // llama.cpp v0.5.0 adds BOS for these when the file does not say.
    static readonly HashSet<string> PreWithBos = ["llama3", "llama-v3", "llama-bpe", "falcon3", "falcon-h1", "pixtral", "midm-2.0", "lfm2", "jina-v5-nano", "tekken", "chameleon"];

    /// <summary>The vocabulary in a model file, in a metadata-only <c>vocabulary.gguf</c>, or in a <c>tokenizer.json</c>.</summary>
    /// <exception cref="GgufException">A count does not fit another, or something is malformed: which field.</exception>
    public static Vocabulary Read(string path)
    {
        if (path.EndsWith(".json", StringComparison.OrdinalIgnoreCase))
        {
            return HuggingFaceVocabulary.Read(path);
        }

        using var file = GgufFile.Open(path);
        return FromGguf(file.Metadata);
    }

    /// <inheritdoc cref="Read"/>
    public static Vocabulary FromGguf(GgufFile file) => FromGguf(file.Metadata);

    /// <inheritdoc cref="Read"/>
    public static Vocabulary FromGguf(GgufMetadata metadata)
    {
        var kind = metadata.RequiredText(Prefix + "model");
        var pre = metadata.Text(Prefix + "pre") ?? "";
        var tokens = TokensOf(metadata);
        int? Id(string name, int? otherwise = null) => SpecialOf(metadata, name, tokens.Length) ?? (otherwise < tokens.Length ? otherwise : null);
        var isSentencePiece = kind == "llama";
        return new Vocabulary
        {
            Kind = kind,
            Pre = pre,
            Tokens = tokens,
            Types = TypesOf(metadata, tokens.Length),
            Scores = ScoresOf(metadata, tokens.Length),
            Merges = MergesOf(metadata, required: kind == "gpt2"),
            // SentencePiece files that name none mean these.
            Bos = Id("bos_token_id", isSentencePiece ? 1 : null),
            Eos = Id("eos_token_id", isSentencePiece ? 2 : null),
            Unknown = Id("unknown_token_id", isSentencePiece ? 0 : null),
            Eot = Id("eot_token_id"),
            Padding = Id("padding_token_id"),
            AddBos = metadata.Flag(Prefix + "add_bos_token") ?? (isSentencePiece || (kind == "gpt2" && PreWithBos.Contains(pre))),
            AddEos = metadata.Flag(Prefix + "add_eos_token") ?? false,
            AddSpacePrefix = metadata.Flag(Prefix + "add_space_prefix"),
            ChatTemplate = metadata.Text("tokenizer.chat_template"),
        };
    }

    /// <summary>The <c>tokenizer.*</c> keys of a model file.</summary>
    public GgufMetadata ToGguf()
    {
        var metadata = new GgufMetadata
        {
            { Prefix + "model", GgufValue.Of(Kind) },
            { Prefix + "tokens", GgufValue.Of(Tokens.ToArray()) },
            { Prefix + "token_type", GgufValue.Of(Types.Select(type => (int)type).ToArray()) },
            { Prefix + "add_bos_token", GgufValue.Of(AddBos) },
            { Prefix + "add_eos_token", GgufValue.Of(AddEos) },
        };
        void Add(bool there, string key, Func<GgufValue> value)
        {
            if (there)
            {
                metadata.Add(key, value());
            }
        }

        Add(Pre.Length > 0, Prefix + "pre", () => GgufValue.Of(Pre));
        Add(Scores.Count > 0, Prefix + "scores", () => GgufValue.Of(Scores.ToArray()));
        Add(Merges.Count > 0 || Kind == "gpt2", Prefix + "merges", () => GgufValue.Of(Merges.ToArray()));
        foreach (var (name, id) in ((string, int?)[])[("bos", Bos), ("eos", Eos), ("eot", Eot), ("unknown", Unknown), ("padding", Padding)])
        {
            Add(id is not null, $"{Prefix}{name}_token_id", () => GgufValue.Of((uint)id!.Value));
        }

        Add(AddSpacePrefix is not null, Prefix + "add_space_prefix", () => GgufValue.Of(AddSpacePrefix!.Value));
        Add(ChatTemplate is not null, "tokenizer.chat_template", () => GgufValue.Of(ChatTemplate!));
        return metadata;
    }

    /// <summary>Writes a metadata-only GGUF file, the form in which a vocabulary travels.</summary>
    public void Write(string path)
    {
        var metadata = new GgufMetadata { { "general.architecture", GgufValue.Of("llama") } };
        metadata.AddAll(ToGguf());
        GgufWriter.Write(path, metadata, []);
    }

    /// <summary>Writes a GGUF of one layer of zeros, which llama.cpp loads for its tokenizer alone.</summary>
    public void WriteTokenizer(string path)
    {
        var shape = new ModelShape { Architecture = "llama", Layers = 1, Width = 32, Heads = 2, KeyValueHeads = 2, HeadSize = 16, FeedForward = 32, Vocabulary = Size, Context = 64, TiedEmbeddings = true };
        var metadata = GgufShape.Write(shape);
        metadata.AddAll(ToGguf());
        GgufWriter.Write(path, metadata, [.. TensorNames.Llama(shape).Select(tensor => GgufTensorSource.Of(tensor.Gguf, tensor.GgufShape, new float[tensor.ElementCount]))]);
    }

    static string[] TokensOf(GgufMetadata metadata)
    {
        const string Key = Prefix + "tokens";
        var tokens = metadata.RequiredTexts(Key).ToArray();
        if (tokens.Length == 0)
        {
            throw metadata.Unfit(Key, "is empty.");
        }

        var seen = new Dictionary<string, int>(tokens.Length);
        for (var id = 0; id < tokens.Length; id++)
        {
            // llama.cpp's own name for a token without text.
            tokens[id] = tokens[id].Length > 0 ? tokens[id] : string.Create(CultureInfo.InvariantCulture, $"[EMPTY_{id}]");
            if (!seen.TryAdd(tokens[id], id))
            {
                throw metadata.Unfit(Key, $"has the same text for tokens {seen[tokens[id]]} and {id}.");
            }
        }

        return tokens;
    }

    static TokenType[] TypesOf(GgufMetadata metadata, int count)
    {
        const string Key = Prefix + "token_type";
        if (metadata.Int32s(Key) is not { } types)
        {
            return [.. Enumerable.Repeat(TokenType.Normal, count)];
        }

        return types.Length == count
            ? Array.ConvertAll(types, type => type is >= 0 and <= (int)TokenType.Byte ? (TokenType)type : TokenType.Undefined)
            : throw metadata.Unfit(Key, $"has {types.Length} entries for {count} tokens.");
    }

    static float[] ScoresOf(GgufMetadata metadata, int count)
    {
        const string Key = Prefix + "scores";
        var scores = metadata.Float32s(Key) ?? [];
        return scores.Length == 0 || scores.Length == count ? scores : throw metadata.Unfit(Key, $"has {scores.Length} entries for {count} tokens.");
    }

    static string[] MergesOf(GgufMetadata metadata, bool required)
    {
        const string Key = Prefix + "merges";
        var merges = required ? metadata.RequiredTexts(Key) : metadata.Texts(Key) ?? [];
        for (var rank = 0; rank < merges.Length; rank++)
        {
            var space = merges[rank].Length > 2 ? merges[rank].IndexOf(' ', 1) : -1;
            if (space < 0 || space == merges[rank].Length - 1 || merges[rank].LastIndexOf(' ') != space || merges[rank][0] == ' ')
            {
                throw metadata.Unfit($"{Key}[{rank}]", "is no pair of two parts with a space between them.");
            }
        }

        return merges;
    }

    static int? SpecialOf(GgufMetadata metadata, string name, int count)
        => metadata.UInt32(Prefix + name) is not { } id ? null
            : id < count ? (int)id
            : throw metadata.Unfit(Prefix + name, $"is {id}, but there are {count} tokens.");
}
