using System.Text;

namespace DistillForge.Text;

/// <summary>GPT-2's printable letter for each byte, so that a token is a readable string whatever its bytes.</summary>
static class ByteAlphabet
{
    static readonly char[] Letters = Build();
    static readonly short[] Bytes = Invert();

    /// <summary>The 256 letters in the order that GPT-2 numbers them: the printable ones first.</summary>
    public static IEnumerable<char> InOrder => Letters.OrderBy(letter => letter);

    public static char Letter(byte value) => Letters[value];

    /// <returns>The byte, or −1 where the letter stands for none.</returns>
    public static int Byte(char letter) => letter < Bytes.Length ? Bytes[letter] : -1;

    /// <summary>The letters of a text's UTF-8 bytes; an unpaired surrogate becomes U+FFFD, as everywhere.</summary>
    public static string Spell(ReadOnlySpan<char> text)
    {
        var bytes = new byte[Encoding.UTF8.GetMaxByteCount(text.Length)];
        var count = Encoding.UTF8.GetBytes(text, bytes);
        return string.Create(count, bytes, (letters, source) =>
        {
            for (var i = 0; i < letters.Length; i++)
            {
                letters[i] = Letters[source[i]];
            }
        });
    }

    static char[] Build()
    {
        var letters = new char[256];
        var next = 256;
        for (var value = 0; value < 256; value++)
        {
            letters[value] = value is (>= '!' and <= '~') or (>= 0xa1 and <= 0xac) or >= 0xae ? (char)value : (char)next++;
        }

        return letters;
    }

    static short[] Invert()
    {
        var bytes = new short[Letters.Max() + 1];
        Array.Fill(bytes, (short)-1);
        for (var value = 0; value < 256; value++)
        {
            bytes[Letters[value]] = (short)value;
        }

        return bytes;
    }
}
