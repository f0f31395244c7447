namespace DistillForge.Filters;

/// <summary>
/// National ids that are all digits (or end with one letter). Where a form or check leaves chance too much room, a word for the number must stand
/// before it: one in ten of all numbers has the right check digit.
/// </summary>
static class PersonNumbers
{
    delegate bool Check(ReadOnlySpan<char> digits);

    delegate bool Shape(Number number);

    /// <param name="Written">The form that makes it sure without a word before.</param>
    sealed record Id(string Label, int Digits, Check Holds, Shape Written, TermFinder Words);

    static readonly TermFinder Anything = new(["national id", "national identification", "identity number", "id number", "personal number", "personal id", "citizen number", "ausweisnummer", "personennummer", "social security"]);

    static readonly Id[] Ids =
    [
        new("US social security number", 9, NationalIds.IsSsn, n => n.Is(3, 2, 4) && n.SameSeparators() && n.Separator(1)[0] == '-', Words("ssn", "social security", "social-security")),
        new("Canadian social insurance number", 9, NationalIds.IsSin, n => false, Words("sin", "social insurance", "nas", "numéro d'assurance sociale")),
        new("Australian tax file number", 9, NationalIds.IsTfn, n => false, Words("tfn", "tax file")),
        new("Dutch BSN", 9, NationalIds.IsBsn, n => false, Words("bsn", "burgerservicenummer", "sofinummer", "citizen service number")),
        new("Portuguese NIF", 9, NationalIds.IsNif, n => false, Words("nif", "contribuinte", "número de identificação fiscal")),
        new("UK NHS number", 10, NationalIds.IsNhs, n => false, Words("nhs", "national health")),
        new("Swedish personnummer", 10, NationalIds.IsPersonnummer, n => n.Is(6, 4) && n.Separator(1) is "-" or "+", Words("personnummer", "personal identity number", "pnr", "samordningsnummer")),
        new("Swedish personnummer", 12, NationalIds.IsPersonnummer, n => n.Is(8, 4) && n.Separator(1) is "-" && n.Digits[..2] is "19" or "20", Words("personnummer", "personal identity number", "pnr")),
        new("Danish CPR number", 10, NationalIds.IsCpr, n => n.Is(6, 4) && n.Separator(1) is "-", Words("cpr", "personnummer", "cpr-nummer")),
        new("German tax id", 11, NationalIds.IsSteuerId, n => n.Groups == 1 || n.Is(2, 3, 3, 3), Words("steuer-id", "steuer-identifikationsnummer", "steueridentifikationsnummer", "identifikationsnummer", "steuer-idnr", "idnr", "tax id", "tin")),
        new("Belgian national number", 11, NationalIds.IsRijksregister, n => n.Is(2, 2, 2, 3, 2) || n.Is(6, 3, 2) || n.Groups == 1, Words("rijksregisternummer", "rijksregister", "registre national", "nationaal nummer", "national register")),
        new("Norwegian fødselsnummer", 11, NationalIds.IsFodselsnummer, n => n.Groups == 1 || n.Is(6, 5), Words("fødselsnummer", "personnummer", "fnr")),
        new("Brazilian CPF", 11, NationalIds.IsCpf, n => n.Is(3, 3, 3, 2) && n.Separator(1) is "." && n.Separator(3) is "-", Words("cpf")),
        new("Polish PESEL", 11, NationalIds.IsPesel, n => false, Words("pesel")),
        new("Indian Aadhaar number", 12, NationalIds.IsAadhaar, n => false, Words("aadhaar", "aadhar", "uidai", "uid", "आधार")),
        new("Swiss AHV number", 13, NationalIds.IsAhv, n => n.Is(3, 4, 4, 2) || n.Groups == 1, Words("ahv", "avs", "ahv-nummer")),
        new("Korean resident number", 13, NationalIds.IsRrn, n => n.Is(6, 7) && n.Separator(1) is "-", Words("주민등록번호", "rrn", "resident registration")),
        new("South African id", 13, NationalIds.IsSouthAfrican, n => false, Words("south african id", "sa id", "rsa id", "id number", "identity number")),
        new("French NIR", 15, NationalIds.IsNir, n => n.Groups == 1 || n.Is(1, 2, 2, 2, 3, 3, 2) || n.Is(13, 2), Words("nir", "sécurité sociale", "numéro de sécu", "insee")),
    ];

    /// <returns>What it is and where it ends; null when it is none.</returns>
    public static (string Label, int End)? Find(Number number)
    {
        if (number.Before is '.' or ',' or '$' or '€' or '£' or '#' || number.After == '_' || number.After == '%')
        {
            return null;
        }

        if (WithLetter(number) is { } lettered)
        {
            return lettered;
        }

        if (char.IsLetter(number.After) || (number.After is '.' or ',' && char.IsAsciiDigit(number.Next)))
        {
            return null;
        }

        foreach (var id in Ids)
        {
            if (id.Digits == number.Digits.Length && id.Holds(number.Digits) && (id.Written(number) || (IsTidy(number) && (number.Near(id.Words) || number.Near(Anything)))))
            {
                return (id.Label, number.End);
            }
        }

        return null;
    }

    // China's ends with a digit or X, Chile's with a digit or K behind a dash.
    static (string, int)? WithLetter(Number number)
    {
        if (number.Groups == 1 && number.Digits.Length == 18 && !char.IsLetterOrDigit(number.After))
        {
            return NationalIds.IsChinese(number.Digits[..17], number.Digits[17]) ? ("Chinese resident id", number.End) : null;
        }

        if (number.Groups == 1 && number.Digits.Length == 17 && number.After is 'X' or 'x' && !char.IsLetterOrDigit(number.Next))
        {
            return NationalIds.IsChinese(number.Digits, number.After) ? ("Chinese resident id", number.End + 1) : null;
        }

        if ((number.Is(2, 3, 3) || number.Is(1, 3, 3)) && number.Separator(1) is "." && number.Separator(2) is "." && number.After == '-' && number.Next is 'K' or 'k')
        {
            return NationalIds.IsRut(number.Digits, number.Next) ? ("Chilean RUT", number.End + 2) : null;
        }

        return (number.Is(2, 3, 3, 1) || number.Is(1, 3, 3, 1)) && number.Separator(1) is "." && number.Separator(2) is "." && number.Separator(3) is "-" && NationalIds.IsRut(number.Digits[..^1], number.Digits[^1])
            ? ("Chilean RUT", number.End)
            : null;
    }

    // At most one separating character between groups, of at least two digits but for a lone first or last.
    static bool IsTidy(Number number)
    {
        for (var i = 1; i < number.Groups; i++)
        {
            if (number.Separator(i).Length != 1 || number.Separator(i)[0] is '(' or ')')
            {
                return false;
            }
        }

        return true;
    }

    static TermFinder Words(params string[] words) => new(words);
}
