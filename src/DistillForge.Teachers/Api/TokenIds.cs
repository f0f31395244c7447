using System.Text;
using DistillForge.Text;

namespace DistillForge.Teachers;

/// <summary>Finds the id of a token that a server named, by what it stands for.</summary>
sealed class TokenIds
{
    readonly Vocabulary vocabulary;
    // Latin-1: one letter a byte, so that bytes can be looked up as text.
    readonly Dictionary<string, int> byBytes = [];
    readonly Dictionary<string, int> controls = [];

    public TokenIds(Vocabulary vocabulary)
    {
        this.vocabulary = vocabulary;
        // The first of several with the same bytes; a byte token only stands in where no other does.
        foreach (var id in Enumerable.Range(0, vocabulary.RealSize).OrderBy(id => vocabulary.Types[id] == TokenType.Byte))
        {
            var isText = vocabulary.Types[id] is TokenType.Normal or TokenType.Byte or TokenType.UserDefined;
            (isText ? byBytes : controls).TryAdd(Key(vocabulary.BytesOf(id)), id);
        }
    }

    public Vocabulary Vocabulary => vocabulary;

    /// <summary>The id of a piece of text, or −1.</summary>
    public int Find(NamedToken token)
    {
        if (token.Id >= 0 && token.Id < vocabulary.RealSize && (token.Bytes is null || token.Bytes.AsSpan().SequenceEqual(vocabulary.BytesOf(token.Id))))
        {
            return token.Id;
        }

        return token.Bytes is { Length: > 0 } bytes ? byBytes.GetValueOrDefault(Key(bytes), -1) : -1;
    }

    /// <summary>The id of a control token by its name, or −1.</summary>
    public int FindControl(NamedToken token)
        => token.Id >= 0 && token.Id < vocabulary.RealSize && vocabulary.Types[token.Id] == TokenType.Control ? token.Id : controls.GetValueOrDefault(Key(Encoding.UTF8.GetBytes(token.Text)), -1);

    static string Key(ReadOnlySpan<byte> bytes) => Encoding.Latin1.GetString(bytes);
}
