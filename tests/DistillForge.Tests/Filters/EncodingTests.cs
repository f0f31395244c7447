using DistillForge.Filters;
using Some = DistillForge.Tests.Data.Some;

namespace DistillForge.Tests.Filters;

public sealed class EncodingTests
{
    [Theory]
    [InlineData("Plain text,\twith a tab\r\nand lines", null)]
    [InlineData("Žluťoučký kůň, Straße, œuvre, ¿qué?, «où», “quoted” – dashed…", null)]
    [InlineData("日本語 中文 한국어 العربية עברית हिन्दी ไทย", null)]
    [InlineData("👩\u200d👩\u200d👧 and 🏴󠁧󠁢󠁥󠁮󠁧󠁿 and ❤️", null)]
    [InlineData("می\u200cخواهم", null)]
    [InlineData("\ufeffa mark of byte order at the start", null)]
    [InlineData("RÉSUMÉ\u00a0» et À\u00a0: « Ô »", null)]
    [InlineData("NÃO SÃO MAÇÃS", null)]
    [InlineData("perché sarà”…", null)]
    [InlineData("lost \ufffd character", "replacement-character")]
    [InlineData("a \0 in it", "control-character")]
    [InlineData("\u001b[31mred", "control-character")]
    [InlineData("next\u0085line", "control-character")]
    [InlineData("user\u202etxt.exe", "bidi-control")]
    [InlineData("a \u2066b\u2069", "bidi-control")]
    [InlineData("pass\u200bword", "invisible-character")]
    [InlineData("pass\u200dword", "invisible-character")]
    [InlineData("in the \ufeff middle", "invisible-character")]
    [InlineData("tag \U000e0041\U000e0042", "invisible-character")]
    [InlineData("smuggled x\U000e0101", "invisible-character")]
    [InlineData("cafÃ© au lait", "mojibake")]
    [InlineData("maÃ±ana y corazÃ³n", "mojibake")]
    [InlineData("itâ€™s broken", "mojibake")]
    [InlineData("20Â°C", "mojibake")]
    [InlineData("ÐŸÑ€Ð¸Ð²ÐµÑ‚", "mojibake")]
    [InlineData("smile ðŸ˜€", "mojibake")]
    public void Drops_text_that_was_broken_or_hides_something(string text, string? dropped)
        => Assert.Equal(dropped, new EncodingFilter(new()).Judge(Some.Example(text)).Reason?.Code);

    // Not as data of a theory: attributes are kept as UTF-8, which has no halves.
    [Fact]
    public void Drops_halves_of_surrogate_pairs()
    {
        Assert.Equal(new Reason("broken-character", "U+D83D at characters 5..6"), new EncodingFilter(new()).Judge(Some.Example("half \ud83d of a pair")).Reason);
        Assert.Equal(new Reason("broken-character", "U+DE00 at characters 5..6"), new EncodingFilter(new()).Judge(Some.Example("half \ude00 of a pair")).Reason);
    }

    [Fact]
    public void Says_what_and_where()
    {
        Assert.Equal("U+202E at characters 4..5", new EncodingFilter(new()).Judge(Some.Example("user\u202etxt")).Reason?.Detail);
        Assert.Equal("U+E0041 at characters 1..3", new EncodingFilter(new()).Judge(Some.Example("x\U000e0041")).Reason?.Detail);
    }

    [Fact]
    public void Reads_the_messages_that_it_is_told_to()
    {
        var row = Some.Example("fine") with { Prompt = [Message.System("ok"), Message.User("a\0b")] };

        Assert.Null(new EncodingFilter(new()).Judge(row).Reason);
        Assert.Equal("U+0000 at characters 1..2 of prompt message 2", new EncodingFilter(new(Scope.All)).Judge(row).Reason?.Detail);
        Assert.Null(new EncodingFilter(new(Scope.All, Control: false)).Judge(row).Reason);
    }
}
