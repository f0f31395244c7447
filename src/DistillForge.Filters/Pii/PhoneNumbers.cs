using System.Collections.Frozen;

namespace DistillForge.Filters;

/// <summary>
/// Telephone numbers: international (E.164) with + or 00, North American by its plan, and national ones that begin with 0. A number in other form counts
/// only where a word says that it is one.
/// </summary>
static class PhoneNumbers
{
    // ITU-T E.164 country codes.
    static readonly FrozenSet<int> Countries = new[]
    {
        1, 7, 20, 27, 30, 31, 32, 33, 34, 36, 39, 40, 41, 43, 44, 45, 46, 47, 48, 49, 51, 52, 53, 54, 55, 56, 57, 58, 60, 61, 62, 63, 64, 65, 66, 81, 82, 84, 86, 90, 91, 92, 93, 94, 95, 98,
        211, 212, 213, 216, 218, 220, 221, 222, 223, 224, 225, 226, 227, 228, 229, 230, 231, 232, 233, 234, 235, 236, 237, 238, 239, 240, 241, 242, 243, 244, 245, 246, 248, 249, 250, 251, 252, 253, 254, 255, 256, 257, 258, 260, 261, 262, 263, 264, 265, 266, 267, 268, 269, 290, 291, 297, 298, 299,
        350, 351, 352, 353, 354, 355, 356, 357, 358, 359, 370, 371, 372, 373, 374, 375, 376, 377, 378, 380, 381, 382, 383, 385, 386, 387, 389, 420, 421, 423,
        500, 501, 502, 503, 504, 505, 506, 507, 508, 509, 590, 591, 592, 593, 594, 595, 596, 597, 598, 599, 670, 672, 673, 674, 675, 676, 677, 678, 679, 680, 681, 682, 683, 685, 686, 687, 688, 689, 690, 691, 692,
        800, 808, 850, 852, 853, 855, 856, 870, 878, 880, 881, 882, 883, 886, 888, 960, 961, 962, 963, 964, 965, 966, 967, 968, 970, 971, 972, 973, 974, 975, 976, 977, 979, 992, 993, 994, 995, 996, 998,
    }.ToFrozenSet();

    static readonly TermFinder Words = new([
        "phone", "telephone", "phone number", "tel", "call", "calling", "called", "mobile", "cell", "cellphone", "fax", "whatsapp", "text me", "text us", "sms", "dial", "ring", "reach me", "reach us", "contact number", "hotline", "landline", "signal", "telegram", "voicemail",
        "telefon", "telefonnummer", "handy", "handynummer", "ruf", "rufen", "anrufen", "rufnummer", "mobil", "durchwahl", "téléphone", "tél", "portable", "appelez", "appeler", "teléfono", "móvil", "llame", "llámame", "llamar", "celular", "telefono", "cellulare", "chiama", "telefone", "telemóvel", "ligue", "telefoon", "bel", "mobiel", "telefonnr", "puhelin", "numer", "тел", "телефон", "电话", "電話"]);

    // What numbers with dashes also are.
    static readonly TermFinder Others = new(["order", "invoice", "isbn", "issn", "ticket", "tracking", "serial", "model", "part", "version", "sku", "doi", "case", "ref", "reference", "account", "product", "item", "article", "id", "page", "pages", "bestellnummer", "rechnung", "commande", "pedido"]);

    /// <returns>Where it begins, sign and opening bracket included; −1 when it is none.</returns>
    public static int StartOf(Number number)
    {
        if (char.IsLetter(number.After) || number.After is '_' or '%' or '°' || (number.After is '.' or ',' or ':' or '-' or '/' && char.IsAsciiDigit(number.Next)) || !IsTidy(number))
        {
            return -1;
        }

        var start = number.Start;
        var bracket = start > 0 && number.Before == '(';
        var sign = bracket ? (start > 1 ? number.Text[start - 2] : ' ') : number.Before;
        if (number.Before == '+' || (bracket && sign == '+'))
        {
            return IsInternational(number.Digits, number) ? start - (number.Before == '+' ? 1 : 2) : -1;
        }

        if (number.Before is '.' or ',' or '$' or '€' or '£' or '#' or '=' or '/' or '-' or ':' && (start > 1 && !char.IsWhiteSpace(number.Text[start - 2]) && !(number.Before is ':' or '/' or '=')))
        {
            return -1;
        }

        // "DE89 3704 0044 …": only a sign begins a number in the middle of other groups.
        if (number.Before is ' ' or '-' or '.' or '/' && start > 1 && char.IsAsciiDigit(number.Text[start - 2]))
        {
            return -1;
        }

        var begin = start - (bracket ? 1 : 0);
        var digits = number.Digits;
        // "0.0957…" has two zeros, but apart.
        if (digits.StartsWith("00") && number.Length(0) >= 2 && digits.Length >= 11 && IsInternational(digits[2..], number))
        {
            return begin;
        }

        return IsNorthAmerican(number) || IsNational(number) || (digits.Length is >= 7 and <= 13 && number.Groups <= 6 && !IsDate(number) && number.Near(Words) && !JustBefore(number)) ? begin : -1;
    }

    static bool IsInternational(ReadOnlySpan<char> digits, Number number)
    {
        if (digits.Length is < 8 or > 15 || number.Groups > 8)
        {
            return false;
        }

        var code = digits[0] - '0';
        if (code is 1 or 7)
        {
            return digits.Length == 11 && (code == 7 || digits[1] is >= '2' and <= '9');
        }

        code = (code * 10) + digits[1] - '0';
        return Countries.Contains(code) || Countries.Contains((code * 10) + digits[2] - '0');
    }

    // (NXX) NXX-XXXX, N from 2 on; one separator form throughout, perhaps with a 1 before.
    static bool IsNorthAmerican(Number number)
    {
        var first = number.Groups == 4 && number.Is(1, 3, 3, 4) && number.Digits[0] == '1' ? 1 : number.Is(3, 3, 4) ? 0 : -1;
        if (first < 0)
        {
            return false;
        }

        var digits = number.Digits[first..];
        var left = number.Separator(first + 1);
        var right = number.Separator(first + 2);
        var bracketed = left is ") " or ")" or ")-" && right is "-" or " " or ".";
        var plain = left.SequenceEqual(right) && left is "-" or "." or " ";
        // With blanks alone any three numbers would do.
        return digits[0] >= '2' && digits[3] >= '2' && digits[1..3] is not "11" && (bracketed || plain) && (left is not " " || number.Near(Words)) && !number.Near(Others);
    }

    // 030 1234567, 06 12 34 56 78, (020) 7946 0958, 0171/1234567.
    static bool IsNational(Number number)
    {
        var digits = number.Digits;
        return digits.Length is >= 9 and <= 12 && digits[0] == '0' && digits[1] != '0' && number.Groups is >= 2 and <= 6 && number.Length(0) is >= 2 and <= 6 && number.Length(number.Groups - 1) >= 2
            && !IsDate(number) && !number.Near(Others);
    }

    static bool IsDate(Number number)
    {
        var digits = number.Digits;
        return digits.Length is 8 or 12 or 14 && ((number.Groups >= 3 && (number.Length(0) == 4 || number.Length(2) == 4) && number.Length(1) <= 2) || (number.Groups == 1 && digits[..2] is "19" or "20"));
    }

    // "call about order 12345678": the nearer word wins.
    static bool JustBefore(Number number) => Others.TryFind(number.Text[Math.Max(0, number.Start - 14)..number.Start], 0, out _, out _);

    // One separator between groups, or a bracket with one beside it.
    static bool IsTidy(Number number)
    {
        for (var i = 1; i < number.Groups; i++)
        {
            if (number.Separator(i) is not { Length: 1 } separator ? !(number.Separator(i) is ") " or " (" or ")(" or ")-" or " - " or "-(" or ")/" or ") (") : separator[0] is '(')
            {
                return false;
            }
        }

        return true;
    }
}
