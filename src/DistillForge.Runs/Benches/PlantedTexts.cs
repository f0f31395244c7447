using DistillForge.Filters;

namespace DistillForge.Runs.Benches;

/// <summary>One text of the bench, with what was planted in it, or nothing.</summary>
sealed record PlantedText(string Text, PlantedValue? Value);

/// <summary>The texts around planted data in several formats, and texts with numbers and names that are nobody's.</summary>
sealed class PlantedTexts
{
    static readonly PiiKind[] Kinds = Enum.GetValues<PiiKind>();

    readonly Random random;
    readonly PlantedPii pii;

    public PlantedTexts(int seed)
    {
        random = new Random(seed);
        pii = new PlantedPii(random);
    }

    public PlantedText Personal()
    {
        var value = pii.Draw(Kinds[random.Next(Kinds.Length)]);
        var (v, said) = (value.Value, value.Lead + value.Value);
        var label = value.Lead.Length > 0 ? value.Lead.Trim().TrimEnd(':') : Label(value.Kind);
        return new PlantedText(
            random.Next(12) switch
            {
                0 => $"Sure, I have noted it: {said}. Anything else?",
                1 => $"{{\"customer\": 4711, \"{label}\": \"{v}\", \"note\": \"called twice\"}}",
                2 => $"id;{label};city\n1;{v};Graz\n2;;Linz",
                3 => $"2024-03-{random.Next(10, 28)} 08:1{random.Next(10)}:22 WARN retry=3 {label}={v} took 45 ms",
                4 => $"| field | value |\n|---|---|\n| {label} | {v} |\n| status | open |",
                5 => $"Bitte prüfen Sie die Angabe {said} und melden Sie sich.",
                6 => $"<tr><td>{label}</td><td>{v}</td></tr>",
                7 => $"- name: client-7\n  {label}: {v}\n  active: true",
                8 => $"The form says \"{said}\", which matches what we have on file.",
                9 => $"Voici ce que j'ai trouvé : {said}, merci de confirmer.",
                10 => $"Best regards,\nthe front desk\n{label}: {v}\n",
                _ => $"INSERT INTO people ({label.Replace(' ', '_')}) VALUES ('{v}');",
            },
            value);
    }

    string Label(PiiKind kind) => kind switch
    {
        PiiKind.Email => pii.Pick("email", "e-mail", "contact", "mail"),
        PiiKind.Phone => pii.Pick("phone", "tel", "mobile"),
        PiiKind.Iban => pii.Pick("iban", "IBAN", "account"),
        PiiKind.Card => pii.Pick("card", "card_number", "credit card"),
        PiiKind.IpAddress => pii.Pick("ip", "client_ip", "remote_addr", "host"),
        _ => pii.Pick("key", "token", "api_key", "secret"),
    };

    public PlantedText Harmless() => new(
        random.Next(30) switch
        {
            0 => $"Your order {pii.Digits(3)}-{pii.Digits(7)}-{pii.Digits(7)} ships on {random.Next(1, 28)}/{random.Next(1, 13)}/2024.",
            1 => $"Update to version {random.Next(1, 30)}.{random.Next(20)}.{random.Next(20000, 60000)}.{random.Next(1000)} before Friday.",
            2 => $"ISBN {Isbn()}, second edition, {random.Next(80, 900)} pages.",
            3 => $"color: #{pii.Hex(6)}; background: #{pii.Hex(3)}; border: 1px solid #{pii.Hex(8)};",
            4 => $"request_id={pii.Hex(8)}-{pii.Hex(4)}-4{pii.Hex(3)}-a{pii.Hex(3)}-{pii.Hex(12)} status=200",
            5 => $"sha256:{pii.Hex(64)}",
            6 => $"{{\"created\": {random.Next(1_500_000_000, 1_800_000_000)}, \"size\": {pii.Digits(9)}, \"ratio\": 0.{pii.Digits(12)}}}",
            7 => $"lat {random.Next(-89, 90)}.{pii.Digits(5)}, lon {random.Next(-179, 180)}.{pii.Digits(5)}",
            8 => $"The area is {random.Next(1, 400)} {pii.Digits(3)} {pii.Digits(3)} km² and {random.Next(2, 90)} 000 people live there.",
            9 => $"doi:10.{random.Next(1000, 9999)}/j.cell.{random.Next(1990, 2025)}.0{random.Next(1, 10)}.{pii.Digits(3)}",
            10 => $"arXiv:{random.Next(10, 25)}{random.Next(1, 13):00}.{pii.Digits(5)} was revised on 20{random.Next(10, 25)}-0{random.Next(1, 10)}-1{random.Next(10)}.",
            11 => $"npm install @scope/package@{random.Next(1, 20)}.{random.Next(20)}.{random.Next(20)} --save-dev",
            12 => $"@app.route('/items/<int:id>')\ndef item(id): return rows[{random.Next(100)}]",
            13 => $"Tracking number 1Z{pii.From("ABCDEFGHJKLMNPQRSTUVWXYZ0123456789", 6)}{pii.Digits(10)} has left the depot.",
            14 => $"Meeting from {random.Next(8, 12):00}:{random.Next(60):00} to {random.Next(13, 18):00}:{random.Next(60):00}, room {random.Next(1, 9)}.{random.Next(100, 400)}.",
            15 => $"The MAC of the switch is {string.Join(':', Enumerable.Range(0, 6).Select(_ => pii.Hex(2)))}.",
            16 => $"EAN {Ean()} costs {random.Next(1, 99)}.{pii.Digits(2)} EUR.",
            17 => $"Section {random.Next(1, 20)}.{random.Next(1, 20)}.{random.Next(1, 20)}.{random.Next(1, 20)} of the standard says so.",
            18 => $"<img src=\"data:image/png;base64,{pii.From("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/", 80)}\">",
            19 => $"Part no. {pii.Digits(2)}-{pii.Digits(4)}-{pii.Digits(3)} replaces {pii.Digits(2)}-{pii.Digits(4)}-{pii.Digits(3)}.",
            20 => $"[{string.Join(", ", Enumerable.Range(0, 10).Select(_ => random.Next(1000)))}] sums to {random.Next(5000)}.",
            21 => $"In {random.Next(1800, 2024)}-{random.Next(10, 99)} the club scored {random.Next(20, 90)}:{random.Next(20, 90)}.",
            22 => $"Set API_KEY to the value of your dashboard, e.g. export API_KEY=<your-key>.",
            23 => $"commit {pii.Hex(40)} (HEAD -> main)",
            24 => $"Invoice {random.Next(2015, 2025)}-{pii.Digits(6)}, due in {random.Next(7, 60)} days, total {random.Next(1, 9)},{pii.Digits(3)}.{pii.Digits(2)} USD",
            25 => $"x = {random.Next(1, 9)}.{pii.Digits(15)}e-{random.Next(1, 30):00}; y = {pii.Digits(16)} % 97",
            26 => $"Flight LH{random.Next(100, 999)} leaves at {random.Next(24):00}{random.Next(60):00} from gate B{random.Next(1, 60)}, seat {random.Next(1, 40)}{pii.From("ABCDEF", 1)}.",
            27 => $"user @{pii.Pick("mika", "the_real_jo", "dev4all")} starred the repo {random.Next(2, 900)} times",
            28 => $"Case C-{random.Next(10, 900)}/{random.Next(10, 24)}, paragraphs {random.Next(20, 50)}-{random.Next(51, 90)}; § {random.Next(100, 999)} Abs. {random.Next(1, 4)} BGB",
            _ => $"ticket #{pii.Digits(5)} was merged into #{pii.Digits(5)}; ref {pii.From("ABCDEFGHIJKLMNOPQRSTUVWXYZ", 3)}{pii.Digits(8)}",
        },
        null);

    string Isbn()
    {
        var digits = "978" + pii.Digits(9);
        var check = (10 - (digits.Select((c, i) => (c - '0') * (i % 2 == 0 ? 1 : 3)).Sum() % 10)) % 10;
        return $"978-{digits[3]}-{digits[4..8]}-{digits[8..]}-{check}";
    }

    string Ean() => pii.Digits(13);
}
