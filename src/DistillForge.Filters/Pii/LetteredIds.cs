namespace DistillForge.Filters;

/// <summary>Numbers that begin with or hold letters: IBANs, and the ids of Italy, Spain, the United Kingdom and Finland.</summary>
static class LetteredIds
{
    // SWIFT IBAN registry: country and length.
    const string Lengths = "AD24AE23AL28AT20AZ28BA20BE16BG22BH22BI27BR29BY28CH21CR22CY28CZ24DE22DJ27DK18DO28EE20EG29ES24FI18FK18FO18FR27GB22GE22GI23GL18GR27GT28HN28HR21HU28IE22IL23IQ23IS26IT27JO30KW30KZ20LB28LC32LI21LT20LU20LV21LY25MC27MD24ME22MK19MN20MR27MT31MU30NI28NL18NO15OM23PK24PL28PS29PT25QA29RO24RS22RU33SA24SC31SD18SE24SI19SK24SM27SO23ST25SV28TL23TN24TR26UA29VA22VG24XK20YE30";

    public static void Find(ReadOnlySpan<char> text, uint kinds, ref List<PiiHit>? hits)
    {
        Span<char> compact = stackalloc char[40];
        Span<int> places = stackalloc int[40];
        for (var i = 0; i < text.Length;)
        {
            // Every one of them holds a digit, and the first digit has at most six letters before it.
            var offset = text[i..].IndexOfAnyInRange('0', '9');
            if (offset < 0)
            {
                return;
            }

            var start = StartOf(text, i + offset);
            var end = At(text, start, kinds, compact, places, out var kind, out var label);
            if (end <= start && start < i + offset)
            {
                start = i + offset;
                end = At(text, start, kinds, compact, places, out kind, out label);
            }

            if (end > start && PiiScanner.Add(ref hits, new PiiHit(kind, label, start, end)))
            {
                i = end;
                continue;
            }

            var rest = text[(i + offset)..].IndexOfAnyExceptInRange('0', '9');
            i = rest < 0 ? text.Length : i + offset + rest;
        }
    }

    // Back over letters; "GB 29 NWBK" and "AB 12 34 56 C" set a blank behind the first two.
    static int StartOf(ReadOnlySpan<char> text, int digit)
    {
        var start = digit;
        while (start > 0 && digit - start < 7 && char.IsAsciiLetter(text[start - 1]))
        {
            start--;
        }

        return start == digit && digit >= 3 && text[digit - 1] == ' ' && char.IsAsciiLetter(text[digit - 2]) && char.IsAsciiLetter(text[digit - 3]) && (digit == 3 || !char.IsLetterOrDigit(text[digit - 4]))
            ? digit - 3
            : start;
    }

    static int At(ReadOnlySpan<char> text, int start, uint kinds, Span<char> compact, Span<int> places, out PiiKind kind, out string label)
    {
        (kind, label) = (PiiKind.NationalId, "");
        if (start > 0 && (char.IsLetterOrDigit(text[start - 1]) || text[start - 1] == '_'))
        {
            return -1;
        }

        var count = Compact(text, start, compact, places);
        if (PiiScanner.Wants(kinds, PiiKind.Iban) && IbanLength(compact[..count]) is > 0 and var length && length <= count && EndsAt(text, places, length, count) && IsIban(compact[..length]))
        {
            (kind, label) = (PiiKind.Iban, "IBAN");
            return places[length - 1] + 1;
        }

        if (!PiiScanner.Wants(kinds, PiiKind.NationalId))
        {
            return -1;
        }

        foreach (var (name, size, check) in Checks)
        {
            if (count >= size && EndsAt(text, places, size, count) && check(compact[..size]) && places[size - 1] - start < size + 5)
            {
                label = name;
                return places[size - 1] + 1;
            }
        }

        return -1;
    }

    delegate bool Check(ReadOnlySpan<char> compact);

    static readonly (string Name, int Size, Check Holds)[] Checks =
    [
        ("Italian codice fiscale", 16, NationalIds.IsCodiceFiscale),
        ("Finnish henkilötunnus", 11, NationalIds.IsHenkilotunnus),
        ("Finnish henkilötunnus", 10, NationalIds.IsHenkilotunnus),
        ("Spanish DNI or NIE", 9, NationalIds.IsDni),
        ("UK National Insurance number", 9, NationalIds.IsNino),
    ];

    // Letters and digits, upper case, with single blanks, dots and dashes left out.
    static int Compact(ReadOnlySpan<char> text, int start, Span<char> compact, Span<int> places)
    {
        var count = 0;
        for (var i = start; i < text.Length && count < compact.Length; i++)
        {
            if (char.IsAsciiLetterOrDigit(text[i]))
            {
                places[count] = i;
                compact[count++] = char.ToUpperInvariant(text[i]);
            }
            else if (text[i] is not (' ' or '-' or '.' or '+' or '\u00a0') || i == start || !char.IsAsciiLetterOrDigit(text[i - 1]))
            {
                break;
            }
        }

        return count;
    }

    // The number must not go on without a break.
    static bool EndsAt(ReadOnlySpan<char> text, ReadOnlySpan<int> places, int length, int count)
    {
        var next = places[length - 1] + 1;
        return next >= text.Length || (!char.IsLetterOrDigit(text[next]) && text[next] != '_' && (length == count || places[length] != next));
    }

    static int IbanLength(ReadOnlySpan<char> compact)
    {
        for (var i = 0; i < Lengths.Length && compact.Length >= 15 && char.IsAsciiDigit(compact[2]) && char.IsAsciiDigit(compact[3]); i += 4)
        {
            if (compact.StartsWith(Lengths.AsSpan(i, 2), StringComparison.Ordinal))
            {
                return ((Lengths[i + 2] - '0') * 10) + Lengths[i + 3] - '0';
            }
        }

        return 0;
    }

    // ISO 13616: the first four to the end, letters as 10…35, remainder 1 by 97.
    static bool IsIban(ReadOnlySpan<char> compact)
    {
        var remainder = 0;
        for (var i = 0; i < compact.Length; i++)
        {
            var character = compact[(i + 4) % compact.Length];
            remainder = char.IsAsciiDigit(character) ? ((remainder * 10) + character - '0') % 97 : ((remainder * 100) + character - 'A' + 10) % 97;
        }

        return remainder == 1;
    }
}
