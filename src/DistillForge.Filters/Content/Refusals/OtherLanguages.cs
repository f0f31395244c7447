using System.Buffers;
using System.Text;

namespace DistillForge.Filters;

/// <summary>Refusals and self-descriptions in German, French, Spanish, Portuguese, Italian, Dutch, Russian, Chinese, Japanese and Korean, anchored at what all of them say.</summary>
static class OtherLanguages
{
    /// <summary>Where a refusal may begin.</summary>
    public static readonly IReadOnlyList<TermFinder> Anchors = Finders(wholeWords: true,
        "ich kann", "kann ich", "ich darf", "darf ich", "ich werde", "werde ich", "ich möchte", "möchte ich", "das mache ich", "mache ich nicht", "das werde ich", "kommt nicht in frage", "ich bin nicht", "bin ich nicht", "ich muss", "es ist mir", "ist mir", "diese anfrage",
        "je ne peux", "je ne suis pas", "je ne puis", "je ne dois", "je ne saurais", "je refuse", "je dois", "je ne souhaite", "il m'est", "je n'ai pas accès", "je suis désolé", "je préfère ne pas", "cette demande",
        "no puedo", "no podré", "no me es posible", "no soy capaz", "no estoy", "no tengo", "debo rechazar", "debo negarme", "tengo que rechazar", "prefiero no", "me temo que no", "esta solicitud", "lo siento, pero no",
        "não posso", "não consigo", "não sou capaz", "não estou", "não tenho", "não me é", "recuso", "devo recusar", "preciso recusar", "prefiro não", "esta solicitação", "desculpe, mas não",
        "non posso", "non ti aiuterò", "non sono in grado", "non mi è", "non sono autorizzat", "non ho accesso", "devo rifiutare", "preferisco non", "mi dispiace, ma non", "questa richiesta",
        "ik kan", "kan ik", "ik mag", "mag ik", "ik ben niet", "я не могу", "не могу", "к сожалению, я не");

    const string German = @"(?:helfen|weiterhelfen|behilflich|beantworten|antworten|erfüllen|bereitstellen|geben|anbieten|unterstützen|erstellen|schreiben|verfassen|liefern|teilen|nachkommen|dienen|diskutieren|besprechen|generieren|verfügung|erklären|verraten|preisgeben|zugreifen|öffnen|ablehnen|ausführen|mitmachen|empfehlen|beraten|befürworten|äußern|durchsuchen|stellen|sagen|nennen|tun|machen|übersetzen|bewerten|beurteilen)";

    const string French = @"(?:aider|assister|répondre|fournir|faire|créer|générer|donner|écrire|rédiger|partager|accéder|satisfaire|accepter|discuter|participer|expliquer|divulguer|révéler|commenter|conseiller|recommander|soutenir|encourager|produire|traiter|continuer|dire\s+comment|exprimer|ouvrir|naviguer)";

    const string Spanish = @"(?:ayud|proporcion|respond|contest|cumpl|asist|gener|cre[ao]|ofrec|d[ae]r|brind|escrib|redact|compart|acced|facilit|discut|particip|explic|revel|recomend|apoy|promov|continu|complac|hablar\s+de|complet|realiz|proces|atend|satisf|hacer\s+(?:eso|esto)|opin|naveg|abr[ie])\w*";

    const string Portuguese = @"(?:ajud|fornec|respond|ger[ae]|cri[ae]|cumpr|oferec|escrev|redig|compartilh|partilh|acess|aceder|discut|particip|explic|revel|recomend|apoi|promov|continu|atend|complet|realiz|process|auxili|fazer\s+(?:isso|isto)|dar\s|opin|naveg|abrir)\w*";

    const string Italian = @"(?:aiut|fornir|rispond|gener|cre[ao]|soddisf|scriv|condivid|acced|discut|partecip|spieg|rivel|raccomand|consigli|sosten|promuov|continu|complet|esegui|elabor|assist|offr|dare\s|darti|dirti\s+come|farlo|fare\s+quest|esprim|navig|apri)\w*";

    const string Dutch = @"(?:helpen|beantwoorden|geven|verstrekken|schrijven|maken|genereren|voldoen|delen|bespreken|assisteren|ondersteunen|meewerken|openen|uitvoeren)";

    const string Few = @"(?:[\w,'’-]+\s+){0,8}";

    public static readonly Phrases Refusing = new(
        $@"(?:ich\s+(?:kann|darf|werde|möchte|könnte)|(?:kann|darf|werde|möchte)\s+ich)\s+{Few}(?:nicht|keine[nrs]?|kein|nichts|weder)\s+{Few}{German}\b",
        @"(?:das|dabei|damit|darauf|hierbei)\s+(?:kann|darf|werde)\s+ich\s+(?:leider\s+|dir\s+|ihnen\s+)*nicht\s*[.!,]|kann\s+ich\s+(?:leider\s+)?(?:diese|ihre|deine)\s+(?:anfrage|frage|bitte)\s+(?:leider\s+)?nicht|ich\s+kann\s+(?:ihnen|dir)\s+dabei\s+(?:leider\s+)?nicht|kann\s+ich\s+(?:leider\s+)?nicht\s+(?:helfen|dienen|beantworten)",
        $@"(?:ich\s+bin|bin\s+ich)\s+(?:leider\s+)?nicht\s+(?:in\s+der\s+lage|befugt|berechtigt|dafür|dazu)\b|ich\s+muss\s+(?:[\w]+\s+){{0,5}}(?:ablehnen|verweigern)|(?:das\s+)?(?:mache|tue)\s+ich\s+(?:leider\s+|auf\s+keinen\s+fall\s+|grundsätzlich\s+)?nicht\b|das\s+werde\s+ich\s+(?:[\w]+\s+){0,3}nicht\b|ist\s+(?:es\s+)?mir\s+(?:leider\s+)?nicht\s+(?:möglich|erlaubt|gestattet)|diese\s+anfrage\s+(?:verstößt|widerspricht)",
        $@"je\s+ne\s+(?:peux|puis|saurais|dois|souhaite|suis\s+pas\s+(?:en\s+mesure|capable|autorisée?|habilitée?|programmée?|à\s+l['’]aise))\s+(?:malheureusement\s+)?(?:pas\s+)?(?:de\s+|d['’]|pour\s+|vous\s+|t['’]|te\s+|me\s+permettre\s+de\s+|y\s+|à\s+|l['’]|le\s+|la\s+){{0,3}}{French}\b",
        $@"je\s+refuse\s+(?:de\s+|d['’]){French}|je\s+dois\s+(?:malheureusement\s+)?(?:décliner|refuser)\s*(?:[.,!]|cette|votre|ta|de)|il\s+m['’]est\s+(?:malheureusement\s+)?impossible\s+(?:de\s+|d['’])(?:vous\s+|t['’])?{French}|il\s+m['’]est\s+interdit\s+d|je\s+ne\s+vous\s+aiderai\s+pas|je\s+n['’]ai\s+pas\s+accès\s+(?:à\s+(?:internet|vos|tes|des)|aux\s+)|je\s+suis\s+désolée?,\s+mais\s+je\s+ne|je\s+préfère\s+ne\s+pas\s+(?:répondre|en\s+parler|m['’]exprimer)|cette\s+demande\s+(?:enfreint|va\s+à\s+l['’]encontre|viole)",
        $@"no\s+(?:puedo|podré|me\s+es\s+posible|soy\s+capaz\s+de|estoy\s+(?:autorizad[oa]|capacitad[oa]|programad[oa]|en\s+condiciones|diseñad[oa])\s+(?:para|de|a))\s+(?:te\s+|le\s+|en\s+conciencia\s+)?{Spanish}",
        $@"no\s+tengo\s+(?:acceso\s+a\s+(?:internet|información|datos|tus|sus|archivos)|permitido|la\s+capacidad\s+de)|(?:debo|tengo\s+que)\s+(?:rechazar|negarme|declinar)|prefiero\s+no\s+(?:responder|hablar|opinar|contestar)|(?:lo\s+siento,\s+pero|me\s+temo\s+que)\s+no\s+puedo\s+(?:{Spanish}|hacer)|esta\s+solicitud\s+(?:va\s+en\s+contra|viola|infringe)",
        $@"não\s+(?:posso|consigo|sou\s+capaz\s+de|estou\s+(?:autorizad[oa]|apt[oa]|programad[oa])\s+a|me\s+é\s+possível|tenho\s+permissão\s+para)\s+(?:te\s+|lhe\s+|o\s+|a\s+)?{Portuguese}|não\s+tenho\s+(?:acesso\s+(?:à\s+internet|a\s+informações|a\s+dados|aos\s+seus|às\s+suas)|a\s+capacidade\s+de)|(?:devo|preciso)\s+recusar|recuso-me\s+a|prefiro\s+não\s+(?:responder|falar|opinar)|desculpe,\s+mas\s+não\s+(?:posso|consigo)|esta\s+solicitação\s+(?:viola|vai\s+contra)",
        $@"non\s+(?:posso|sono\s+in\s+grado\s+di|mi\s+è\s+possibile|mi\s+è\s+permesso|sono\s+autorizzat[oa]\s+a)\s+(?:ti\s+|le\s+)?{Italian}|non\s+ti\s+aiuterò|non\s+ho\s+accesso\s+a(?:\s+internet|i\s+|lle\s+|d\s+)|devo\s+rifiutar|preferisco\s+non\s+(?:rispondere|parlar)|mi\s+dispiace,\s+ma\s+non\s+(?:posso|sono)|questa\s+richiesta\s+(?:viola|va\s+contro)",
        $@"(?:ik\s+(?:kan|mag)|(?:kan|mag)\s+ik)\s+{Few}(?:niet|geen)\s+{Few}{Dutch}\b|ik\s+ben\s+niet\s+in\s+staat\s+(?:om\s+)?",
        @"(?:я\s+)?не\s+могу\s+(?:вам\s+|тебе\s+|с\s+этим\s+|на\s+это\s+|на\s+этот\s+вопрос\s+){0,3}(?:помочь|помогать|ответить|предоставить|выполнить|создать|написать|обсуждать|дать|поделиться|открыть)");

    /// <summary>Written without spaces between words: found anywhere in the opening.</summary>
    public static readonly Phrases Unspaced = new(
        @"(?s:.{0,60}?)(?:(?:抱歉|对不起|很遗憾|非常遗憾)[，,。！!]?.{0,20}?(?:无法|不能|没有办法|不可以).{0,12}?(?:提供|帮|回答|协助|满足|完成|继续|讨论|生成|支持|处理|创建|写|透露|分享))",
        @"(?s:.{0,60}?)(?:(?:申し訳|すみません|恐れ入り|ごめん|残念).{0,60}?(?:できません|できかねます|お答えできま|お手伝いできま|いたしかねます|お断り))",
        @"(?s:.{0,60}?)(?:(?:죄송|미안|유감).{0,60}?(?:수\s?없습니다|수\s?없어요|어렵습니다|드릴\s?수\s?없))");

    /// <summary>Without one of these <see cref="Unspaced"/> finds nothing.</summary>
    public static readonly SearchValues<string> Regrets = SearchValues.Create(["抱歉", "对不起", "很遗憾", "非常遗憾", "申し訳", "すみません", "恐れ入り", "ごめん", "残念", "죄송", "미안", "유감"], StringComparison.Ordinal);

    public static readonly IReadOnlyList<TermFinder> SelfAnchors = Finders(wholeWords: false,
        "als ki-", "als ki ", "als ki,", "als künstliche intelligenz", "als sprachmodell", "als großes sprachmodell", "als ein ki", "als ein sprachmodell", "ich bin eine ki", "ich bin ein ki", "ich bin nur eine ki", "ich bin ein sprachmodell", "da ich eine ki",
        "en tant qu'ia", "en tant que modèle de langage", "en tant qu'intelligence artificielle", "en tant qu'assistant", "en tant que modèle d'ia", "je suis une ia", "je suis un modèle de langage", "je suis une intelligence artificielle", "étant une ia",
        "como modelo de lenguaje", "como un modelo de lenguaje", "como una ia", "como ia,", "como inteligencia artificial", "como asistente de ia", "soy una ia", "soy un modelo de lenguaje", "soy una inteligencia artificial",
        "como modelo de linguagem", "como um modelo de linguagem", "como uma ia", "como inteligência artificial", "sou uma ia", "sou um modelo de linguagem", "come modello linguistico", "in quanto ia", "in quanto modello", "come ia,", "come intelligenza artificiale", "sono un'ia", "sono un modello linguistico",
        "als ai-", "als ai ", "als een ai", "als taalmodel", "ik ben een ai", "как ии", "как языковая модель", "как искусственный интеллект", "作为一个ai", "作为ai", "作为一个人工智能", "作为人工智能", "作为一个语言模型", "作为语言模型", "我是一个ai", "我是一个人工智能", "aiとして", "言語モデルとして", "ai로서", "언어 모델로서");

    // In ASCII, and in all letters: the first is found many times as fast, and most texts need no more.
    static IReadOnlyList<TermFinder> Finders(bool wholeWords, params IEnumerable<string> terms)
    {
        var curly = terms.SelectMany(term => new[] { term, term.Replace('\'', '’') }).Distinct(StringComparer.Ordinal).ToList();
        return [.. curly.GroupBy(term => Ascii.IsValid(term)).OrderByDescending(group => group.Key).Select(group => new TermFinder(group, wholeWords))];
    }
}
