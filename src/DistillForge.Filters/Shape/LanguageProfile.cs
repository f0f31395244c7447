using System.Collections.Frozen;

namespace DistillForge.Filters;

/// <summary>What tells languages apart: scripts, function words, and letters that few languages write.</summary>
static class LanguageProfile
{
    // The commonest words of running text; a word of several languages counts for each, shared out.
    static readonly (string Code, string Words)[] Latin =
    [
        ("en", "the of and to in is that it was for on are with as his they be at this have from or had by but not what all were when we there can an your which their said if do will each about how up out them then she many some so these would other into has more her two like him see time could no make than been its who now my over did down only way find use may long these i you he me our us am get go just know think yes here hello please because should very where why any much also well let don doesn isn"),
        ("de", "der die das und ist in den von zu mit sich des auf für nicht ein eine als auch es an werden aus er hat dass sie nach wird bei einer um am sind noch wie einem über einen so zum war haben nur oder aber vor zur bis mehr durch man sein wurde wenn ich du wir ihr mich dir mir kann schon dann hier sehr können müssen bitte ja nein warum wo keine keinen dem im vom"),
        ("fr", "le la les de des du et est un une en que qui dans pour pas sur au avec il elle ce cette ces ne se par plus son sa ses mais ou comme nous vous ils elles je tu on sont été être avoir fait aux leur leurs tout tous si bien même où donc peut très aussi sans entre quand mon ma mes votre notre vos nos c'est qu d l j n s y quel quelle ainsi après avant chez oui merci"),
        ("es", "el la los las de del y que en un una es se por con no para su al lo como más pero sus le ya o este sí porque esta entre cuando muy sin sobre también me hasta hay donde quien desde todo nos durante todos uno les ni contra otros ese eso ante ellos e esto mí antes algunos qué unos yo otro otras otra él tanto esa estos mucho quienes nada muchos cual poco ella estar estas son está fue ser tiene puede hola gracias"),
        ("it", "il lo la i gli le di del della dei delle e che in un una è per con non si da al alla come più ma sono anche ha suo sua se questo questa nel nella dal dalla ai alle su o ci mi ti lui lei noi voi loro essere stato molto quando dove chi cosa perché così tutto tutti solo ancora dopo prima senza tra fra hanno può fare bene io tu quello quella degli sulla nei negli ho grazie sì"),
        ("pt", "o a os as de do da dos das e que em um uma é para com não se por mais na no nas nos como mas ao ele ela foi são seu sua ou ser quando muito há já está eu também só pelo pela até isso entre era depois sem mesmo aos ter seus quem me esse eles estão você tinha foram essa num nem suas meu às minha têm numa pelos elas havia seja qual será nós tenho lhe deles pode obrigado sim você"),
        ("nl", "de het een en van in is dat op te zijn met voor niet aan er om ook als dan maar bij nog uit of door over naar heeft hebben worden wordt werd was ik je we jij hij zij ze hun haar mijn deze dit die wat waar wie hoe veel meer kan kunnen moet zou geen wel al tot tegen omdat zeer alleen want onder onze u uw graag ja nee mij hem ons"),
        ("sv", "och att det i en som är på av för med den till inte har de ett om var jag men så vi han hon kan från eller när vid man också nu sig ska skulle efter upp ut där bara alla hade mycket mot under mer än här då hur vad vara blir blev sin sina mig dig oss dem några varje utan genom mellan innan ja nej tack ditt mitt din min"),
        ("da", "og at det i en som er på af for med den til ikke har de et om var jeg men så vi han hun kan fra eller når ved man også nu sig skal efter op ud der kun alle havde meget mod under mere end her da hvor hvad være bliver blev sin sine mig dig os dem nogle hver uden gennem mellem før ja nej tak dit mit din min hvis af blevet kunne ville skulle noget"),
        ("no", "og at det i en som er på av for med den til ikke har de et om var jeg men så vi han hun kan fra eller når ved man også nå seg skal etter opp ut der bare alle hadde mye mot under mer enn her da hvor hva være blir ble sin sine meg deg oss dem noen hver uten gjennom mellom før ja nei takk ditt mitt din min hvis blitt kunne ville skulle noe"),
        ("fi", "ja on ei se että oli hän ovat mutta kun niin kuin myös tai jos ole mitä sen joka ne hänen ollut vain voi olla jo nyt sitten minä sinä me te he tämä tämän joka jotka siitä sekä kanssa jälkeen ennen vielä hyvin kaikki mikä miten missä miksi koska kuten noin yli ovat olen olet emme eivät olisi minun sinun kiitos kyllä"),
        ("pl", "i w na z do to że się nie jest o jak za od po ale co tak dla przez już był być są tym te ten ta czy tylko może jego jej ich było była były który która które gdy oraz lub też bardzo pod przed nad bez u ja ty on ona my wy oni mnie mi ci go jest jestem jako jeszcze więc kiedy gdzie dlaczego kto tego tej tych mają można proszę dziękuję"),
        ("cs", "a v na je se že z do to s o jako za by i k od po ale jeho si byl jsou ve pro tak co nebo při už jen která který které kteří jeho jejich byla bylo být má mají má není jsem jsi jsme jste když kde proč kdo také více mezi před pod nad bez až než tento tato toto této tím podle ještě může můžete děkuji ano ne"),
        ("ro", "și în de la a pe cu că nu o este un din pentru care se mai ce au fost sunt ca al sau dar prin după iar lui ei el ea eu tu noi voi această acest acesta aceasta fi are avea cel cea cei cele despre foarte până când unde cum cine poate numai doar dacă fără între sub asupra asta ale unui unei îi își mulțumesc da"),
        ("hu", "a az és hogy nem is egy ez de van volt meg csak már mint vagy ha el azt ki még be mert le ezt én te ő mi ti ők volna lesz lehet kell nagyon minden aki ami amely után között majd itt ott hol mikor miért hogyan több sok való szerint által illetve sem ne vannak voltak kérem köszönöm igen"),
        ("tr", "ve bir bu da de için ile olarak çok en daha ne gibi kadar olan ama var mi mı o ben sen biz siz onlar sonra her şey değil ya ki veya hem ise olduğu oldu olur şu nasıl neden nerede kim hangi bana sana onu bunu diye ancak göre önce yok evet hayır teşekkürler lütfen iyi"),
        ("id", "yang dan di itu dengan untuk tidak ini dari dalam akan pada juga saya ke karena tersebut bisa ada mereka lebih kata oleh sudah atau saat sebagai dia kita kami telah bahwa anda kamu adalah hanya banyak seperti dapat jika bagi lagi belum apa mengapa bagaimana di mana sangat harus setelah para antara terima kasih ya bukan"),
        ("vi", "và của là có không được trong cho một các với những này đã đến người để khi từ như cũng ra về vào nhiều tôi bạn anh chị em ông bà đó nhưng thì rất sẽ phải còn nếu vì sao gì nào ở trên dưới sau trước lại chỉ hơn đang bị cảm ơn vâng làm"),
    ];

    static readonly (string Code, string Words)[] Cyrillic =
    [
        ("ru", "и в не на я что он с как это по но из у за от же она вы ты мы они к был для так о все его ее бы только было уже или если меня вот когда да нет до ещё еще чтобы этот быть под где есть очень можно который которые при без после между также спасибо"),
        ("uk", "і в не на я що він з як це по але із у за від ж вона ви ти ми вони до був для так про все його її би тільки було вже або якщо мене ось коли та ні ще щоб цей бути під де є дуже можна який які при без після між також дякую й"),
        ("bg", "и в не на аз че той с как това по но от за тя вие ти ние те към беше са за така всичко го я би само вече или ако мен ето когато да до още този бъде под къде има много може който които при без след между също е се си ще съм ни ме благодаря"),
    ];

    static readonly (string Code, string Words)[] Arabic =
    [
        ("ar", "في من على إلى أن هذا التي الذي هو هي لا ما كان عن مع كل أو ثم قد لم بين بعد قبل هذه ذلك كما إن حتى أنا أنت نحن هم وهو يكون كانت لكن إذا عند"),
        ("fa", "و در به از که این را با است آن برای یک خود تا کرد بر هم نیز می شود شد ما من شما او ها های ولی اما اگر چه هر باید بود دارد کند کنید هستند نیست"),
    ];

    static readonly string[] ByScript = ["el", "he", "hi", "th", "ko", "ja", "zh"];

    /// <summary>ISO 639-1.</summary>
    public static IReadOnlyList<string> Codes { get; } = [.. Latin.Concat(Cyrillic).Concat(Arabic).Select(entry => entry.Code), .. ByScript];

    static readonly FrozenDictionary<ulong, (int Language, float Points)[]> Words = Build();

    public static int Count => Codes.Count;

    public static int IndexOf(string code)
    {
        for (var i = 0; i < Codes.Count; i++)
        {
            if (Codes[i] == code)
            {
                return i;
            }
        }

        return -1;
    }

    /// <summary>Adds each language's points for the words of a text; fenced code does not speak.</summary>
    /// <returns>How many words there are.</returns>
    public static int Score(ReadOnlySpan<char> text, Span<float> scores)
    {
        var words = 0;
        var (han, kana) = (0, 0);
        while (!text.IsEmpty)
        {
            var fence = text.IndexOf("```", StringComparison.Ordinal);
            var scanner = new WordScanner(fence < 0 ? text : text[..fence]);
            while (scanner.MoveNext())
            {
                words++;
                AddPoints(text[scanner.Start], scanner.Hash, scores, ref han, ref kana);
            }

            text = fence < 0 ? [] : text[(fence + 3)..];
            var close = text.IndexOf("```", StringComparison.Ordinal);
            text = close < 0 ? [] : text[(close + 3)..];
        }

        // Japanese writes Han characters among kana; Chinese has none of these.
        scores[IndexOf(kana * 10 > han ? "ja" : "zh")] += han + kana;
        return words;
    }

    static void AddPoints(char first, ulong word, Span<float> scores, ref int han, ref int kana)
    {
        if (Words.TryGetValue(word, out var languages))
        {
            foreach (var (language, points) in languages)
            {
                scores[language] += points;
            }
        }
        else if (first >= '\u0370')
        {
            han += first is >= '\u3400' and <= '\u9fff' or >= '\uf900' and <= '\ufaff' ? 1 : 0;
            kana += first is >= '\u3041' and <= '\u30ff' ? 1 : 0;
            if (ScriptOf(first) is { } script)
            {
                scores[script] += 1;
            }
        }
    }

    static readonly int Greek = IndexOf("el"), Hebrew = IndexOf("he"), Hindi = IndexOf("hi"), Thai = IndexOf("th"), Korean = IndexOf("ko");

    static int? ScriptOf(char c) => c switch
    {
        >= '\u0370' and <= '\u03ff' or >= '\u1f00' and <= '\u1fff' => Greek,
        >= '\u0590' and <= '\u05ff' => Hebrew,
        >= '\u0900' and <= '\u097f' => Hindi,
        >= '\u0e00' and <= '\u0e7f' => Thai,
        >= '\uac00' and <= '\ud7a3' or >= '\u1100' and <= '\u11ff' => Korean,
        _ => null,
    };

    static FrozenDictionary<ulong, (int Language, float Points)[]> Build()
    {
        var languages = new Dictionary<ulong, List<int>>();
        foreach (var (code, words) in Latin.Concat(Cyrillic).Concat(Arabic))
        {
            var scanner = new WordScanner(words);
            while (scanner.MoveNext())
            {
                if (!languages.TryGetValue(scanner.Hash, out var list))
                {
                    languages[scanner.Hash] = list = [];
                }

                if (!list.Contains(IndexOf(code)))
                {
                    list.Add(IndexOf(code));
                }
            }
        }

        return languages.ToFrozenDictionary(pair => pair.Key, pair => pair.Value.Select(language => (language, 1f / pair.Value.Count)).ToArray());
    }
}
