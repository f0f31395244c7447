using System.Globalization;
using System.Text;

namespace DistillForge.Text;

// What stands between the braces of a tag.
sealed partial class TemplateLexer
{
    static readonly string[] Operators = ["**", "//", "==", "!=", ">=", "<=", "+", "-", "*", "/", "%", "~", "<", ">", "=", ".", ",", ":", "|", "(", ")", "[", "]", "{", "}"];

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
