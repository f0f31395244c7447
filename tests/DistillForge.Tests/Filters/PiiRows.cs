using System.Globalization;
using System.Numerics;
using DistillForge.Filters;

namespace DistillForge.Tests.Filters;

/// <summary>
/// Texts with personal data made up by the public rules of its formats, and texts with numbers that are none. Computes every check digit by itself,
/// in another way than the detectors do where there is one.
/// </summary>
sealed class PiiRows(int seed)
{
    readonly Random random = new(seed);

    public sealed record Row(string Text, PiiKind? Kind, string Value)
    {
        public int Start => Text.IndexOf(Value, StringComparison.Ordinal);
    }

    static readonly string[] First = ["anna", "ben", "chloe", "dmitri", "eva", "farid", "grace", "hiro", "ines", "jonas"];
    static readonly string[] Last = ["miller", "o'neil", "garcia", "nguyen", "schmidt", "rossi", "dubois", "novak", "silva", "kim"];
    static readonly string[] Hosts = ["example.com", "mail.example.org", "firma.example.de", "uni-test.example.ac.uk", "test.example.io", "post.example.travel"];

    public Row Personal()
    {
        var (kind, value, lead) = random.Next(14) switch
        {
            0 or 1 => (PiiKind.Email, Email(), Pick("Write to ", "My address is ", "E-mail: ", "Reach us (", "From: Anna <")),
            2 or 3 or 4 => Phone(),
            5 or 6 => (PiiKind.Iban, Iban(), Pick("IBAN: ", "Pay into ", "My account is ", "Bitte überweisen Sie auf ")),
            7 or 8 => (PiiKind.Card, Card(), Pick("Card ", "My Visa is ", "Pay with ", "cc: ")),
            9 => (PiiKind.IpAddress, Ip(), Pick("I logged in from ", "Host ", "blocked ", "ip=")),
            10 or 11 => (PiiKind.Secret, Secret(), Pick("key: ", "export TOKEN=", "use \"", "token ")),
            _ => NationalId(),
        };
        var tail = lead.EndsWith('(') ? ") soon." : lead.EndsWith('<') ? "> wrote:" : lead.EndsWith('"') ? "\" here" : Pick(".", " please.", ", thanks!", "\nBye", "");
        return new Row(Pick("", "Hello. ", "Sure! ", "As discussed on 3 May 2024: ") + lead + value + tail, kind, value);
    }

    public Row Harmless() => new(random.Next(24) switch
    {
        0 => $"The meeting is on {random.Next(1, 29):00}.{random.Next(1, 13):00}.{random.Next(1990, 2030)} at {random.Next(24)}:{random.Next(60):00}.",
        1 => $"Released {random.Next(1990, 2030)}-{random.Next(1, 13):00}-{random.Next(1, 29):00}T{random.Next(24):00}:{random.Next(60):00}:{random.Next(60):00}Z.",
        2 => $"It costs ${random.Next(1, 9999):N0}.{random.Next(100):00}, or {random.Next(1, 99)}% less.",
        3 => $"Order {Digits(8)} shipped; your invoice is INV-{Digits(6)}.",
        4 => $"ISBN 978-{Digits(1)}-{Digits(3)}-{Digits(5)}-{Digits(1)} is a good book.",
        5 => $"Version {random.Next(20)}.{random.Next(20)}.{random.Next(20)}.{random.Next(9999)} fixes the bug.",
        6 => $"pi is {Math.PI.ToString("F14", CultureInfo.InvariantCulture)} and e is {Math.E.ToString("F14", CultureInfo.InvariantCulture)}.",
        7 => $"The id is {Hex(8)}-{Hex(4)}-{Hex(4)}-{Hex(4)}-{Hex(12)}.",
        8 => $"commit {Hex(40)} broke it",
        9 => $"In {random.Next(1000, 2100)}, {random.Next(1, 999)},{random.Next(100, 999)},{random.Next(100, 999)} people lived there.",
        10 => $"Berlin lies at {random.Next(90)}.{Digits(6)}, {random.Next(180)}.{Digits(6)}.",
        11 => $"x = [{string.Join(", ", Enumerable.Range(0, 8).Select(_ => random.Next(100)))}]",
        12 => $"{random.Next(100, 999)} + {random.Next(100, 999)} = {random.Next(1000, 1999)}, says the {random.Next(2, 9)}th line.",
        13 => $"See pages {random.Next(100, 500)}-{random.Next(500, 900)} of chapter {random.Next(1, 20)}.{random.Next(1, 9)}.",
        14 => $"Mention @{Pick(First)} in the thread, or use @Override in Java.",
        15 => $"The score was {random.Next(9)}:{random.Next(9)}; it lasted {random.Next(60, 120)} minutes.",
        16 => $"At {random.Next(24):00}:{random.Next(60):00}:{random.Next(60):00} the ratio was {random.Next(1, 9)}:{random.Next(1, 9)}:{random.Next(1, 9)}.",
        17 => $"std::vector<int>::iterator and a[{random.Next(100)}:{random.Next(100, 200)}:2]",
        18 => $"Listening on 127.0.0.1:{random.Next(1024, 65535)} and 0.0.0.0.",
        19 => $"Use sk-your-key-here or ghp_xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx as placeholders.",
        20 => $"Call 911 in an emergency, or {random.Next(100, 199)} for the fire brigade.",
        21 => $"The tracking number is 1Z{Hex(6).ToUpperInvariant()}{Digits(8)}.",
        22 => $"A byte has 8 bits, {1 << random.Next(10, 30)} is a power of two, {random.NextInt64(1L << 40, 1L << 42)} is a timestamp.",
        _ => $"Resolution {random.Next(640, 3840)}x{random.Next(480, 2160)}, {random.Next(24, 120)} Hz, ratio 16:9, {random.Next(1, 99)}.{random.Next(10, 99)} MB.",
    }, null, "");

    string Email()
    {
        var (first, last) = (Pick(First), Pick(Last));
        return Pick($"{first}.{last}", $"{first[0]}{last}", $"{first}_{last}{random.Next(100)}", $"{first}+shop", $"{last}-{first}").Replace("'", "") + "@" + Pick(Hosts);
    }

    (PiiKind, string, string) Phone()
    {
        var nanp = $"{random.Next(2, 10)}{random.Next(0, 10)}{random.Next(2, 10)}";
        var office = $"{random.Next(2, 10)}{random.Next(2, 10)}{random.Next(0, 10)}";
        return random.Next(10) switch
        {
            0 => (PiiKind.Phone, $"+1 {nanp}-{office}-{Digits(4)}", "Call "),
            1 => (PiiKind.Phone, $"({nanp}) {office}-{Digits(4)}", "I am at "),
            2 => (PiiKind.Phone, $"{nanp}-{office}-{Digits(4)}", "Text me: "),
            3 => (PiiKind.Phone, $"{nanp}.{office}.{Digits(4)}", "Office "),
            4 => (PiiKind.Phone, $"+49 {random.Next(30, 90)} {Digits(7)}", "Ruf mich an: "),
            5 => (PiiKind.Phone, $"+44 20 7{Digits(3)} {Digits(4)}", "London: "),
            6 => (PiiKind.Phone, $"0{random.Next(1, 7)} {Digits(2)} {Digits(2)} {Digits(2)} {Digits(2)}", "Mon portable : "),
            7 => (PiiKind.Phone, $"+86 13{random.Next(0, 10)} {Digits(4)} {Digits(4)}", "Shanghai: "),
            8 => (PiiKind.Phone, $"+91{random.Next(6, 10)}{Digits(9)}", "WhatsApp "),
            _ => (PiiKind.Phone, $"017{random.Next(0, 10)}/{Digits(7)}", "Handy: "),
        };
    }

    string Iban()
    {
        var (country, bban) = random.Next(6) switch
        {
            0 => ("DE", Digits(18)),
            1 => ("GB", Letters(4) + Digits(14)),
            2 => ("FR", Digits(10) + (Letters(1) + Digits(10)) + Digits(2)),
            3 => ("ES", Digits(20)),
            4 => ("NL", Letters(4) + Digits(10)),
            _ => ("CH", Digits(17)),
        };
        var number = BigInteger.Parse(string.Concat((bban + country + "00").Select(c => char.IsDigit(c) ? $"{c}" : $"{c - 'A' + 10}")));
        var iban = $"{country}{98 - (int)(number % 97):00}{bban}";
        return random.Next(2) == 0 ? iban : string.Join(' ', iban.Chunk(4).Select(chunk => new string(chunk)));
    }

    string Card()
    {
        var (prefix, length) = random.Next(5) switch { 0 => ("4", 16), 1 => ($"5{random.Next(1, 6)}", 16), 2 => ("37", 15), 3 => ("6011", 16), _ => ($"22{random.Next(30, 99)}", 16) };
        var body = prefix + Digits(length - prefix.Length - 1);
        var digit = Enumerable.Range(0, 10).Single(check => LuhnSum(body + check) % 10 == 0);
        var number = $"{body}{digit}";
        return length == 15 ? Pick(number, $"{number[..4]} {number[4..10]} {number[10..]}") : Pick(number, Grouped(number, " "), Grouped(number, "-"));
    }

    static string Grouped(string number, string separator) => string.Join(separator, number.Chunk(4).Select(chunk => new string(chunk)));

    static int LuhnSum(string digits) => digits.Reverse().Select((c, i) => i % 2 == 0 ? c - '0' : $"{2 * (c - '0')}".Sum(d => d - '0')).Sum();

    string Ip() => random.Next(3) switch
    {
        0 => $"{random.Next(11, 120)}.{random.Next(256)}.{random.Next(256)}.{random.Next(1, 255)}",
        1 => $"2001:db8:{Hex(4)}:{Hex(4)}:{Hex(4)}:{Hex(4)}:{Hex(4)}:{Hex(4)}",
        _ => $"fe80::{1 + random.Next(8)}{Hex(3)}:{Hex(4)}",
    };

    string Secret() => random.Next(10) switch
    {
        0 => "AKIA" + Text("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567", 16),
        1 => "ghp_" + Mixed(36),
        2 => "sk-" + Mixed(48),
        3 => "xoxb-" + Digits(12) + "-" + Digits(12) + "-" + Mixed(24),
        4 => "AIza" + Mixed(35),
        5 => "hf_" + Text("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ", 34),
        6 => "glpat-" + Mixed(20),
        7 => "sk_live_" + Mixed(24),
        8 => $"eyJhbGciOiJIUzI1NiJ9.eyJ{Mixed(40)}.{Mixed(43)}",
        _ => "npm_" + Mixed(36),
    };

    (PiiKind, string, string) NationalId()
    {
        var (day, month, year) = (random.Next(1, 29), random.Next(1, 13), random.Next(40, 100));
        var date = $"{year:00}{month:00}{day:00}";
        var (value, lead) = random.Next(12) switch
        {
            0 => ($"{random.Next(1, 600):000}-{random.Next(1, 100):00}-{random.Next(1, 10000):0000}", "SSN "),
            1 => ($"{random.Next(1, 600):000}{random.Next(1, 100):00}{random.Next(1, 10000):0000}", "My social security number is "),
            2 => (Search(8, d => $"{d}{"TRWAGMYFPDXBNJZSQVHLCKE"[int.Parse(d) % 23]}"), "DNI: "),
            3 => (French(year, month), "NIR "),
            4 => (Find(() => $"{date}{Digits(5)}", d => WeightedSum(d, "13791379131") % 10 == 0), "PESEL: "),
            5 => (Find(() => $"{date}-{Digits(4)}", d => LuhnSum(d.Replace("-", "")) % 10 == 0), "personnummer "),
            6 => (Cpf(), "CPF "),
            7 => ($"{Pick("AB", "CE", "HJ", "PR", "SW")} {Digits(2)} {Digits(2)} {Digits(2)} {Pick("A", "B", "C", "D")}", "National Insurance: "),
            8 => (Find(() => $"756.{Digits(4)}.{Digits(4)}.{Digits(2)}", d => WeightedSum(d.Replace(".", ""), "1313131313131") % 10 == 0), "AHV "),
            9 => (Find(() => Digits(9), d => (WeightedSum(d[..8], "98765432") - (d[8] - '0')) % 11 == 0 && d.Distinct().Count() > 2), "BSN: "),
            10 => ($"{day:00}{month:00}{year:00}-{Digits(4)}", "CPR "),
            _ => (Find(() => $"{random.Next(1, 10)}{Digits(10)}", IsGermanTaxId), "Meine Steuer-ID ist "),
        };
        return (PiiKind.NationalId, value, lead);
    }

    string French(int year, int month)
    {
        var body = $"{random.Next(1, 3)}{year:00}{month:00}{random.Next(1, 95):00}{random.Next(1, 990):000}{random.Next(1, 999):000}";
        var key = 97 - (int)(BigInteger.Parse(body) % 97);
        return random.Next(2) == 0 ? $"{body}{key:00}" : $"{body[0]} {body[1..3]} {body[3..5]} {body[5..7]} {body[7..10]} {body[10..]} {key:00}";
    }

    string Cpf()
    {
        var nine = Digits(9);
        var first = Rest(nine);
        var d = nine + first + Rest(nine + first);
        return $"{d[..3]}.{d[3..6]}.{d[6..9]}-{d[9..]}";

        static int Rest(string digits) => digits.Select((c, i) => (c - '0') * (digits.Length + 1 - i)).Sum() % 11 is var rest && rest < 2 ? 0 : 11 - rest;
    }

    // The rule as the tax office words it: one digit twice or thrice among ten, then the check by the iterated product.
    static bool IsGermanTaxId(string d)
    {
        var groups = d[..10].GroupBy(c => c).Select(group => group.Count()).ToList();
        if (groups.Count(count => count > 1) != 1 || groups.Max() > 3)
        {
            return false;
        }

        var product = d[..10].Aggregate(10, (p, c) => (((c - '0' + p) % 10) is 0 ? 10 : (c - '0' + p) % 10) * 2 % 11);
        return (11 - product == 10 ? 0 : 11 - product) == d[10] - '0';
    }

    static int WeightedSum(string digits, string weights) => digits.Zip(weights, (d, w) => (d - '0') * (w - '0')).Sum();

    static string Find(Func<string> draw, Func<string, bool> holds) => Enumerable.Repeat(0, 1_000_000).Select(_ => draw()).First(holds);

    string Search(int digits, Func<string, string> complete) => complete(Digits(digits));

    string Digits(int count) => Text("0123456789", count);

    string Letters(int count) => Text("ABCDEFGHIJKLMNOPQRSTUVWXYZ", count);

    string Hex(int count) => Text("0123456789abcdef", count);

    string Mixed(int count) => Text("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789", count - 1) + random.Next(10);

    string Text(string alphabet, int count) => string.Concat(Enumerable.Range(0, count).Select(_ => alphabet[random.Next(alphabet.Length)]));

    T Pick<T>(params T[] choices) => choices[random.Next(choices.Length)];
}
