namespace DistillForge.Text;

enum TemplateTokenKind
{
    /// <summary>Outside of any tag.</summary>
    Text,
    ExpressionBegin,
    ExpressionEnd,
    StatementBegin,
    StatementEnd,
    Name,
    String,
    Integer,
    Float,
    Operator,
    End,
}

readonly record struct TemplateToken(TemplateTokenKind Kind, string Text, int Line);

/// <summary>Cuts a template as Jinja does with <c>trim_blocks</c> and <c>lstrip_blocks</c>, the settings of chat templates.</summary>
sealed partial class TemplateLexer
{
    readonly string source;
    readonly List<TemplateToken> tokens = [];
    int at;
    int line = 1;
    bool lineStarts = true;
    bool stripNext;

    TemplateLexer(string source) => this.source = source;

    public static List<TemplateToken> Read(string source)
    {
        var normal = source.ReplaceLineEndings("\n");
        var lexer = new TemplateLexer(normal.EndsWith('\n') ? normal[..^1] : normal);
        lexer.ReadAll();
        return lexer.tokens;
    }

    void ReadAll()
    {
        while (at < source.Length)
        {
            var tag = NextTag();
            AddText(source[at..tag], tag);
            at = tag;
            if (at < source.Length)
            {
                ReadTag();
            }
        }

        tokens.Add(new(TemplateTokenKind.End, "end of the template", line));
    }

    int NextTag()
    {
        for (var i = at; i + 1 < source.Length; i++)
        {
            if (source[i] == '{' && (source[i + 1] is '{' or '%' or '#'))
            {
                return i;
            }
        }

        return source.Length;
    }

    void AddText(string text, int tag)
    {
        var lines = text.Count(c => c == '\n');
        if (stripNext)
        {
            text = text.TrimStart();
        }

        if (tag < source.Length)
        {
            var sign = tag + 2 < source.Length ? source[tag + 2] : ' ';
            var isBlock = source[tag + 1] != '{';
            text = sign == '-' ? text.TrimEnd() : isBlock && sign != '+' ? StripLineStart(text) : text;
        }

        if (text.Length > 0)
        {
            tokens.Add(new(TemplateTokenKind.Text, text, line));
        }

        line += lines;
        (stripNext, lineStarts) = (false, false);
    }

    // White space between the start of a line and a block tag is not meant.
    string StripLineStart(string text)
    {
        var start = text.LastIndexOf('\n') + 1;
        return (start > 0 || lineStarts) && text.AsSpan(start).IsWhiteSpace() ? text[..start] : text;
    }

    void ReadTag()
    {
        switch (source[at + 1])
        {
            case '#':
                ReadComment();
                break;
            case '{':
                ReadInside(TemplateTokenKind.ExpressionBegin, "}}");
                break;
            default:
                if (!ReadRaw())
                {
                    ReadInside(TemplateTokenKind.StatementBegin, "%}");
                }

                break;
        }
    }

    void ReadComment()
    {
        var end = source.IndexOf("#}", at + 2, StringComparison.Ordinal);
        if (end < 0)
        {
            throw TemplateException.Syntax(line, "{#", "is never closed.");
        }

        line += source.AsSpan(at, end - at).Count('\n');
        var sign = source[end - 1];
        at = end + 2;
        AfterBlock(sign);
    }

    // What follows a tag: everything blank after '-', one line end otherwise.
    void AfterBlock(char sign)
    {
        stripNext = sign == '-';
        if (!stripNext && sign != '+' && at < source.Length && source[at] == '\n')
        {
            at++;
            line++;
            lineStarts = true;
        }
    }

    bool ReadRaw()
    {
        var (begin, beginSign) = RawTag(at, "raw");
        if (begin < 0)
        {
            return false;
        }

        line += source.AsSpan(at, begin - at).Count('\n');
        at = begin;
        AfterBlock(beginSign);
        for (var i = source.IndexOf("{%", at, StringComparison.Ordinal); i >= 0; i = source.IndexOf("{%", i + 2, StringComparison.Ordinal))
        {
            var (end, endSign) = RawTag(i, "endraw");
            if (end >= 0)
            {
                AddText(source[at..i], i);
                at = end;
                AfterBlock(endSign);
                return true;
            }
        }

        throw TemplateException.Syntax(line, "{% raw %}", "is never closed.");
    }

    // {%[-+]? name [-+]?%} : where it ends, and the sign there.
    (int End, char Sign) RawTag(int start, string name)
    {
        var i = start + 2;
        i += i < source.Length && source[i] is '-' or '+' ? 1 : 0;
        i = SkipSpace(i);
        if (string.CompareOrdinal(source, i, name, 0, name.Length) != 0)
        {
            return (-1, ' ');
        }

        i = SkipSpace(i + name.Length);
        var sign = i < source.Length && source[i] is '-' or '+' ? source[i++] : ' ';
        return string.CompareOrdinal(source, i, "%}", 0, 2) == 0 ? (i + 2, sign) : (-1, ' ');
    }

    int SkipSpace(int i)
    {
        while (i < source.Length && char.IsWhiteSpace(source[i]))
        {
            i++;
        }

        return i;
    }
}
