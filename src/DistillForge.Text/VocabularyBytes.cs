using System.Globalization;
using System.Text;

namespace DistillForge.Text;

public sealed partial class Vocabulary
{
    /// <summary>What a token stands for: the bytes of its text, or of its own name for a control token.</summary>
    public byte[] BytesOf(int id) => Types[id] switch
    {
        TokenType.Control or TokenType.UserDefined or TokenType.Unknown or TokenType.Unused => Encoding.UTF8.GetBytes(Tokens[id]),
        TokenType.Byte when TryByte(Tokens[id], out var value) => [value],
        _ when Kind == "gpt2" => Spelled(Tokens[id]),
        _ => Encoding.UTF8.GetBytes(Tokens[id].Replace('▁', ' ')),
    };

    // <0x0A> of a SentencePiece vocabulary
    static bool TryByte(string token, out byte value)
    {
        value = 0;
        return token.Length == 6 && token.StartsWith("<0x", StringComparison.Ordinal) && token[5] == '>' && byte.TryParse(token.AsSpan(3, 2), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out value);
    }

    // A foreign file may spell a token with letters that stand for no byte: they are shown as they are.
    static byte[] Spelled(string token) => [.. token.SelectMany(letter => ByteAlphabet.Byte(letter) is var value and >= 0 ? [(byte)value] : Encoding.UTF8.GetBytes(letter.ToString()))];
}
