namespace DistillForge.Filters;

/// <summary>Finds brackets that are never closed.</summary>
static class Brackets
{
    public enum Syntax
    {
        /// <summary>Strings in double quotes.</summary>
        Json,

        /// <summary>Strings in any quotes within a line; comments of C, shell and SQL.</summary>
        Code,
    }

    const int Deepest = 1 << 16;

    /// <returns>Place of the outermost open bracket or string at the text's end; −1 when all are closed.</returns>
    public static int FirstOpen(ReadOnlySpan<char> text, Syntax syntax)
    {
        var open = new Stack<(char Bracket, int Place)>();
        for (var i = 0; i < text.Length; i++)
        {
            var character = text[i];
            if (syntax == Syntax.Code && Comment(text, i) is > 0 and var comment)
            {
                i += comment - 1;
            }
            else if (character == '"' || (syntax == Syntax.Code && character is '\'' or '`'))
            {
                var length = String(text[i..], syntax);
                if (length < 0)
                {
                    // JSON that ends within a string; code has apostrophes and lifetimes.
                    if (syntax == Syntax.Json)
                    {
                        return open.Count > 0 ? open.Last().Place : i;
                    }
                }
                else
                {
                    i += length - 1;
                }
            }
            else if (character is '(' or '[' or '{' && (syntax == Syntax.Code || character != '(') && open.Count < Deepest)
            {
                open.Push((character, i));
            }
            else if (character is ')' or ']' or '}' && open.TryPeek(out var top) && Closes(top.Bracket, character))
            {
                open.Pop();
            }
        }

        return open.Count > 0 ? open.Last().Place : -1;
    }

    // Length with both quotes; −1 when it is not closed (in code: on its line).
    static int String(ReadOnlySpan<char> text, Syntax syntax)
    {
        if (syntax == Syntax.Code && text.Length >= 6 && text[1] == text[0] && text[2] == text[0])
        {
            var end = text[3..].IndexOf(text[..3], StringComparison.Ordinal);
            return end < 0 ? -1 : end + 6;
        }

        for (var i = 1; i < text.Length && (text[i] != '\n' || text[0] == '`' || syntax == Syntax.Json); i++)
        {
            if (text[i] == text[0])
            {
                return i + 1;
            }

            i += text[i] == '\\' ? 1 : 0;
        }

        return -1;
    }

    static int Comment(ReadOnlySpan<char> text, int i)
    {
        if (text[i] == '/' && i + 1 < text.Length && text[i + 1] == '*')
        {
            var end = text[(i + 2)..].IndexOf("*/");
            return end < 0 ? text.Length - i : end + 4;
        }

        var opens = (text[i] == '/' && i + 1 < text.Length && text[i + 1] == '/' && (i == 0 || text[i - 1] != ':'))
            || (text[i] == '#' && (i == 0 || char.IsWhiteSpace(text[i - 1])))
            || (text[i] == '-' && i + 2 < text.Length && text[i + 1] == '-' && text[i + 2] == ' ');
        if (!opens)
        {
            return 0;
        }

        var line = text[i..].IndexOf('\n');
        return line < 0 ? text.Length - i : line;
    }

    static bool Closes(char open, char close) => (open, close) is ('(', ')') or ('[', ']') or ('{', '}');
}
