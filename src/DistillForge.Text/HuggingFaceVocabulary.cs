using System.Globalization;
using System.Text.Json;

namespace DistillForge.Text;

/// <summary>
/// The vocabulary of a Hugging Face folder (<c>tokenizer.json</c> and what lies beside it) as a GGUF holds it, where llama.cpp cuts text the
/// same way: byte-level BPE with a pre-tokenizer that both know, and BPE over ▁ as Llama has it. Anything else is an error, not a guess.
/// </summary>
public sealed class HuggingFaceVocabulary
{
    public const string FileName = "tokenizer.json";

    // Larger ones are no tokenizers.
    const long LargestFile = 256L << 20;

    readonly string path;
    readonly JsonElement tokenizer;
    readonly JsonElement model;
    readonly Dictionary<string, JsonElement> beside;

    HuggingFaceVocabulary(string path)
    {
        this.path = path;
        tokenizer = Parse(path);
        model = Of(tokenizer, "model") ?? throw Unfit("model", "is missing.", "Take the tokenizer.json of the model.");
        var folder = Path.GetDirectoryName(Path.GetFullPath(path))!;
        beside = new[] { "tokenizer_config.json", "special_tokens_map.json", "generation_config.json", "config.json" }
            .Where(name => File.Exists(Path.Combine(folder, name))).ToDictionary(name => name, name => Parse(Path.Combine(folder, name)));
        Template = TemplateIn(folder);
    }

    string? Template { get; }

    /// <summary>Files that a vocabulary is read from, those that are there.</summary>
    public static IEnumerable<string> Files(string path) => new[] { FileName, "tokenizer_config.json", "special_tokens_map.json", "generation_config.json", "config.json", "chat_template.jinja" }
        .Select(name => Path.Combine(Path.GetDirectoryName(Path.GetFullPath(path))!, name)).Where(File.Exists);

    /// <param name="path">A <c>tokenizer.json</c>.</param>
    /// <exception cref="ForgeException">Broken, or of a kind that llama.cpp would cut otherwise: which part.</exception>
    public static Vocabulary Read(string path)
    {
        try
        {
            return new HuggingFaceVocabulary(path).Build();
        }
        catch (Exception error) when (error is JsonException or InvalidOperationException or FormatException or KeyNotFoundException)
        {
            throw new ForgeException(new Problem(path, $"is no tokenizer.json that can be read: {error.Message}", "Save the tokenizer again with Hugging Face's tokenizers."), inner: error);
        }
    }

    Vocabulary Build()
    {
        if (Text(model, "type") is not (null or "BPE"))
        {
            throw Unfit("model.type", $"is '{Text(model, "type")}'.", "Only BPE is converted here. Name a GGUF with the vocabulary, 'tokenizer: path'.");
        }

        foreach (var key in new[] { "continuing_subword_prefix", "end_of_word_suffix" })
        {
            if (Text(model, key) is { Length: > 0 } mark)
            {
                throw Unfit($"model.{key}", $"is '{mark}', which llama.cpp does not have.", "Name a GGUF with the vocabulary, 'tokenizer: path'.");
            }
        }

        var (tokens, types) = Tokens();
        string[] merges = [.. model.GetProperty("merges").EnumerateArray().Select(Merge)];
        int? Id(string text) => Array.IndexOf(tokens, text) is >= 0 and var id ? id : null;
        int? Special(string name, string idName) => SpecialText(name) is { } text ? Id(text) : SpecialId(idName, tokens.Length);
        var isLlama = PreTokenizers().All(step => Text(step, "type") is "Metaspace");
        var vocabulary = new Vocabulary
        {
            Kind = isLlama ? "llama" : "gpt2",
            Pre = isLlama ? "" : ByteLevelPre(),
            Tokens = tokens,
            Types = types,
            Merges = isLlama ? [] : merges,
            Scores = isLlama ? Scores(tokens, types, merges) : [],
            Bos = Special("bos_token", "bos_token_id"),
            Eos = Special("eos_token", "eos_token_id"),
            Unknown = Special("unk_token", "unk_token_id") ?? (Text(model, "unk_token") is { } unknown ? Id(unknown) : null),
            Padding = Special("pad_token", "pad_token_id"),
            AddBos = Adds("bos", first: true),
            AddEos = Adds("eos", first: false),
            AddSpacePrefix = isLlama ? PrependsSpace() : null,
            ChatTemplate = Template,
        };
        if (isLlama)
        {
            LlamaPieces.Check(vocabulary, merges, problem => Unfit("model.merges", problem, "Name a GGUF with the vocabulary, 'tokenizer: path'."));
        }

        return vocabulary;
    }

    (string[] Tokens, TokenType[] Types) Tokens()
    {
        var ids = model.GetProperty("vocab").EnumerateObject().Select(entry => (Text: entry.Name, Id: entry.Value.GetInt32())).ToList();
        var added = Of(tokenizer, "added_tokens")?.EnumerateArray().Select(entry => (Text: entry.GetProperty("content").GetString()!, Id: entry.GetProperty("id").GetInt32(), IsSpecial: Of(entry, "special")?.GetBoolean() ?? false)).ToList() ?? [];
        var count = 1 + ids.Select(entry => entry.Id).Concat(added.Select(entry => entry.Id)).DefaultIfEmpty(-1).Max();
        if (count is < 1 or > 1 << 22 || ids.Any(entry => entry.Id < 0) || added.Any(entry => entry.Id < 0))
        {
            throw Unfit("model.vocab", $"has {ids.Count} tokens with ids up to {count - 1}.", "Ids are 0, 1, 2, ….");
        }

        // Holes are what a file of llama.cpp calls padding.
        string[] tokens = [.. Enumerable.Range(0, count).Select(id => string.Create(CultureInfo.InvariantCulture, $"[PAD{id}]"))];
        TokenType[] types = [.. Enumerable.Repeat(TokenType.Unused, count)];
        var bytes = Of(model, "byte_fallback")?.GetBoolean() ?? false;
        foreach (var (text, id) in ids)
        {
            (tokens[id], types[id]) = (text, text == Text(model, "unk_token") ? TokenType.Unknown : bytes && IsByte(text) ? TokenType.Byte : TokenType.Normal);
        }

        foreach (var (text, id, isSpecial) in added)
        {
            (tokens[id], types[id]) = (text, types[id] == TokenType.Unknown ? TokenType.Unknown : isSpecial ? TokenType.Control : TokenType.UserDefined);
        }

        return tokens.Distinct(StringComparer.Ordinal).Count() == count ? (tokens, types) : throw Unfit("added_tokens", "have the text of another token.", "Each token's text is its own.");
    }

    static bool IsByte(string text) => text.Length == 6 && text.StartsWith("<0x", StringComparison.Ordinal) && text[5] == '>' && char.IsAsciiHexDigitUpper(text[3]) && char.IsAsciiHexDigitUpper(text[4]);

    static string Merge(JsonElement merge) => merge.ValueKind == JsonValueKind.String ? merge.GetString()! : $"{merge[0].GetString()} {merge[1].GetString()}";

    // The steps in their order, a sequence written out.
    List<JsonElement> PreTokenizers() => Of(tokenizer, "pre_tokenizer") is not { } step ? []
        : Text(step, "type") == "Sequence" ? [.. step.GetProperty("pretokenizers").EnumerateArray()] : [step];

    List<JsonElement> Normalizers() => Of(tokenizer, "normalizer") is not { } step ? []
        : Text(step, "type") == "Sequence" ? [.. step.GetProperty("normalizers").EnumerateArray()] : [step];

    // llama.cpp normalizes nothing; NFC is what nearly all text is in anyway, and what its own converter passes over.
    string ByteLevelPre()
    {
        if (Normalizers().Find(step => Text(step, "type") is not "NFC") is { ValueKind: JsonValueKind.Object } normalizer)
        {
            throw Unfit("normalizer", $"is '{Text(normalizer, "type")}', which llama.cpp does not do.", "Name a GGUF with the vocabulary, 'tokenizer: path'.");
        }

        return KnownPreTokenizers.NameOf(PreTokenizers()) ?? throw Unfit("pre_tokenizer", $"is none that is known here: {Of(tokenizer, "pre_tokenizer")}", $"Known: {string.Join(", ", KnownPreTokenizers.Names)}. Name a GGUF with the vocabulary, 'tokenizer: path'.");
    }

    // Who is joined first has the higher score; what no merge makes is never joined to.
    static float[] Scores(string[] tokens, TokenType[] types, string[] merges)
    {
        var ranks = new Dictionary<string, int>(StringComparer.Ordinal);
        for (var rank = 0; rank < merges.Length; rank++)
        {
            ranks.TryAdd(merges[rank].Remove(merges[rank].IndexOf(' ', 1), 1), rank);
        }

        return [.. tokens.Select((token, id) => types[id] == TokenType.Normal && ranks.TryGetValue(token, out var rank) ? -rank : -1e9f)];
    }

    bool PrependsSpace()
    {
        var normalizers = Normalizers();
        if (normalizers.Any(step => Text(step, "type") is not ("Prepend" or "Replace" or "NFC")))
        {
            throw Unfit("normalizer", "has a step that llama.cpp does not do.", "Prepend and Replace of a space by ▁ are known. Name a GGUF with the vocabulary, 'tokenizer: path'.");
        }

        var spaces = PreTokenizers();
        if (spaces.Count == 0 && !normalizers.Any(step => Text(step, "type") == "Replace" && Text(step, "content") == "▁" && Of(step, "pattern") is { } pattern && Text(pattern, "String") == " "))
        {
            throw Unfit("pre_tokenizer", "is missing, and nothing writes ▁ for a space.", "Byte-level BPE and BPE over ▁ are known. Name a GGUF with the vocabulary, 'tokenizer: path'.");
        }

        return normalizers.Any(step => Text(step, "type") == "Prepend" && Text(step, "prepend") == "▁")
            || spaces.Any(step => Text(step, "prepend_scheme") is "always" or "first" || (Text(step, "prepend_scheme") is null && (Of(step, "add_prefix_space")?.GetBoolean() ?? true)));
    }

    // As tokenizer_config says, else as the post-processor does it.
    bool Adds(string which, bool first)
    {
        if (Config("tokenizer_config.json", $"add_{which}_token") is { ValueKind: JsonValueKind.True or JsonValueKind.False } said)
        {
            return said.GetBoolean();
        }

        var steps = Of(tokenizer, "post_processor") is not { } step ? [] : Text(step, "type") == "Sequence" ? step.GetProperty("processors").EnumerateArray().ToList() : [step];
        var template = steps.Find(one => Text(one, "type") == "TemplateProcessing");
        return SpecialText($"{which}_token") is { } text && template.ValueKind == JsonValueKind.Object && template.GetProperty("single") is var single && single.GetArrayLength() > 0
            && Of(single[first ? 0 : single.GetArrayLength() - 1], "SpecialToken") is { } token && Text(token, "id") == text;
    }

    string? SpecialText(string name) => new[] { "tokenizer_config.json", "special_tokens_map.json" }
        .Select(file => Config(file, name) is { } value ? value.ValueKind == JsonValueKind.String ? value.GetString() : Text(value, "content") : null).FirstOrDefault(text => text is not null);

    int? SpecialId(string name, int count) => new[] { "generation_config.json", "config.json" }
        .Select(file => Config(file, name) is { } value ? value.ValueKind == JsonValueKind.Array && value.GetArrayLength() > 0 ? value[0] : value : default)
        .Where(value => value.ValueKind == JsonValueKind.Number).Select(value => (int?)value.GetInt32()).FirstOrDefault(id => id >= 0 && id < count);

    string? TemplateIn(string folder)
    {
        var file = Path.Combine(folder, "chat_template.jinja");
        return File.Exists(file) ? File.ReadAllText(file)
            : Config("tokenizer_config.json", "chat_template") is not { } template ? null
            : template.ValueKind == JsonValueKind.String ? template.GetString()
            : template.EnumerateArray().Where(entry => Text(entry, "name") == "default").Select(entry => Text(entry, "template")).FirstOrDefault();
    }

    JsonElement? Config(string file, string key) => beside.TryGetValue(file, out var root) ? Of(root, key) : null;

    static JsonElement? Of(JsonElement element, string key)
        => element.ValueKind == JsonValueKind.Object && element.TryGetProperty(key, out var value) && value.ValueKind != JsonValueKind.Null ? value : null;

    static string? Text(JsonElement element, string key) => Of(element, key) is { ValueKind: JsonValueKind.String } value ? value.GetString() : null;

    static JsonElement Parse(string path)
    {
        OutsideFile.Require(path);
        if (new FileInfo(path).Length > LargestFile)
        {
            throw new ForgeException(new Problem(path, $"has {new FileInfo(path).Length:N0} bytes.", "That is no tokenizer."));
        }

        using var document = JsonDocument.Parse(File.ReadAllBytes(path));
        return document.RootElement.Clone();
    }

    ForgeException Unfit(string where, string what, string instead) => new(new Problem($"{path}: {where}", what, instead));
}
