namespace DistillForge.Filters;

static class TextLength
{
    /// <summary>Pieces between white space, counted without cutting them out.</summary>
    public static int Words(string text)
    {
        var words = 0;
        var inside = false;
        foreach (var character in text)
        {
            var space = char.IsWhiteSpace(character);
            words += !space && !inside ? 1 : 0;
            inside = !space;
        }

        return words;
    }
}
