using System.Globalization;
using System.Text;

namespace DistillForge.Data.Prompts;

/// <summary>
/// A value computed from slots: a literal, <c>{slot}</c> with its type, a text around slots (<c>{room.}</c> writes the point only
/// where a room was said), or arithmetic after <c>=</c>.
/// </summary>
sealed class ValueExpression
{
    readonly List<(string Literal, string? Name, string Suffix)> parts = [];
    readonly bool isArithmetic;
    readonly bool isNumber;

    /// <param name="isQuoted">A number in quotes is a text, as YAML has it.</param>
    /// <exception cref="FormatException">What is wrong.</exception>
    public ValueExpression(string text, bool isQuoted)
    {
        isArithmetic = text.StartsWith('=');
        Split(isArithmetic ? text[1..] : text);
        isNumber = !isQuoted && parts.TrueForAll(part => part.Name is null) && decimal.TryParse(text, NumberStyles.Number & ~NumberStyles.AllowThousands, CultureInfo.InvariantCulture, out _);
    }

    /// <summary>The slots that it reads.</summary>
    public IEnumerable<string> Names => parts.Where(part => part.Name is not null).Select(part => part.Name!);

    /// <returns>Null where a slot that it needs was not filled.</returns>
    public SlotValue? Evaluate(IReadOnlyDictionary<string, SlotValue> bound)
    {
        if (parts is [{ Name: { } only, Suffix: "" }] && !isArithmetic)
        {
            return bound.TryGetValue(only, out var typed) ? typed : null;
        }

        var text = new StringBuilder();
        foreach (var (literal, name, suffix) in parts)
        {
            if (name is null)
            {
                text.Append(literal);
            }
            else if (bound.TryGetValue(name, out var value))
            {
                text.Append(value.Text).Append(suffix);
            }
            else if (suffix.Length == 0)
            {
                return null;
            }
        }

        return isArithmetic ? new(Arithmetic.Evaluate(text.ToString()).ToString("0.############", CultureInfo.InvariantCulture), IsNumber: true) : new(text.ToString(), isNumber);
    }

    void Split(string text)
    {
        var literal = new StringBuilder();
        for (var at = 0; at < text.Length; at++)
        {
            if (text[at] is '{' or '}' && at + 1 < text.Length && text[at + 1] == text[at])
            {
                literal.Append(text[at++]);
            }
            else if (text[at] == '{')
            {
                parts.Add((literal.ToString(), null, ""));
                literal.Clear();
                at = Reference(text, at + 1);
            }
            else
            {
                literal.Append(text[at]);
            }
        }

        parts.Add((literal.ToString(), null, ""));
        parts.RemoveAll(part => part is { Name: null, Literal: "" });
    }

    int Reference(string text, int start)
    {
        var end = start;
        while (end < text.Length && (char.IsLetterOrDigit(text[end]) || text[end] is '_' or '-'))
        {
            end++;
        }

        var close = text.IndexOf('}', end);
        if (end == start || close < 0)
        {
            throw new FormatException($"\"{text}\" has a '{{' without a slot. Write '{{{{' for the character itself.");
        }

        parts.Add(("", text[start..end], text[end..close]));
        return close;
    }
}

/// <summary>Numbers, + − * / and brackets.</summary>
sealed class Arithmetic(string text)
{
    const int MaxDepth = 16;

    int at;
    int depth;

    /// <exception cref="FormatException">It is no arithmetic.</exception>
    public static decimal Evaluate(string text)
    {
        var arithmetic = new Arithmetic(text.Replace(" ", "", StringComparison.Ordinal));
        try
        {
            var value = arithmetic.Sum();
            return arithmetic.Peek == '\0' ? value : throw new FormatException($"\"{text}\" is no arithmetic.");
        }
        catch (Exception error) when (error is OverflowException or DivideByZeroException)
        {
            throw new FormatException($"\"{text}\" has no value: {error.Message}", error);
        }
    }

    char Peek => at < text.Length ? text[at] : '\0';

    decimal Sum()
    {
        var value = Product();
        while (Peek is '+' or '-')
        {
            value = text[at++] == '+' ? value + Product() : value - Product();
        }

        return value;
    }

    decimal Product()
    {
        var value = Factor();
        while (Peek is '*' or '/')
        {
            value = text[at++] == '*' ? value * Factor() : value / Factor();
        }

        return value;
    }

    decimal Factor()
    {
        if (Peek == '(' && ++depth <= MaxDepth)
        {
            at++;
            var value = Sum();
            depth--;
            return Peek == ')' && at++ >= 0 ? value : throw new FormatException($"\"{text}\" has no ')'.");
        }

        var start = at;
        at += Peek == '-' ? 1 : 0;
        while (char.IsAsciiDigit(Peek) || Peek == '.')
        {
            at++;
        }

        return decimal.TryParse(text.AsSpan(start, at - start), NumberStyles.AllowDecimalPoint | NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number)
            ? number
            : throw new FormatException($"\"{text}\" is no arithmetic.");
    }
}
