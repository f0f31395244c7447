namespace DistillForge.Filters;

/// <summary>Payment cards: the issuers' prefixes and lengths, the usual groups, and Luhn's check digit.</summary>
static class CardNumbers
{
    public static bool Is(Number number)
    {
        var digits = number.Digits;
        return digits.Length is >= 13 and <= 19
            && HasIssuer(digits) && IsGrouped(number) && !IsPart(number)
            && NationalIds.Luhn(digits);
    }

    // No decimal places, and not the middle of something longer.
    static bool IsPart(Number number)
        => number.Before is '.' or ',' or '/' or '+' && number.Start > 1 && char.IsLetterOrDigit(number.Text[number.Start - 2])
            || number.Before == '=' && number.Start > 1 && char.IsAsciiDigit(number.Text[number.Start - 2])
            || char.IsLetter(number.After) || number.After == '_' || (number.After is '.' or ',' or '-' && char.IsAsciiDigit(number.Next));

    static bool HasIssuer(ReadOnlySpan<char> digits)
    {
        var (two, four) = (Value(digits[..2]), Value(digits[..4]));
        return digits.Length switch
        {
            14 => two is 36 or 38 or 39 || four is >= 3000 and <= 3059,
            15 => two is 34 or 37,
            16 => digits[0] == '4' || two is >= 51 and <= 55 || four is >= 2221 and <= 2720 || four == 6011 || two is 64 or 65 or 62 or 60 || four is >= 3528 and <= 3589,
            13 or 19 => digits[0] == '4' || two is 62 or 65,
            _ => two is 62 or 67,
        };
    }

    static bool IsGrouped(Number number)
        => number.Groups == 1
            || (number.SameSeparators() && number.Separator(1)[0] is ' ' or '-' or '\u00a0' or '.'
                && (number.Is(4, 4, 4, 4) || number.Is(4, 6, 5) || number.Is(4, 6, 4) || number.Is(4, 4, 4, 4, 3) || number.Is(4, 3, 3, 3) || number.Is(6, 13) || number.Is(4, 4, 4, 2)));

    static int Value(ReadOnlySpan<char> digits)
    {
        var value = 0;
        foreach (var digit in digits)
        {
            value = (value * 10) + digit - '0';
        }

        return value;
    }
}
