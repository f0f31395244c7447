using DistillForge.Core;

namespace DistillForge.Filters;

/// <summary>Drops answers that decline to answer, and assistant boilerplate that speaks of itself instead ("As an AI language model …").</summary>
[Component("refusal")]
public sealed class Refusal(Refusal.Options options) : IFilter
{
    const int Window = 240;

    /// <summary>Where a refusal counts.</summary>
    public enum Place
    {
        /// <summary>Among the first characters.</summary>
        Start,

        /// <summary>Anywhere.</summary>
        Throughout,
    }

    /// <param name="Where">A refusal in the middle of a story is somebody's speech; boilerplate counts anywhere.</param>
    /// <param name="Start">How many characters are the start.</param>
    /// <param name="Boilerplate">Drop what speaks of itself as a model, too.</param>
    public sealed record Options(Place Where = Place.Start, int Start = 250, bool Boilerplate = true);

    public Verdict Judge(Example example)
    {
        var text = example.Text;
        return Find(text, Anchors, Refusing, options.Where == Place.Start ? options.Start : text.Length, "refusal")
            ?? (options.Boilerplate ? Find(text, SelfAnchors, Self, text.Length, "assistant-boilerplate") : null)
            ?? Verdict.Keep;
    }

    static Verdict? Find(string text, TermFinder anchors, Phrases phrase, int until, string code)
    {
        for (var from = 0; anchors.TryFind(text, from, out var start, out _) && start < until; from = start + 1)
        {
            if (IsSpeech(text, start))
            {
                continue;
            }

            if (phrase.LengthAt(text.AsSpan(start, Math.Min(Window, text.Length - start))) is > 0 and var length)
            {
                return Verdict.Drop(code, $"'{text.AsSpan(start, length).ToString().ReplaceLineEndings(" ")}' at characters {start}..{start + length}");
            }
        }

        return null;
    }

    // "I can't help you," said the guard: quoted words are not the answer's own, unless the whole answer is in quotes.
    static bool IsSpeech(string text, int start)
    {
        var before = start - 1;
        while (before > 0 && text[before] == ' ')
        {
            before--;
        }

        return before >= 0 && IsQuote(text[before]) && !(before == FirstOf(text) && IsQuote(text.AsSpan().TrimEnd()[^1]));
    }

    static bool IsQuote(char character) => character is '"' or '“' or '”' or '„' or '«' or '»' or '‘' or '’' or '\'';

    static int FirstOf(string text) => text.Length - text.AsSpan().TrimStart().Length;

    static IEnumerable<string> WithCurly(params IEnumerable<string> phrases) => phrases.SelectMany(phrase => new[] { phrase, phrase.Replace('\'', '’') });

    static readonly TermFinder Anchors = new(WithCurly(
        "i can't", "i can not", "i cannot", "i can only", "i couldn't", "i could not", "i won't", "i will not", "i'm not able", "i am not able", "i'm unable", "i am unable", "i'm not going", "i am not going",
        "i'm not allowed", "i am not allowed", "i'm not permitted", "i am not permitted", "i'm not comfortable", "i am not comfortable", "i don't feel comfortable", "i do not feel comfortable",
        "i'm not in a position", "i am not in a position", "i'm not at liberty", "i must decline", "i must refuse", "i have to decline", "i have to refuse", "i need to decline", "i'll have to decline", "i'm going to have to decline", "i must respectfully", "i respectfully decline",
        "i refuse to", "i decline to", "i'd rather not", "i would rather not", "i'd prefer not", "i would prefer not", "i shouldn't", "i should not", "i'm prohibited", "i am prohibited", "i'm programmed", "i am programmed", "i'm designed", "i am designed",
        "i don't think i should", "i do not think i should", "i don't have the ability", "i do not have the ability", "i don't have access", "i do not have access", "i lack the ability", "i'm restricted", "i am restricted",
        "i currently can't", "i currently cannot", "can't help with that", "cannot help with that", "can't assist with that", "cannot assist with that", "unable to assist", "unable to help", "unable to comply", "unable to provide", "unable to fulfill", "can't comply", "cannot comply", "can't do that", "cannot do that",
        "not something i", "something i can't", "something i cannot", "something i am not able", "something i'm not able", "goes against my", "my guidelines", "my programming", "my instructions", "my policies", "it wouldn't be right for me", "it would not be right for me",
        "beyond what i can", "beyond my", "i don't know how to help", "i do not know how to help", "not possible for me", "i'm not qualified to", "i am not qualified to", "i'm not a doctor", "i am not a doctor", "i'm not a lawyer", "i am not a lawyer", "i'm not a financial", "i am not a financial",
        "i wish i could help", "i was not designed", "i wasn't designed", "i was not trained to", "i wasn't trained to", "i was not programmed", "i wasn't programmed", "no way for me to", "i have no way of", "i don't have the capab", "i do not have the capab",
        "it would be inappropriate", "it would not be appropriate", "it wouldn't be appropriate", "it is not appropriate for me", "it's not appropriate for me", "it would be unethical", "it is against my", "it's against my", "this request violates", "your request violates", "that request violates",
        "it is not appropriate", "it's not appropriate", "it is never appropriate", "it's never appropriate", "it is not ethical", "it's not ethical", "it is not safe or ethical", "it's not safe or ethical", "it is not acceptable", "it's not acceptable", "it is not accurate or appropriate", "it's not accurate or appropriate", "it is not legal or", "it is not ethical or", "it is not respectful", "it's not respectful",
        "i do not condone", "i don't condone", "i don't think it's appropriate", "i do not think it is appropriate", "i don't think it is appropriate", "the question contains", "the question you", "your question contains", "this question contains", "the question itself", "your question is", "this question is",
        "ich kann ihnen dabei", "ich kann dir dabei", "ich kann dabei nicht", "ich kann diese anfrage", "das kann ich leider nicht", "das kann ich nicht", "dabei kann ich", "leider kann ich", "je ne peux pas", "je ne suis pas en mesure", "je suis désolé, mais je", "no puedo", "lo siento, pero no", "não posso", "desculpe, mas não", "non posso", "mi dispiace, ma non"));

    // After "can't": what an assistant declines to do. "I can't wait", "can't help but" and "can't believe" go on otherwise.
    const string Cannot = @"i\s+(?:currently\s+)?(?:can['’]?t|can\s?not|could(?:n['’]t|\s+not)|won['’]t\s+be\s+able\s+to|will\s+not\s+be\s+able\s+to|won['’]t|will\s+not)\s+(?:(?:really|actually|currently|directly|ethically|legally|responsibly|safely|simply|honestly|in\s+good\s+conscience|and\s+(?:will\s+not|won['’]t|should\s+not))\s+|be\s+able\s+to\s+){0,2}";

    static readonly Phrases Refusing = new(
        Cannot + @"(?:(?:be\s+)?(?:advise\s+you|assist|answer|complete|comply|condone|create|discuss|disclose|draft|encourage|endorse|engage\s+(?:in|with)|explain\s+how|express\s+(?:an?\s+)?(?:personal\s+)?opinions?|facilitate|fulfil+|generate|impersonate|offer|participate|play\s+(?:audio|music|sounds?|videos?)|pretend\s+to\s+be|proceed\s+with|process\s+(?:this|that|your)|produce|promote|reproduce|provide(?:\s+(?:you|any|reasons|answers?|explanations?|examples\s+of|support\s+for|that|this|the|those|these|such|instructions|information|advice|specific|details|a|an|medical|legal|guidance|assistance|help|content|personal|financial|real))|recommend\s+(?:any|specific|an?\b|that|doing|investments?|medic\w+|treatments?|products?|stocks?|what|which|how|illegal|drugs)|respond\s+to|reveal|role-?play|share\s+(?:that|this|any|personal|private|instructions|information|details|specific)|speculate|suggest\s+(?:or|ways|methods|any|that)|support\s+(?:this|that|your)|assisting))",
        Cannot + @"(?:help\s+(?:with|you\s+(?:with|to|in|create|write|make|find|do|build|get|obtain|access|hack|plan|cheat)|create|write|make|in\s+(?:this|that|any)))",
        Cannot + @"(?:help(?:\s+you)?\s*(?:[.!,;:]|\Z))",
        Cannot + @"(?:write\s+(?:that|this|such|malware|hateful|explicit|offensive|harmful|about|an?\s+\w+\s+(?:that|which)|content|code|an?\s+(?:essay|article|story|poem|review|letter|email|script|exploit|virus)))",
        Cannot + @"(?:give\s+(?:you\s+)?(?:any\s+|specific\s+|personal\s+|out\s+)?(?:advice|instructions|information|details|medical|legal|financial|directions|guidance))",
        Cannot + @"(?:tell\s+you\s+(?:how|that\s*[.!]|this\s*[.!])|teach\s+you\s+how|do\s+(?:that|this)\s*(?:[.!,;]|\Z|for\s+you|because)|access|browse|open\s+(?:links|files|urls|attachments)|view\s+(?:images|files)|see\s+(?:images|pictures)|diagnose|predict|continue\s+(?:with\s+)?(?:this|that)|make\s+(?:that|this)\s+(?:request|content)|have\s+(?:opinions|feelings|personal))",
        @"i(?:['’]m|\s+am)\s+(?:not\s+able|unable|not\s+going|not\s+allowed|not\s+permitted|not\s+in\s+a\s+position|not\s+at\s+liberty)\s+to\s+(?:assist|answer|complete|comply|create|discuss|engage|fulfil+|generate|give|help|offer|process|produce|provide|recommend|respond|share|support|write|do\s+(?:that|this)|access|browse|open\s+(?:links|files|urls|attachments)|see\s+(?:the\s+)?(?:images?|pictures?|photos?|attachments?|files?)|play|diagnose|participate|perform|predict|facilitate|reveal|disclose|tell\s+you|view)",
        @"i(?:(?:['’]m|\s+am)\s+not\s+comfortable|\s+do(?:n['’]t|\s+not)\s+feel\s+comfortable)\s+(?:with\s+(?:this|that|writing|creating|providing|helping|generating|discussing)|writing|creating|providing|helping|generating|answering|sharing|discussing|engaging|assisting|giving|continuing)",
        @"i(?:['’](?:ll|m\s+going\s+to))?\s*(?:must|have\s+to|need\s+to|respectfully|\s)*\s*(?:respectfully\s+)?(?:decline|refuse)(?:\s*(?:[.!]|\Z)|\s+to\s+(?:answer|provide|help|assist|comply|write|engage|create|generate|fulfil+|participate|continue|do\s+(?:this|that)|share|discuss|give|produce)|\s+(?:this|that|your\s+request|the\s+request))",
        @"i(?:['’]d|\s+would)\s+(?:rather|prefer)\s+not\s+(?:to\s+)?(?:answer|write|provide|help\s+with|assist|engage|discuss|create|generate|continue\s+this|respond|say\s*[.!]|talk\s+about\s+(?:this|that)|comment)",
        @"i\s+(?:should\s?n['’]t|should\s+not|do(?:n['’]t|\s+not)\s+think\s+i\s+should)\s+(?:assist|provide|help\s+(?:with|you)|write\s+(?:this|that)|generate|answer|discuss|create|engage)",
        @"i(?:['’]m|\s+am)\s+(?:prohibited\s+from|restricted\s+from|programmed\s+(?:not\s+)?to|designed\s+(?:not\s+)?to\s+(?:be\s+helpful|avoid|not|provide|assist|follow|refuse))",
        @"i\s+(?:do(?:n['’]t|\s+not)\s+have\s+(?:the\s+ability\s+to|access\s+to\s+(?:real[-\s]?time|the\s+internet|current|live|your|personal|external|private|up-to-date))|lack\s+the\s+ability\s+to)",
        @"i\s+can\s+only\s+(?:assist|help|answer|provide)\s+(?:with|you\s+with|questions|information)",
        @"(?:can['’]?t|can\s?not)\s+(?:help|assist)\s+with\s+that|(?:can['’]?t|can\s?not)\s+comply\s+with\s+(?:this|that|your)\b|(?:can['’]?t|can\s?not)\s+do\s+that\s*(?:[.!]|\Z)",
        @"unable\s+to\s+(?:assist|help|comply|provide|fulfil+)\s*(?:[.!,]|\Z|you\b|(?:with\s+)?(?:that|this|your|any)\b)",
        @"it\s+(?:would\s+be\s+(?:inappropriate|unethical)|would(?:n['’]t|\s+not)\s+be\s+appropriate)\s+(?:for\s+me|to\s+(?:provide|assist|help|write|generate|discuss|share|answer|create|continue))",
        @"it\s+would(?:n['’]t|\s+not)\s+be\s+right\s+for\s+me\s+to",
        @"not\s+something\s+(?:that\s+)?i(?:\s+can|(?:['’]m|\s+am)\s+able\s+to)\s+(?:help|assist|do\b|provide|discuss|fulfil+|answer|share|create|write|support)",
        @"something\s+i(?:\s+(?:can['’]?t|can\s?not)|(?:['’]m|\s+am)\s+not\s+able\s+to)\s+(?:do\b|help|provide|discuss|assist|answer|fulfil+|share)",
        @"my\s+(?:guidelines|programming|instructions|policies)\s+(?:do(?:es)?(?:n['’]t|\s+not)\s+(?:allow|permit)|prevents?|prohibits?|forbids?)",
        @"beyond\s+(?:what\s+i\s+can\s+do|my\s+(?:capabilit|abilities|scope\b))|i\s+do(?:n['’]t|\s+not)\s+know\s+how\s+to\s+help\s+(?:with|you)|not\s+possible\s+for\s+me\b",
        @"i(?:['’]m|\s+am)\s+not\s+(?:qualified\s+to\s+(?:give|provide|offer|answer|advise)|a\s+(?:doctor|lawyer|financial\s+advis[eo]r)\s*(?:,|and|so|but))",
        @"i\s+wish\s+i\s+could\s+help\b|i\s+was(?:n['’]t|\s+not)\s+(?:designed|trained|programmed)\s+to\s+(?:answer|help|do|provide|discuss|handle|give)",
        @"no\s+way\s+for\s+me\s+to\s+(?:help|do|access|know|answer|verify|assist)|i\s+have\s+no\s+way\s+of\s+(?:accessing|checking|verifying|browsing|helping)|i\s+do(?:n['’]t|\s+not)\s+have\s+the\s+capabilit",
        @"it(?:\s+is|['’]s)\s+not\s+appropriate\s+for\s+me",
        @"(?:it(?:\s+is|['’]s)|goes)\s+against\s+my\s+(?:programming|guidelines|polic|ethic|principles|values|training|purpose)",
        @"(?:this|your|that)\s+request\s+violates",
        @"(?:i\s+do(?:n['’]t|\s+not)\s+think\s+)?it(?:\s+is|['’]s)\s+(?:not|never)\s+(?:appropriate|ethical|acceptable|respectful|legal|safe|accurate)(?:(?:,?\s+(?:or|and|nor)\s+|,\s+)(?:appropriate|ethical|acceptable|respectful|legal|safe|fair|helpful|productive)){0,3}\s+(?:for\s+(?:me|anyone)\s+)?to\s+(?:provide|suggest|promote|encourage|engage\s+in|discuss\s+(?:or\s+promote|(?:methods|ways)\s+(?:of|to)|illegal|harmful|such|this|the\s+(?:personal|private))|make\s+(?:assumptions|jokes\s+(?:or|about)|such|any\s+(?:assum|general|jok)|a\s+blanket|generali|fun\s+of|light\s+of)|speculate|seek\s+(?:out|to\s+harm)|ask\s+(?:for\s+(?:instructions|advice\s+on|personal)|a\s+question|how\s+to|someone\s+to)|harm\b|share\s+(?:personal|private|such|someone)|generali[sz]e|stereotype|spread|attempt\s+to\s+(?:harm|recreate|access|obtain)|try\s+to\s+(?:find|get|access|obtain|harm)|intentionally\s+harm)",
        @"i\s+do(?:n['’]t|\s+not)\s+condone\b",
        @"(?:the|your|this)\s+question(?:\s+(?:itself|you\s+(?:have\s+)?asked|you['’]ve\s+asked))?\s+(?:is|contains)\s+(?:(?:an?\s+)?(?:\w+\s+and\s+)?(?:harmful|offensive|derogatory|racist|unethical|inappropriate|discriminatory)|not\s+(?:ethical|appropriate|acceptable))",
        @"ich\s+kann\s+(?:ihnen|dir)\s+dabei\s+(?:leider\s+)?nicht|ich\s+kann\s+dabei\s+nicht|ich\s+kann\s+diese\s+anfrage\s+(?:leider\s+)?nicht|das\s+kann\s+ich\s+leider\s+nicht|das\s+kann\s+ich\s+nicht\s+(?:beantworten|tun|machen|bereitstellen)|dabei\s+kann\s+ich\s+(?:ihnen\s+|dir\s+)?(?:leider\s+)?nicht\s+helfen|leider\s+kann\s+ich\s+(?:ihnen|dir|das|diese|keine|dabei|darauf)",
        @"je\s+ne\s+peux\s+pas\s+(?:vous|t['’]|répondre|aider|fournir|faire|créer|générer|donner)|je\s+ne\s+suis\s+pas\s+en\s+mesure\s+d|je\s+suis\s+désolée?,\s+mais\s+je\s+ne",
        @"no\s+puedo\s+(?:ayudar|proporcionar|responder|cumplir|asistir|generar|crear|ofrecer|dar)|lo\s+siento,\s+pero\s+no\s+puedo",
        @"não\s+posso\s+(?:ajud|fornecer|responder|gerar|criar|cumprir|oferecer)|desculpe,\s+mas\s+não\s+posso",
        @"non\s+posso\s+(?:aiutar|fornir|rispondere|generare|creare|soddisfare)|mi\s+dispiace,\s+ma\s+non\s+posso");

    static readonly TermFinder SelfAnchors = new(WithCurly(
        "being an ai", "as an ai", "as an artificial intelligence", "as a language model", "as a large language model", "as a machine learning model", "as an assistant", "as a virtual assistant", "as a chatbot", "as a computer program",
        "i am an ai", "i'm an ai", "i am just an ai", "i'm just an ai", "i am only an ai", "i'm only an ai", "i am a language model", "i'm a language model", "i'm just a language", "i am just a language", "i'm only a language", "i am only a language", "i'm a virtual assistant", "i am a virtual assistant", "i'm a bot", "i am a bot", "i'm a chatbot", "i am a chatbot", "i'm a computer program", "i am a computer program", "i don't possess", "i do not possess", "i don't have real-time", "i do not have real-time", "i don't have information after", "i do not have information after", "my knowledge was last", "como ia,", "i am a large language model", "i'm a large language model", "i am an artificial intelligence", "i'm an artificial intelligence", "i am chatgpt", "i'm chatgpt", "i am claude", "i'm claude",
        "my knowledge cutoff", "my knowledge cut-off", "my training data", "my last knowledge update", "my last update in", "as of my last", "i don't have personal", "i do not have personal", "i don't have feelings", "i do not have feelings", "i was trained by", "i was created by", "i was developed by", "trained by openai", "developed by openai", "trained by google", "created by anthropic", "developed by anthropic",
        "als ki-", "als ki ", "als künstliche intelligenz", "als sprachmodell", "als großes sprachmodell", "en tant qu'ia", "en tant que modèle de langage", "en tant qu'intelligence artificielle", "en tant qu'assistant", "como modelo de lenguaje", "como una ia", "como inteligencia artificial", "como modelo de linguagem", "como uma ia", "come modello linguistico", "in quanto ia"));

    static readonly Phrases Self = new(
        @"being\s+an\s+ai\b|i(?:\s+am|['’]m)\s+a\s+(?:virtual\s+assistant|(?:chat)?bot|computer\s+program)\s*(?:[,.;!]|and\b|so\b)|i\s+do(?:n['’]t|\s+not)\s+possess\s+(?:consciousness|feelings|emotions|personal)",
        @"i\s+do(?:n['’]t|\s+not)\s+have\s+(?:real-time|information\s+after)|my\s+knowledge\s+was\s+last\s+updated|como\s+ia,\s+no\b",
        @"as\s+an?\s+(?:(?:ai|artificial\s+intelligence)(?:[-\s]+(?:language\s+model|model|assistant|chatbot|system|program|bot|based|powered|developed|created|trained|language))?|(?:large\s+)?language\s+model|machine\s+learning\s+model|computer\s+program|(?:virtual\s+)?assistant|chatbot)(?:\s+(?:\w+\s+){0,5}(?:by\s+\w+|assistant|model))?\s*(?:,|\s+(?:i\b|my\b|and\s+i\b|that\b|designed|developed|created|trained|without))",
        @"i(?:\s+am|['’]m)\s+(?:just\s+|only\s+)?(?:an?\s+)?(?:ai(?:\s+(?:language\s+model|model|assistant|chatbot|system|program|bot|developed|created|trained)|[,.;!]|\s+and\b|\s+so\b)|(?:large\s+)?language\s+model|artificial\s+intelligence|chatgpt|claude\b[,.]?\s+(?:an|a|created|made))",
        @"my\s+knowledge\s+cut-?off|my\s+training\s+data|my\s+last\s+(?:knowledge\s+)?update|as\s+of\s+my\s+(?:last|knowledge)\s+(?:knowledge\s+)?(?:update|training|cut-?off)",
        @"i\s+do(?:n['’]t|\s+not)\s+have\s+(?:personal\s+(?:opinions?|beliefs?|feelings?|experiences?|preferences?|emotions?|thoughts|views|information)|feelings(?:\s+or|,|\s+and))",
        @"i\s+was\s+(?:trained|created|developed)\s+by\s+(?:openai|anthropic|google|meta|microsoft|mistral|alibaba|deepseek|a\s+team\s+of)",
        @"(?:trained|developed|created)\s+by\s+(?:openai|google|anthropic)",
        @"als\s+(?:ki[-\s]\w+|künstliche\s+intelligenz|(?:großes\s+)?sprachmodell)|en\s+tant\s+qu(?:['’](?:ia|intelligence|assistant)|e\s+modèle)|como\s+(?:modelo\s+de\s+l|una?\s+ia\b|inteligencia\s+artificial|uma\s+ia\b)|come\s+modello\s+linguistico|in\s+quanto\s+ia\b");
}
