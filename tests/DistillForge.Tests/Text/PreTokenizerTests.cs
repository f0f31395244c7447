using System.Text;
using DistillForge.Text;

namespace DistillForge.Tests;

public class PreTokenizerTests
{
    [Theory]
    [InlineData("dim it to 30%", "dim| it| to| |3|0|%")]
    [InlineData("I'LL go, they're", "I|'LL| go|,| they|'re")]
    [InlineData("{\"action\":\"set_x\"}", "{\"|action|\":\"|set|_x|\"}")]
    [InlineData("a  b   ", "a| | b|   ")]
    [InlineData("x \n\n y!\n\nz", "x| \n\n| y|!\n\n|z")]
    [InlineData("日本 語", "日本| 語")]
    [InlineData("", "")]
    public void Qwen2_cuts_single_digits_and_letters_with_one_leading_sign(string text, string pieces)
        => Assert.Equal(pieces, string.Join('|', PreTokenizer.For("qwen2").Split(text)));

    [Theory]
    [InlineData("dim it to 30%", "dim| it| to| 30|%")]
    [InlineData("I'LL go, they're", "I|'|LL| go|,| they|'re")]
    [InlineData("a  b   ", "a| | b|   ")]
    [InlineData("x \n\n y!\n\nz", "x| \n\n| y|!|\n|\n|z")]
    public void Gpt2_keeps_numbers_together_and_knows_small_contractions_only(string text, string pieces)
        => Assert.Equal(pieces, string.Join('|', PreTokenizer.For("gpt-2").Split(text)));

    [Theory]
    [InlineData("qwen2")]
    [InlineData("gpt-2")]
    public void Pieces_add_up_to_the_text(string name)
    {
        var chance = new Random(3);
        for (var i = 0; i < 500; i++)
        {
            var text = string.Concat(Enumerable.Range(0, 20).Select(_ => (char)chance.Next(chance.Next(2) == 0 ? 128 : 0xd800)));

            Assert.Equal(text, string.Concat(PreTokenizer.For(name).Split(text)));
        }
    }

    [Fact]
    public void An_unknown_one_is_refused_by_name()
        => Assert.Contains("'llama-bpe'", Assert.Throws<ForgeException>(() => PreTokenizer.For("llama-bpe")).Message);

    // The expected value was made from unicode-data.cpp of llama.cpp v0.5.0: one letter a code point.
    [Fact]
    public void Classes_of_all_code_points_are_those_of_llama_cpp()
    {
        var classes = Enumerable.Range(0, 0x110000).Select(code => !Rune.IsValid(code) ? (byte)'-' : LetterClasses.Of(new Rune(code)) switch
        {
            LetterClass.Space => (byte)'s',
            LetterClass.Letter => (byte)'l',
            LetterClass.Number => (byte)'n',
            _ => (byte)'o',
        }).ToArray();

        Assert.Equal("2e9f4ea08a11f27d93747f802de43b0c4a524aae6c8c4c82fe29d6688e2ad045", Sha256.OfBytes(classes));
    }
}
