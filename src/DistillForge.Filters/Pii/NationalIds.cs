namespace DistillForge.Filters;

/// <summary>The check digits by which states keep typing errors out of the numbers of persons.</summary>
static class NationalIds
{
    public static bool Luhn(ReadOnlySpan<char> digits)
    {
        var sum = 0;
        for (var i = 0; i < digits.Length; i++)
        {
            var digit = digits[^(i + 1)] - '0';
            sum += i % 2 == 0 ? digit : digit > 4 ? (2 * digit) - 9 : 2 * digit;
        }

        return sum % 10 == 0;
    }

    /// <summary>Sum of digits times weights; digits beyond the weights do not count.</summary>
    static int Weighted(ReadOnlySpan<char> digits, ReadOnlySpan<int> weights)
    {
        var sum = 0;
        for (var i = 0; i < weights.Length; i++)
        {
            sum += (digits[i] - '0') * weights[i];
        }

        return sum;
    }

    static int Number(ReadOnlySpan<char> digits)
    {
        var value = 0;
        foreach (var digit in digits)
        {
            value = (value * 10) + digit - '0';
        }

        return value;
    }

    public static bool IsDate(int day, int month) => month is >= 1 and <= 12 && day >= 1 && day <= (month == 2 ? 29 : month is 4 or 6 or 9 or 11 ? 30 : 31);

    static bool AllSame(ReadOnlySpan<char> digits) => digits.IndexOfAnyExcept(digits[0]) < 0;

    // USA: no area 000, 666 or 9xx, no group 00, no serial 0000, and not the number of an old wallet advertisement.
    public static bool IsSsn(ReadOnlySpan<char> d)
        => Number(d[..3]) is > 0 and < 900 and not 666 && Number(d[3..5]) > 0 && Number(d[5..]) > 0 && !d.SequenceEqual("078051120") && !AllSame(d) && !d.SequenceEqual("123456789");

    // Germany: among the first ten digits exactly one comes two or three times; ISO 7064 MOD 11,10.
    public static bool IsSteuerId(ReadOnlySpan<char> d)
    {
        Span<int> counts = stackalloc int[10];
        counts.Clear();
        var product = 10;
        foreach (var digit in d[..10])
        {
            counts[digit - '0']++;
            var sum = (digit - '0' + product) % 10;
            product = 2 * (sum == 0 ? 10 : sum) % 11;
        }

        var (repeated, most) = (0, 0);
        foreach (var count in counts)
        {
            repeated += count > 1 ? 1 : 0;
            most = Math.Max(most, count);
        }

        return d[0] != '0' && repeated == 1 && most <= 3 && (11 - product) % 10 == d[10] - '0';
    }

    // France: sex, year, month, place, order, and 97 less the remainder by 97.
    public static bool IsNir(ReadOnlySpan<char> d)
        => d[0] is '1' or '2' && Number(d[3..5]) is (>= 1 and <= 12) or (>= 20 and <= 42) or (>= 50 and <= 99) && 97 - (int)(long.Parse(d[..13]) % 97) == Number(d[13..]);

    // Belgium: birth date, order, and 97 less the remainder by 97; for births from 2000 on with a 2 before.
    public static bool IsRijksregister(ReadOnlySpan<char> d)
    {
        var number = long.Parse(d[..9]);
        var check = Number(d[9..]);
        return IsDate(Number(d[4..6]), Number(d[2..4])) && (97 - (int)(number % 97) == check || 97 - (int)((2_000_000_000 + number) % 97) == check);
    }

    // The Netherlands: the eleven test.
    public static bool IsBsn(ReadOnlySpan<char> d) => Weighted(d, [9, 8, 7, 6, 5, 4, 3, 2, -1]) % 11 == 0 && !AllSame(d);

    // Poland: birth date with the century in the month.
    public static bool IsPesel(ReadOnlySpan<char> d)
        => IsDate(Number(d[4..6]), Number(d[2..4]) % 20) && (10 - (Weighted(d, [1, 3, 7, 9, 1, 3, 7, 9, 1, 3]) % 10)) % 10 == d[10] - '0';

    // Sweden: YYMMDD-NNNC, Luhn; coordination numbers add 60 to the day.
    public static bool IsPersonnummer(ReadOnlySpan<char> d)
    {
        var ten = d[^10..];
        var day = Number(ten[4..6]);
        return IsDate(day > 60 ? day - 60 : day, Number(ten[2..4])) && Luhn(ten);
    }

    // Denmark: DDMMYY-NNNN, without a check digit since 2007.
    public static bool IsCpr(ReadOnlySpan<char> d) => IsDate(Number(d[..2]), Number(d[2..4]));

    // Norway: DDMMYY NNNKK; D-numbers add 40 to the day.
    public static bool IsFodselsnummer(ReadOnlySpan<char> d)
    {
        var day = Number(d[..2]);
        return IsDate(day > 40 ? day - 40 : day, Number(d[2..4])) && Weighted(d, [3, 7, 6, 1, 8, 9, 4, 5, 2, 1]) % 11 == 0 && Weighted(d, [5, 4, 3, 2, 7, 6, 5, 4, 3, 2, 1]) % 11 == 0;
    }

    // Finland: DDMMYY, sign of the century, NNN, and a letter by the remainder by 31.
    public static bool IsHenkilotunnus(ReadOnlySpan<char> text)
    {
        var tail = text.Length == 11 ? text[7..] : text[6..];
        if (text[..6].IndexOfAnyExceptInRange('0', '9') >= 0 || tail[..3].IndexOfAnyExceptInRange('0', '9') >= 0 || (text.Length == 11 && text[6] is not ((>= 'A' and <= 'F') or (>= 'U' and <= 'Y'))))
        {
            return false;
        }

        var remainder = (int)(((Number(text[..6]) * 1000L) + Number(tail[..3])) % 31);
        return IsDate(Number(text[..2]), Number(text[2..4])) && "0123456789ABCDEFHJKLMNPRSTUVWXY"[remainder] == tail[3];
    }

    // Spain: eight digits and a letter by the remainder by 23; X, Y, Z for foreigners stand for 0, 1, 2.
    public static bool IsDni(ReadOnlySpan<char> text)
    {
        var first = text[0] is >= 'X' and <= 'Z' ? text[0] - 'X' : char.IsAsciiDigit(text[0]) ? text[0] - '0' : -1;
        return first >= 0 && text[1..8].IndexOfAnyExceptInRange('0', '9') < 0 && "TRWAGMYFPDXBNJZSQVHLCKE"[((first * 10_000_000) + Number(text[1..8])) % 23] == text[8];
    }

    // Italy: surname, name, birth, place, and a letter by tables for odd and even places.
    public static bool IsCodiceFiscale(ReadOnlySpan<char> text)
    {
        const string Shape = "AAAAAA00A00A000A";
        var sum = 0;
        for (var i = 0; i < 16; i++)
        {
            // Namesakes get letters of "LMNPQRSTUV" for digits.
            var letter = char.IsAsciiLetterUpper(text[i]);
            if (Shape[i] == 'A' ? !letter : letter && !"LMNPQRSTUV".Contains(text[i]))
            {
                return false;
            }

            var value = letter ? text[i] - 'A' : text[i] - '0';
            sum += i == 15 ? 0 : i % 2 == 1 ? value : OddValues[value];
        }

        return "ABCDEHLMPRST".Contains(text[8]) && 'A' + (sum % 26) == text[15];
    }

    static readonly int[] OddValues = [1, 0, 5, 7, 9, 13, 15, 17, 19, 21, 2, 4, 18, 20, 11, 3, 6, 8, 12, 14, 16, 10, 22, 25, 24, 23];

    // United Kingdom: two letters, six digits, A to D; no check digit, but prefixes that are never given.
    public static bool IsNino(ReadOnlySpan<char> text)
        => char.IsAsciiLetterUpper(text[0]) && char.IsAsciiLetterUpper(text[1]) && text[2..8].IndexOfAnyExceptInRange('0', '9') < 0 && text[8] is >= 'A' and <= 'D'
            && !"DFIQUV".Contains(text[0]) && !"DFIOQUV".Contains(text[1]) && !(text[..2] is "BG" or "GB" or "KN" or "NK" or "NT" or "TN" or "ZZ");

    // United Kingdom, health: remainder by 11.
    public static bool IsNhs(ReadOnlySpan<char> d) => (11 - (Weighted(d, [10, 9, 8, 7, 6, 5, 4, 3, 2]) % 11)) % 11 == d[9] - '0' && !AllSame(d);

    // Portugal.
    public static bool IsNif(ReadOnlySpan<char> d)
    {
        var rest = Weighted(d, [9, 8, 7, 6, 5, 4, 3, 2]) % 11;
        return d[0] is not ('0' or '4' or '7') && (rest < 2 ? 0 : 11 - rest) == d[8] - '0';
    }

    // Switzerland: an EAN-13 that begins with the country.
    public static bool IsAhv(ReadOnlySpan<char> d) => d.StartsWith("756") && Weighted(d, [1, 3, 1, 3, 1, 3, 1, 3, 1, 3, 1, 3, 1]) % 10 == 0;

    // Brazil.
    public static bool IsCpf(ReadOnlySpan<char> d)
        => !AllSame(d) && Weighted(d, [10, 9, 8, 7, 6, 5, 4, 3, 2]) * 10 % 11 % 10 == d[9] - '0' && Weighted(d, [11, 10, 9, 8, 7, 6, 5, 4, 3, 2]) * 10 % 11 % 10 == d[10] - '0';

    // Canada; no number begins with 0 or 8.
    public static bool IsSin(ReadOnlySpan<char> d) => d[0] is not ('0' or '8') && Luhn(d) && !AllSame(d);

    // Australia, taxes.
    public static bool IsTfn(ReadOnlySpan<char> d) => Weighted(d, [1, 4, 3, 7, 5, 8, 6, 9, 10]) % 11 == 0 && !AllSame(d);

    // South Africa: YYMMDD SSSS C A Z, Luhn.
    public static bool IsSouthAfrican(ReadOnlySpan<char> d) => IsDate(Number(d[4..6]), Number(d[2..4])) && d[10] is '0' or '1' or '2' && Luhn(d);

    // Korea: YYMMDD-SNNNNNC.
    public static bool IsRrn(ReadOnlySpan<char> d)
        => IsDate(Number(d[4..6]), Number(d[2..4])) && (11 - (Weighted(d, [2, 3, 4, 5, 6, 7, 8, 9, 2, 3, 4, 5]) % 11)) % 10 == d[12] - '0';

    // India: Verhoeff's check over the dihedral group; no number begins with 0 or 1.
    public static bool IsAadhaar(ReadOnlySpan<char> d)
    {
        var check = 0;
        for (var i = 0; i < d.Length; i++)
        {
            check = Dihedral(check, Permuted(i % 8, d[^(i + 1)] - '0'));
        }

        return d[0] is not ('0' or '1') && check == 0;
    }

    static int Dihedral(int a, int b) => a < 5 ? b < 5 ? (a + b) % 5 : ((a + b) % 5) + 5 : b < 5 ? ((a - b + 5) % 5) + 5 : (a - b + 5) % 5;

    static int Permuted(int times, int digit)
    {
        for (var i = 0; i < times; i++)
        {
            digit = "1576283094"[digit] - '0';
        }

        return digit;
    }

    // China: region, birth date, order, and a digit or X by ISO 7064 MOD 11-2.
    public static bool IsChinese(ReadOnlySpan<char> d, char last)
        => Number(d[6..10]) is >= 1900 and <= 2100 && IsDate(Number(d[12..14]), Number(d[10..12])) && d[0] is >= '1' and <= '8'
            && "10X98765432"[Weighted(d, [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2]) % 11] == char.ToUpperInvariant(last);

    // Chile: up to eight digits, a dash, and a digit or K.
    public static bool IsRut(ReadOnlySpan<char> d, char last)
    {
        var sum = 0;
        for (var i = 0; i < d.Length; i++)
        {
            sum += (d[^(i + 1)] - '0') * (2 + (i % 6));
        }

        return "0K987654321"[sum % 11] == char.ToUpperInvariant(last);
    }
}
