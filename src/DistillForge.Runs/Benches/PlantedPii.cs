using System.Globalization;
using System.Numerics;
using DistillForge.Filters;

namespace DistillForge.Runs.Benches;

/// <summary>One piece of personal data that follows its format's public rules.</summary>
sealed record PlantedValue(PiiKind Kind, string Format, string Value, string Lead = "");

/// <summary>
/// Personal data made from the public rules of each format (E.164 and national numbering plans, ISO 13616, ISO/IEC 7812, RFC 5322 and 4291, the states'
/// own rules for ids, the services' documents for keys). Written apart from the detectors.
/// </summary>
sealed class PlantedPii(Random random)
{
    const string Upper = "ABCDEFGHIJKLMNOPQRSTUVWXYZ";
    const string Base62 = Upper + "abcdefghijklmnopqrstuvwxyz0123456789";

    static readonly string[] Names = ["lena", "marek", "priya", "tomas", "yuki", "olga", "sean", "amira", "piotr", "lucia", "henrik", "zoe"];
    static readonly string[] Families = ["hartmann", "kowalski", "iyer", "svensson", "tanaka", "petrova", "murphy", "haddad", "moreau", "ferrari", "janssen", "costa"];
    static readonly string[] Domains = ["nordlicht-werke.de", "pacificmills.co.nz", "gmail.com", "posteo.net", "cs.univ-lyon.fr", "outlook.com", "acme-tools.io", "kancelaria24.com.pl", "mail.tokyo-print.jp", "startup.dev", "hospital.health", "x7.org"];

    public PlantedValue Draw(PiiKind kind) => kind switch
    {
        PiiKind.Email => Of(kind, "email", Email()),
        PiiKind.Phone => Phone(),
        PiiKind.Iban => Iban(),
        PiiKind.Card => Card(),
        PiiKind.IpAddress => Ip(),
        PiiKind.Secret => Secret(),
        _ => NationalId(),
    };

    static PlantedValue Of(PiiKind kind, string format, string value, string lead = "") => new(kind, format, value, lead);

    public string Digits(int count) => string.Concat(Enumerable.Range(0, count).Select(_ => (char)('0' + random.Next(10))));

    public string From(string alphabet, int count) => string.Concat(Enumerable.Range(0, count).Select(_ => alphabet[random.Next(alphabet.Length)]));

    public string Pick(params string[] choices) => choices[random.Next(choices.Length)];

    string Email()
    {
        var (name, family, domain) = (Pick(Names), Pick(Families), Pick(Domains));
        return random.Next(7) switch
        {
            0 => $"{name}.{family}@{domain}",
            1 => $"{name[0]}{family}{random.Next(100)}@{domain}",
            2 => $"{name}+{Pick("news", "shop", "2024")}@{domain}",
            3 => $"{family}_{name}@{domain}",
            4 => $"{char.ToUpperInvariant(name[0])}{name[1..]}.{char.ToUpperInvariant(family[0])}{family[1..]}@{domain.ToUpperInvariant()}",
            5 => $"{name}-{family}@{domain}",
            _ => $"{random.Next(1000, 9999)}.{name}@{domain}",
        };
    }

    PlantedValue Phone()
    {
        var n = (int low, int high) => random.Next(low, high).ToString(CultureInfo.InvariantCulture);
        return random.Next(11) switch
        {
            0 => Of(PiiKind.Phone, "us", $"({n(201, 990)}) {n(200, 1000)}-{Digits(4)}"),
            1 => Of(PiiKind.Phone, "us-e164", $"+1{n(201, 990)}{n(200, 1000)}{Digits(4)}"),
            2 => Of(PiiKind.Phone, "us-dots", $"{n(201, 990)}.{n(200, 1000)}.{Digits(4)}", "phone "),
            3 => Of(PiiKind.Phone, "uk", $"+44 20 7{Digits(3)} {Digits(4)}"),
            4 => Of(PiiKind.Phone, "uk-mobile", $"07{n(400, 1000)} {Digits(6)}", "call me on "),
            5 => Of(PiiKind.Phone, "de", $"+49 30 {n(2, 10)}{Digits(6)}"),
            6 => Of(PiiKind.Phone, "de-mobile", $"017{n(0, 10)} {n(2, 10)}{Digits(6)}", "Handy: "),
            7 => Of(PiiKind.Phone, "fr", $"0{n(1, 6)} {Digits(2)} {Digits(2)} {Digits(2)} {Digits(2)}", "tél. "),
            8 => Of(PiiKind.Phone, "es", $"+34 6{Digits(2)} {Digits(3)} {Digits(3)}"),
            9 => Of(PiiKind.Phone, "in", $"+91 {n(7, 10)}{Digits(4)} {Digits(5)}"),
            _ => Of(PiiKind.Phone, "jp", $"+81-3-{n(3000, 7000)}-{Digits(4)}"),
        };
    }

    PlantedValue Iban()
    {
        var (country, account) = random.Next(11) switch
        {
            0 => ("DE", Digits(18)),
            1 => ("FR", Digits(10) + From(Upper, 1) + Digits(12)),
            2 => ("GB", From(Upper, 4) + Digits(14)),
            3 => ("NL", From(Upper, 4) + Digits(10)),
            4 => ("ES", Digits(20)),
            5 => ("IT", From(Upper, 1) + Digits(22)),
            6 => ("CH", Digits(17)),
            7 => ("AT", Digits(16)),
            8 => ("PL", Digits(24)),
            9 => ("SE", Digits(20)),
            _ => ("NO", Digits(11)),
        };
        var digits = string.Concat((account + country + "00").Select(c => char.IsDigit(c) ? c.ToString() : (c - 'A' + 10).ToString(CultureInfo.InvariantCulture)));
        var iban = $"{country}{98 - (int)(BigInteger.Parse(digits, CultureInfo.InvariantCulture) % 97):00}{account}";
        return Of(PiiKind.Iban, "iban-" + country, random.Next(2) == 0 ? iban : Grouped(iban, ' ', 4));
    }

    PlantedValue Card()
    {
        var (name, start, length) = random.Next(6) switch
        {
            0 or 1 => ("visa", "4", 16),
            2 => ("mastercard", random.Next(51, 56).ToString(CultureInfo.InvariantCulture), 16),
            3 => ("mastercard-2", random.Next(2221, 2721).ToString(CultureInfo.InvariantCulture), 16),
            4 => ("amex", Pick("34", "37"), 15),
            _ => ("discover", "6011", 16),
        };
        var number = WithLuhn(start + Digits(length - 1 - start.Length));
        var written = random.Next(3) switch
        {
            0 => number,
            1 when length == 15 => $"{number[..4]} {number[4..10]} {number[10..]}",
            1 => Grouped(number, ' ', 4),
            _ when length == 15 => number,
            _ => Grouped(number, '-', 4),
        };
        return Of(PiiKind.Card, name, written);
    }

    PlantedValue Ip() => random.Next(3) switch
    {
        0 or 1 => Of(PiiKind.IpAddress, "v4", $"{Pick("5", "37", "62", "81", "93", "146", "185", "203", "217")}.{random.Next(256)}.{random.Next(256)}.{random.Next(1, 255)}"),
        _ when random.Next(2) == 0 => Of(PiiKind.IpAddress, "v6", $"2a0{Hex(1)}:{string.Join(':', Enumerable.Range(0, 7).Select(_ => "1" + Hex(3)))}"),
        _ => Of(PiiKind.IpAddress, "v6-short", $"2001:{Hex(3)}1:{Hex(2)}a::{Hex(3)}1"),
    };

    public string Hex(int count) => From("0123456789abcdef", count);

    PlantedValue Secret() => random.Next(9) switch
    {
        0 => Of(PiiKind.Secret, "aws", "AKIA" + From(Upper + "234567", 16)),
        1 => Of(PiiKind.Secret, "github", Pick("ghp_", "gho_", "ghs_") + From(Base62, 36)),
        2 => Of(PiiKind.Secret, "stripe", Pick("sk_live_", "rk_live_") + From(Base62, 24)),
        3 => Of(PiiKind.Secret, "google", "AIza" + From(Base62 + "-_", 34) + From(Base62, 1)),
        4 => Of(PiiKind.Secret, "slack", $"xoxb-{Digits(12)}-{Digits(12)}-{From(Base62, 24)}"),
        5 => Of(PiiKind.Secret, "gitlab", "glpat-" + From(Base62, 20)),
        6 => Of(PiiKind.Secret, "jwt", $"eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJzdWIiOiI{From(Base62, 28)}.{From(Base62, 43)}"),
        7 => Of(PiiKind.Secret, "npm", "npm_" + From(Base62, 36)),
        _ => Of(PiiKind.Secret, "hugging-face", "hf_" + From(Base62[..52], 34)),
    };

    PlantedValue NationalId()
    {
        PlantedValue Id(string format, string value, string lead = "") => Of(PiiKind.NationalId, format, value, lead);
        var (year, month, day) = (random.Next(40, 100), random.Next(1, 13), random.Next(1, 29));
        switch (random.Next(9))
        {
            case 0:
                var area = random.Next(1, 899);
                return Id("us-ssn", $"{(area == 666 ? 665 : area):000}-{random.Next(1, 100):00}-{random.Next(1, 10000):0000}", "SSN ");
            case 1:
                return Id("uk-nino", $"{Pick("AB", "CE", "HK", "JX", "NP", "PR", "SY")} {Digits(2)} {Digits(2)} {Digits(2)} {From("ABCD", 1)}", "National Insurance number ");
            case 2:
                var dni = random.Next(1, 100_000_000);
                return Id("es-dni", $"{dni:00000000}{"TRWAGMYFPDXBNJZSQVHLCKE"[dni % 23]}", "DNI ");
            case 3:
                var body = $"{random.Next(1, 3)}{year:00}{month:00}{random.Next(1, 96):00}{random.Next(1, 990):000}{random.Next(1, 1000):000}";
                return Id("fr-nir", body + (97 - (long.Parse(body, CultureInfo.InvariantCulture) % 97)).ToString("00", CultureInfo.InvariantCulture), "numéro de sécurité sociale ");
            case 4:
                return Id("pl-pesel", Weighted($"{year:00}{month:00}{day:00}{Digits(4)}", [1, 3, 7, 9, 1, 3, 7, 9, 1, 3], sum => (10 - (sum % 10)) % 10), "PESEL ");
            case 5:
                return Id("se-personnummer", WithLuhn($"{year:00}{month:00}{day:00}{Digits(3)}").Insert(6, "-"), "personnummer ");
            case 6:
                var number = int.Parse($"{day:00}{month:00}{year:00}{random.Next(2, 900):000}", CultureInfo.InvariantCulture);
                return Id("fi-hetu", $"{day:00}{month:00}{year:00}-{number % 1000:000}{"0123456789ABCDEFHJKLMNPRSTUVWXY"[number % 31]}", "henkilötunnus ");
            case 7:
                var nine = Digits(9);
                var ten = Weighted(nine, [10, 9, 8, 7, 6, 5, 4, 3, 2], sum => sum % 11 < 2 ? 0 : 11 - (sum % 11));
                var cpf = Weighted(ten, [11, 10, 9, 8, 7, 6, 5, 4, 3, 2], sum => sum % 11 < 2 ? 0 : 11 - (sum % 11));
                return Id("br-cpf", $"{cpf[..3]}.{cpf[3..6]}.{cpf[6..9]}-{cpf[9..]}", "CPF ");
            default:
                string eight;
                int check;
                do
                {
                    eight = Digits(8);
                    check = eight.Select((c, i) => (c - '0') * (9 - i)).Sum() % 11;
                }
                while (check == 10);
                return Id("nl-bsn", eight + check, "BSN ");
        }
    }

    static string Weighted(string digits, int[] weights, Func<int, int> check) => digits + check(digits.Select((c, i) => (c - '0') * weights[i]).Sum());

    public static string WithLuhn(string digits)
    {
        var sum = digits.Reverse().Select((c, i) => i % 2 == 0 ? (2 * (c - '0') / 10) + (2 * (c - '0') % 10) : c - '0').Sum();
        return digits + ((10 - (sum % 10)) % 10);
    }

    static string Grouped(string text, char between, int size) => string.Join(between, text.Chunk(size).Select(group => new string(group)));
}
