using System.Globalization;

namespace DistillForge.Text;

/// <summary>What a token is; the numbers are GGUF's.</summary>
public enum TokenType
{
    Undefined = 0,
    Normal = 1,
    Unknown = 2,
    Control = 3,
    UserDefined = 4,
    Unused = 5,
    Byte = 6,
}

/// <summary>The ordered tokens of a model and everything else that decides which ids a text gets.</summary>
public sealed partial class Vocabulary
{
    string? fingerprint;
    int realSize = -1;

    /// <summary><c>tokenizer.ggml.model</c>: <c>gpt2</c> is byte-level BPE, <c>llama</c> is SentencePiece.</summary>
    public required string Kind { get; init; }

    /// <summary><c>tokenizer.ggml.pre</c>, the way text is cut before BPE, e.g. <c>qwen2</c>; empty where the file names none.</summary>
    public string Pre { get; init; } = "";

    public required IReadOnlyList<string> Tokens { get; init; }

    public required IReadOnlyList<TokenType> Types { get; init; }

    /// <summary>Of a SentencePiece vocabulary, one a token; empty where the file has none.</summary>
    public IReadOnlyList<float> Scores { get; init; } = [];

    /// <summary>Pairs that BPE joins, <c>left right</c>, the first one first.</summary>
    public IReadOnlyList<string> Merges { get; init; } = [];

    public int? Bos { get; init; }

    public int? Eos { get; init; }

    /// <summary>End of turn, where it is another token than <see cref="Eos"/>.</summary>
    public int? Eot { get; init; }

    public int? Unknown { get; init; }

    public int? Padding { get; init; }

    /// <summary>Every sequence begins with <see cref="Bos"/>.</summary>
    public bool AddBos { get; init; }

    public bool AddEos { get; init; }

    /// <summary>Of a SentencePiece vocabulary: a space is put before the text; null where the file does not say.</summary>
    public bool? AddSpacePrefix { get; init; }

    /// <summary>Jinja source, see <see cref="Text.ChatTemplate"/>.</summary>
    public string? ChatTemplate { get; init; }

    /// <summary>Tokens in the file, padding included: the rows of the model's embedding.</summary>
    public int Size => Tokens.Count;

    /// <summary>Tokens without the padding at the end (<c>[PAD123]</c>, unused) that only rounds the matrices up.</summary>
    public int RealSize => realSize >= 0 ? realSize : realSize = CountReal(Tokens, Types);

    /// <summary>SHA-256 over kind, pre-tokenizer, real size, ordered tokens with their types, merges and special ids. Equal fingerprints mean equal ids.</summary>
    public string Fingerprint => fingerprint ??= Hash();

    /// <summary>The text of a token, or the empty string for none.</summary>
    public string TextOf(int? id) => id is { } known && known >= 0 && known < Tokens.Count ? Tokens[known] : "";

    static int CountReal(IReadOnlyList<string> tokens, IReadOnlyList<TokenType> types)
    {
        var size = tokens.Count;
        while (size > 0 && types[size - 1] == TokenType.Unused && tokens[size - 1] == string.Create(CultureInfo.InvariantCulture, $"[PAD{size - 1}]"))
        {
            size--;
        }

        return size;
    }
}
