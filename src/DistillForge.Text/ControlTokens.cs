using System.Text;

namespace DistillForge.Text;

/// <summary>Tokens that text is cut at before anything else, with llama.cpp's corrections of what the file says about them.</summary>
sealed class ControlTokens
{
    // llama.cpp v0.5.0 takes these for control tokens by their text, whatever their type in the file.
    static readonly HashSet<string> ByText =
    [
        "<|eot_id|>", "<|im_end|>", "<|end|>", "<|return|>", "<|call|>", "<|flush|>", "<|calls|>", "<end_of_turn>", "<|endoftext|>", "</s>", "<|eom_id|>",
        "<EOT>", "_<EOT>", "[EOT]", "[EOS]", "<|end_of_text|>", "<end_of_utterance>", "<eos>", "<turn|>", "<|tool_response>", "<｜end▁of▁sentence｜>", "[e~[",
        "<|fim_prefix|>", "<fim-prefix>", "<fim_prefix>", "<｜fim▁begin｜>", "<PRE>", "▁<PRE>", "<|code_prefix|>", "<|prefix|>",
        "<|fim_suffix|>", "<fim-suffix>", "<fim_suffix>", "<｜fim▁hole｜>", "<SUF>", "▁<SUF>", "<|code_suffix|>", "<|suffix|>",
        "<|fim_middle|>", "<fim-middle>", "<fim_middle>", "<｜fim▁end｜>", "<MID>", "▁<MID>", "<|code_middle|>", "<|middle|>",
        "<|fim_pad|>", "<fim-pad>", "<fim_pad>", "<PAD>", "[PAD]", "<|fim_repo|>", "<|repo_name|>", "<fim-repo>", "<REPO>", "<reponame>", "<|file_sep|>",
    ];

    // Shown to the user even when control tokens are not.
    static readonly HashSet<string> UserDefinedByText = ["<|channel|>", "<|message|>", "<|start|>", "<|constrain|>"];

    readonly Vocabulary vocabulary;
    readonly List<int> longestFirst = [];

    public ControlTokens(Vocabulary vocabulary)
    {
        this.vocabulary = vocabulary;
        Types = [.. vocabulary.Tokens.Select((token, id) => UserDefinedByText.Contains(token) ? TokenType.UserDefined : ByText.Contains(token) ? TokenType.Control : vocabulary.Types[id])];
        longestFirst.AddRange(Enumerable.Range(0, Types.Length)
            .Where(id => Types[id] is TokenType.Control or TokenType.UserDefined or TokenType.Unknown)
            .OrderByDescending(id => Encoding.UTF8.GetByteCount(vocabulary.Tokens[id])));
    }

    /// <summary>What llama.cpp takes each token for.</summary>
    public TokenType[] Types { get; }

    public bool IsControl(int id) => Types[id] is TokenType.Control or TokenType.Unknown;

    /// <summary>The first control token whose text is part of this one, or null.</summary>
    public string? FindIn(string text)
    {
        foreach (var id in longestFirst)
        {
            if (IsControl(id) && text.Contains(vocabulary.Tokens[id]))
            {
                return vocabulary.Tokens[id];
            }
        }

        return null;
    }

    /// <summary>The longest control token that the text begins with, or null.</summary>
    public int? FindAtStart(string text)
    {
        foreach (var id in longestFirst)
        {
            if (IsControl(id) && text.StartsWith(vocabulary.Tokens[id], StringComparison.Ordinal))
            {
                return id;
            }
        }

        return null;
    }

    /// <summary>Cuts at every token, longest first. With <paramref name="parseSpecial"/> false only at user-defined ones.</summary>
    public List<Piece> Partition(string text, bool parseSpecial)
    {
        List<Piece> pieces = text.Length == 0 ? [] : [new(text, -1)];
        foreach (var id in longestFirst)
        {
            if ((parseSpecial || !IsControl(id)) && text.Contains(vocabulary.Tokens[id]))
            {
                pieces = Cut(pieces, id);
            }
        }

        return pieces;
    }

    List<Piece> Cut(List<Piece> pieces, int id)
    {
        var token = vocabulary.Tokens[id];
        var result = new List<Piece>(pieces.Count);
        foreach (var piece in pieces)
        {
            var start = 0;
            while (piece.Text is { } text && text.IndexOf(token, start, StringComparison.Ordinal) is var found and >= 0)
            {
                AddText(result, text[start..found]);
                result.Add(new(null, id));
                start = found + token.Length;
            }

            if (piece.Text is null)
            {
                result.Add(piece);
            }
            else
            {
                AddText(result, piece.Text[start..]);
            }
        }

        return result;
    }

    static void AddText(List<Piece> pieces, string text)
    {
        if (text.Length > 0)
        {
            pieces.Add(new(text, -1));
        }
    }

    /// <summary>Either text or one token.</summary>
    public readonly record struct Piece(string? Text, int Id);
}
