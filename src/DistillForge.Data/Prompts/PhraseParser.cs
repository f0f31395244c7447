using System.Text;

namespace DistillForge.Data.Prompts;

/// <summary>
/// Reads a phrase: <c>(a|b@3)</c> one of, weighted; <c>[a]</c>, <c>[a@0.2]</c> with that chance; <c>{slot}</c>, <c>{name:slot}</c>,
/// <c>{rule(argument)}</c>; <c>\</c> before a character takes it as it is. A plain text has only <c>{slot}</c> and <c>{{</c>.
/// </summary>
sealed class PhraseParser(string text, int line)
{
    const int MaxDepth = 16;

    int at;
    int depth;

    /// <exception cref="FormatException">What is wrong and where.</exception>
    public static (Phrase Phrase, double Weight) Parse(string text, int line)
    {
        var parser = new PhraseParser(text, line);
        var options = parser.Options(end: '\0');
        return options.Count == 1 ? options[0] : (new Choice(options), 1);
    }

    /// <exception cref="FormatException">What is wrong and where.</exception>
    public static Phrase ParsePlain(string text, int line)
    {
        var parser = new PhraseParser(text, line);
        var parts = new List<Phrase>();
        var words = new StringBuilder();
        while (parser.at < text.Length)
        {
            var c = text[parser.at++];
            if (c is '{' or '}' && parser.at < text.Length && text[parser.at] == c)
            {
                words.Append(text[parser.at++]);
            }
            else if (c == '{')
            {
                parser.Flush(words, parts);
                parts.Add(parser.ReadReference());
            }
            else
            {
                words.Append(c);
            }
        }

        parser.Flush(words, parts);
        return Join(parts);
    }

    List<(Phrase Phrase, double Weight)> Options(char end)
    {
        if (++depth > MaxDepth)
        {
            throw Wrong($"is nested more than {MaxDepth} deep");
        }

        var options = new List<(Phrase Phrase, double Weight)>();
        do
        {
            options.Add(Option(end));
        }
        while (at < text.Length && text[at] == '|' && ++at > 0);
        depth--;
        return end == ']' || options.Count == 1 || options.Sum(option => option.Weight) > 0 ? options : throw Wrong("has only weights of 0");
    }

    // [a@0.2]: the weights of the choices inside are chances, together at most 1; without any it is even odds.
    Choice Optional(List<(Phrase Phrase, double Weight)> options)
    {
        var sum = options.Sum(option => option.Weight);
        if (options.All(option => option.Weight == 1))
        {
            return new Choice([.. options, (new Words(""), options.Count)]);
        }

        return sum <= 1 ? new Choice([.. options, (new Words(""), 1 - sum)]) : throw Wrong($"the chances in [ ] add up to {sum:0.##}");
    }

    (Phrase Phrase, double Weight) Option(char end)
    {
        var parts = new List<Phrase>();
        var words = new StringBuilder();
        var weight = 1.0;
        for (; at < text.Length && text[at] != '|' && text[at] is not (')' or ']'); at++)
        {
            switch (text[at])
            {
                case '\\' when at + 1 < text.Length:
                    words.Append(text[++at]);
                    break;
                case '@' when at + 1 < text.Length && char.IsAsciiDigit(text[at + 1]):
                    weight = ReadWeight();
                    break;
                case '{':
                    Flush(words, parts);
                    at++;
                    parts.Add(ReadReference());
                    at--;
                    break;
                case '(' or '[':
                    Flush(words, parts);
                    parts.Add(Group(text[at++] == '(' ? ')' : ']'));
                    break;
                default:
                    words.Append(text[at]);
                    break;
            }
        }

        if (at < text.Length && text[at] != '|' && text[at] != end)
        {
            throw Wrong($"'{text[at]}' closes nothing");
        }

        Flush(words, parts);
        return (Join(parts), weight);
    }

    // Leaves the position on the closing bracket, which the caller's loop steps over.
    Phrase Group(char end)
    {
        var options = Options(end);
        return at == text.Length ? throw Wrong($"has no '{end}'") : end == ']' ? Optional(options) : new Choice(options);
    }

    double ReadWeight()
    {
        var start = ++at;
        while (at + 1 < text.Length && (char.IsAsciiDigit(text[at + 1]) || text[at + 1] == '.'))
        {
            at++;
        }

        return double.TryParse(text.AsSpan(start, at + 1 - start), out var weight) ? weight : throw Wrong("has an unreadable weight");
    }

    // After the opening brace; leaves the position after the closing one.
    Reference ReadReference()
    {
        var close = text.IndexOf('}', at);
        var inside = close < 0 ? throw Wrong("has no '}'") : text[at..close];
        at = close + 1;
        string? argument = null;
        if (inside.IndexOf('(') is var open and > 0 && inside[^1] == ')')
        {
            (inside, argument) = (inside[..open], inside[(open + 1)..^1]);
        }

        var names = inside.Split(':');
        if (names.Length > 2 || names.Any(name => name.Length == 0 || !name.All(c => char.IsLetterOrDigit(c) || c is '_' or '-' or ' ')))
        {
            throw Wrong($"'{{{inside}}}' is no slot");
        }

        return new Reference(names[^1], names.Length == 2 ? names[0] : null, argument, line);
    }

    void Flush(StringBuilder words, List<Phrase> parts)
    {
        if (words.Length > 0)
        {
            parts.Add(new Words(words.ToString()));
            words.Clear();
        }
    }

    static Phrase Join(List<Phrase> parts) => parts.Count == 1 ? parts[0] : new Sequence(parts);

    FormatException Wrong(string what) => new($"\"{(text.Length <= 60 ? text : text[..60] + "…")}\" {what}.");
}
