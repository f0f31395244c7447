using System.Globalization;
using System.Text;

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
sealed class TemplateLexer
{
    static readonly string[] Operators = ["**", "//", "==", "!=", ">=", "<=", "+", "-", "*", "/", "%", "~", "<", ">", "=", ".", ",", ":", "|", "(", ")", "[", "]", "{", "}"];

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
            if (source[i] == '{' && source[i + 1] is '{' or '%' or '#')
            {
                if (source[i] == '{')
                {
                    return i;
                }
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

    void ReadInside(TemplateTokenKind begin, string close)
    {
        var opened = line;
        tokens.Add(new(begin, source.Substring(at, 2), line));
        at += 2;
        at += at < source.Length && source[at] is '-' or '+' ? 1 : 0;
        for (var brackets = 0; ;)
        {
            var next = SkipSpace(at);
            line += source.AsSpan(at, next - at).Count('\n');
            at = next;
            if (at >= source.Length)
            {
                throw TemplateException.Syntax(opened, begin == TemplateTokenKind.ExpressionBegin ? "{{" : "{%", "is never closed.");
            }

            if (brackets <= 0 && ReadClose(begin, close))
            {
                return;
            }

            var token = ReadToken();
            tokens.Add(token);
            brackets += token.Kind != TemplateTokenKind.Operator ? 0 : token.Text is "(" or "[" or "{" ? 1 : token.Text is ")" or "]" or "}" ? -1 : 0;
        }
    }

    bool ReadClose(TemplateTokenKind begin, string close)
    {
        var sign = source[at] is '-' or '+' ? source[at] : ' ';
        var end = sign == ' ' ? at : at + 1;
        if (string.CompareOrdinal(source, end, close, 0, 2) != 0)
        {
            return false;
        }

        at = end + 2;
        var isStatement = begin == TemplateTokenKind.StatementBegin;
        tokens.Add(new(isStatement ? TemplateTokenKind.StatementEnd : TemplateTokenKind.ExpressionEnd, close, line));
        if (isStatement)
        {
            AfterBlock(sign);
        }
        else
        {
            stripNext = sign == '-';
        }

        return true;
    }

    TemplateToken ReadToken()
    {
        var c = source[at];
        if (c is '\'' or '"')
        {
            return new(TemplateTokenKind.String, ReadString(c), line);
        }

        if (char.IsAsciiDigit(c))
        {
            return ReadNumber();
        }

        if (char.IsLetter(c) || c == '_')
        {
            return new(TemplateTokenKind.Name, TakeWhile(x => char.IsLetterOrDigit(x) || x == '_'), line);
        }

        foreach (var op in Operators)
        {
            if (string.CompareOrdinal(source, at, op, 0, op.Length) == 0)
            {
                at += op.Length;
                return new(TemplateTokenKind.Operator, op, line);
            }
        }

        throw TemplateException.Syntax(line, c.ToString(), "is no part of an expression.");
    }

    TemplateToken ReadNumber()
    {
        var digits = TakeWhile(c => char.IsAsciiDigit(c) || c == '_');
        if (at + 1 >= source.Length || source[at] != '.' || !char.IsAsciiDigit(source[at + 1]))
        {
            return new(TemplateTokenKind.Integer, digits.Replace("_", ""), line);
        }

        at++;
        return new(TemplateTokenKind.Float, $"{digits}.{TakeWhile(char.IsAsciiDigit)}".Replace("_", ""), line);
    }

    string TakeWhile(Func<char, bool> fits)
    {
        var start = at;
        while (at < source.Length && fits(source[at]))
        {
            at++;
        }

        return source[start..at];
    }

    string ReadString(char quote)
    {
        var (opened, text) = (line, new StringBuilder());
        for (at++; at < source.Length; at++)
        {
            var c = source[at];
            if (c == quote)
            {
                at++;
                return text.ToString();
            }

            line += c == '\n' ? 1 : 0;
            text.Append(c == '\\' && at + 1 < source.Length ? Escape() : c.ToString());
        }

        throw TemplateException.Syntax(opened, quote.ToString(), "begins a text that never ends.");
    }

    // At the backslash; leaves at the last character of the escape.
    string Escape()
    {
        var c = source[++at];
        switch (c)
        {
            case 'n': return "\n";
            case 't': return "\t";
            case 'r': return "\r";
            case 'b': return "\b";
            case 'f': return "\f";
            case 'v': return "\v";
            case 'a': return "\a";
            case '0': return "\0";
            case '\n': line++; return "";
            case '\\' or '\'' or '"': return c.ToString();
            case 'x' or 'u' or 'U':
                var length = c == 'x' ? 2 : c == 'u' ? 4 : 8;
                if (at + length < source.Length && int.TryParse(source.AsSpan(at + 1, length), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var code) && code is >= 0 and <= 0x10ffff)
                {
                    at += length;
                    return code is >= 0xd800 and <= 0xdfff ? ((char)code).ToString() : char.ConvertFromUtf32(code);
                }

                throw TemplateException.Syntax(line, $"\\{c}", "is no complete escape.");
            default: return $"\\{c}";
        }
    }
}
