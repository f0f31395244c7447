using DistillForge.Data;

namespace DistillForge.Tests.Data;

public sealed class TextLinesTests : IDisposable
{
    readonly Scratch folder = new();

    public void Dispose() => folder.Dispose();

    [Theory]
    [InlineData("")]
    [InlineData("one")]
    [InlineData("one\ntwo\r\nthree\rfour\n\n\r\r\nlast")]
    [InlineData("ends\n")]
    [InlineData("ends\r")]
    public void Lines_end_where_the_library_ends_them(string text)
    {
        // Long enough that a line and its end lie across the reader's buffer at every place.
        foreach (var before in Enumerable.Range((1 << 14) - 24, 26).Append(0))
        {
            var path = folder.Put("lines.txt", new string('x', before) + text);

            Assert.Equal(File.ReadLines(path), TextLines.Read(path));
        }
    }

    [Fact]
    public void A_line_without_end_is_refused_with_its_number()
    {
        var path = folder.Put("long.jsonl", "{}\n" + new string('x', TextLines.MostCharacters + 1));

        var refused = Assert.Throws<ForgeException>(() => TextLines.Read(path).Count());

        Assert.Equal(2, refused.Problems[0].Line);
        Assert.Contains("16,777,216 characters", refused.Message, StringComparison.Ordinal);
    }
}
