using System.Buffers;

namespace DistillForge.Filters;

/// <summary>Refusals whose subject is not I: "This request goes against my guidelines", "It would not be appropriate to continue".</summary>
static class Impersonal
{
    const string Bad = "(?:harmful|offensive|derogatory|racist|sexist|unethical|inappropriate|discriminatory|illegal|dangerous|unsafe|hateful|violent|explicit|sexual|disrespectful|hurtful|insensitive|problematic|immoral|wrong|irresponsible|unacceptable|misleading|stereotyp(?:es|ing|ical)|hate|violence|harm)";

    const string Good = "(?:appropriate|ethical|acceptable|respectful|legal|lawful|safe|accurate|right|okay|ok|responsible|moral|permissible|productive|helpful|fair|proper|suitable|constructive)";

    const string Asked = "(?:request|question|prompt|query|topic|content|task|instruction|message|statement|subject|conversation|inquiry|ask|information|material|scenario|role ?play|command|suggestion|premise|language)s?";

    const string Doing = "(?:provide|assist|suggest|promote|encourage|advocate|engage in|discuss|generate|create|speculate|disclose|reveal|assume|imply|claim|condone|continue|proceed|fulfil|answer|respond|comment|support|facilitate|stereotype|generali|perpetuate|discriminate|make (?:assumptions|jokes|such|any (?:assum|general|jok)|a blanket|generali|fun|light|derogatory|offensive|a joke)|share (?:personal|private|such|someone|that|this|any)|seek|harm|intentionally|attempt to (?:harm|access|obtain|recreate)|try to (?:find|get|access|obtain|harm)|single out|blame|say that|state that|ask (?:for|such|how|why|a question|someone|questions)|do (?:so|that)|help (?:with|you)|give (?:you|such|any)|write (?:that|such|this)|use (?:derogatory|such|offensive|hurtful)|describe (?:how|such)|spread|target|compare|overstate|exaggerate|eliminate|try to convince|access (?:someone|another|other|or share)|obtain (?:other|someone|another)|make a statement|ask about)";

    const string Thing = "(?:something|anything|a topic|a subject|a request|a task|an area|one|a question|a conversation|a thing|the (?:kind|sort|type) of (?:thing|content|request)|what|content|a line|information|a matter|things|topics)(?: (?:that|which))?";

    const string Verb = "(?:with|help|assist|do|provide|discuss|fulfil|fulfill|answer|share|create|write|support|engage|talk about|comment|participate|generate|offer|speak|advise|facilitate|condone|endorse|doing|helping|providing|discussing|writing|sharing|answering|disclose|reveal|cross|give|teach|explain|produce)";

    static readonly Form[] All =
    [
        // What was asked breaks a rule, or is beyond what I do.
        new($@"(?:this|that|it|your|such an?|the|such|what you (?:ask|are asking|describe|are describing)) (?:(?:kind|type|sort|part) of )?(?:(?:you [a-z]+ )?(?:{Asked}|of {Asked}|for )?) ?(?:would |may |might |could |can |does |seems to |appears to |is |be |are |directly |clearly |go )*(?:violat(?:es?|ing)|goes against|go against|going against|against|in violation of|in conflict with|conflicts? with|contrary to|contravenes?|breach(?:es)?|outside|outside of|beyond|not within|not in line with|not aligned with|not align with|not consistent with|not compatible with|not comply with|falls? outside|falls? outside of|prohibited by|not permitted by|not allowed by|not allowed under) (?:of )?(?:(?:my|our|what i|openai|anthropic|usage|content|safety|ethical|the scope of what i|the bounds of what i|the (?:policy|rules|guidelines|policies) (?:i |that i |for |of )|company|the (?:usage|content|safety) )[a-z' ]*)[.,;!) ]", needs: "violat|against|conflict|contrary|contraven|breach|outside|beyond|not within|not in line|not align|not consistent|not compatible|not comply|prohibited|not permitted|not allowed"),
        new($"(?:my|openai 's|anthropic 's|our (?:usage|content|safety|ethical|community)|safety|content|usage|ethical) (?:[a-z]+ ){{0,2}}(?:guidelines?|polic(?:y|ies)|programming|principles|values|instructions|training|design|developers|creators|rules|restrictions|safeguards|limitations) (?:(?:does|do) not (?:allow|permit|let|enable|include|extend|cover|support)|prevents?|prohibits?|forbids?|will not let|would not allow|stops?|restricts?|limits? me|keeps? me from|bars?|requires? (?:me|that i)|means? (?:that )?i (?:can|will|must|am|have)|rules? (?:that|this) out|tells? me not)", needs: "guideline| polic| programming | principles | values | instructions | training | design | developers | creators | rules | restrictions | safeguards | limitations "),
        new("(?:assistance|help|helping|support|advice|assisting|information|instructions|content) (?:with|on|for|about|of|like|in) (?:that|this|such|your|these)[a-z ]* (?:is not|can not be|will not be|would be (?:illegal|unethical|wrong|dangerous|irresponsible)|would (?:violate|go against))", needs: " is not| can not be| will not be|would be|would violate|would go"),

        // Not something that I do.
        new($"not {Thing} i (?:can|could|will|do|would|am able to|am willing to|am allowed to|am permitted to|am comfortable|am going to|feel comfortable|want to|wish to) (?:{Verb}|[.,;!] )", needs: " not "),
        new($"(?:is|are|be|'s) {Thing} i (?:can not|will not|would not|should not|could not|may not|am not able to|am not allowed to|am not permitted to|am not comfortable|am not willing to|am not going to|am unable to|am uncomfortable|refuse to|do not|must decline to|prefer not to|choose not to) (?:feel comfortable )?(?:{Verb}|[.,;!] )", needs: "thing i |topic i |subject i |request i |task i |area i |one i |question i |that i |which i |what i |content i |information i |things i |matter i "),
        new("(?:there is )?(?:nothing|not much) (?:that )?i can (?:help|assist|do to help) (?:you )?with", needs: " i can "),
        new("(?:beyond|outside) (?:of )?(?:what i (?:can|am able|am allowed|am permitted|am designed|was designed|do)|my (?:capabilit|abilities|ability to (?:help|assist|provide|answer)|scope|knowledge|area of|expertise|remit|reach|purview|programming|training))", needs: "beyond|outside"),
        new("(?:is|are|it is|this is|that is) not (?:possible|permitted|allowed) for me ", needs: " for me "),

        // It would not be right to do it.
        new($"(?:it|this|that|doing so|to do so|helping|answering|doing that|doing this) (?:is|would be|would not be|would|is never|may be|could be|might be|will not be) (?:not |never |both |neither |highly |deeply |very |quite |extremely |also )*(?:be )?(?:(?:in)?appropriate|unethical|irresponsible|wrong|{Good}|{Bad})(?: ,? ?(?:or|and|nor|,) (?:(?:not|even) )?(?:{Good}|{Bad}|helpful|productive))* for me ", needs: " for me "),
        new($"it would be (?:(?:both|highly|deeply|very|extremely) )?(?:inappropriate|unethical|irresponsible|wrong|illegal|harmful|dangerous|unsafe|immoral)(?: ,? ?(?:or|and|,) {Bad})* (?:of me|for an ai|to {Doing})", needs: "would be "),
        new($"it (?:is|would|would be|will) (?:not|never) (?:be )?{Good}(?: ,? ?(?:or|and|nor|,) (?:and |or |nor )?(?:not )?(?:{Good}|{Bad}))* (?:for (?:anyone|an ai|someone|people|any [a-z]+) )?to (?:ever )?{Doing}", needs: " not | never "),
        new($"it is (?:highly |deeply |both |also |very )?(?:unethical|inappropriate|disrespectful|irresponsible|harmful|offensive|unacceptable|immoral)(?: ,? ?(?:or|and|,) (?:and )?{Bad})* to (?:suggest|make (?:assumptions|jokes|generali)|stereotype|generali[sz]e|discriminate|discuss (?:or|such|this)|assume|provide|assist|promote|encourage|advocate|seek|ask|do so|share (?:such|this|that|someone)|engage in|spread|use (?:such|derogatory|hurtful))", needs: "it is "),
        new("i do not (?:think|believe) (?:that )?it is (?:appropriate|right|ethical|fair|productive|helpful|respectful|accurate|okay|acceptable) (?:or [a-z]+ )?to ", needs: "i do not "),
        new("i do not (?:condone|endorse|promote|encourage|engage in|support or|provide (?:such|any|that|this|information|advice|instructions|medical|legal|financial)|assist (?:with|in)|help with|participate in|offer (?:medical|legal|financial|such|that|any)|give (?:out )?(?:medical|legal|financial|advice|out|such|personal)|share (?:that|such|personal|private|details|information)|write (?:that|such|content|explicit|hateful)|create (?:that|such|content|explicit)|generate|produce (?:that|such|content)|discuss (?:that|such|politics|my|this)|do (?:role ?play|politics|that kind|that sort)|answer (?:that|such|questions)|comment on|take (?:sides|positions))", needs: "i do not "),
        new($"(?:this|your|the|that) (?:question|prompt|statement|request)(?: itself| you (?:have )?asked| you are asking)? (?:is|contains|appears to be|appears to contain|seems to be|seems to contain|may be|could be|promotes|perpetuates|implies|assumes|suggests|is based on|involves|asks for) (?:(?:an?|and|highly|potentially|both|deeply|very|language that is|or|the|false|not) )*(?:{Bad}|not {Good}|ethical|appropriate|acceptable)", needs: "question|prompt|statement|request"),

        // To say so, and no more.
        new(@"(?:no can do|request (?:denied|declined|refused)|not going to happen|count me out|hard pass|not happening) [.,!;]", needs: "no can do|request denied|request declined|request refused|not going to happen|count me out|hard pass|not happening"),
        new(@"\A(?: sorry ,?| no ,?)? (?:let us|can we|could we|shall we|i would (?:rather|prefer to)|how about we|maybe we (?:can|could|should)|perhaps we (?:can|could|should)) (?:talk about|discuss|focus on|move on to|change|switch|keep this|keep things|steer|stick to|try) (?:(?:to )?something (?:else|different|more (?:positive|appropriate))|the (?:subject|topic)|another (?:topic|subject)|a different (?:topic|subject)) ?(?:instead )?[.?!;]", Form.Begin.Anywhere, " else| different| subject| topic| more "),
        new("i (?:can only|am only able to|only) (?:assist|help|answer|provide|discuss|respond to) (?:you )?(?:with|about|on|questions|information|general|queries|topics|safe|legal)", needs: " only "),
        new("i am (?:programmed|designed|built|trained|here|only here|only able) to (?:be helpful|avoid|not|provide (?:helpful|safe|accurate|general)|assist with|follow (?:ethical|the law|my)|refuse|prioriti[sz]e|promote|respect|only)", needs: "i am "),
        new("(?:this|the) (?:assistant|ai|chatbot|bot|virtual assistant|ai assistant|ai model|model) (?:(?:can|will|could|does|is|may) not (?:able to |allowed to |permitted to |designed to |trained to )?|is unable to )(?:assist|help|answer|provide|comply|fulfil|discuss|generate|share|engage|create|write|support|offer|respond|give|process|do (?:that|this)|access|open|browse|see)", needs: " assistant | ai | chatbot | bot | model "),
        new("we (?:(?:can|will) not|are (?:unable|not able) to) (?:assist|help|comply|fulfil|fulfill|answer|discuss|provide|accommodate|process|engage)(?: you)? (?:with |in )?(?:this|that|your|such) (?:request|question|topic|prompt|content|query|kind)", needs: " we "),
        new("no (?:answer|response|help|information|instructions) (?:can|will|may) be (?:given|provided)|i can neither confirm nor deny|would be (?:irresponsible|wrong|unethical|inappropriate|illegal) of me ", needs: "neither confirm| of me |no answer|no response|no help|no info|no instr"),
        new("(?:is|are|it is|that is) off limits |(?:is|be|that is|it is|it will be) an? (?:hard |firm |definite )?(?:no|pass) (?:from me|[.,!])|there is no way i am |(?:is|are) not (?:my|a) thing |one i have to leave |that i do not do |which i do not do |this one i have to|i (?:am|was) not connected to|i do not want to (?:help|write|give you|be part|be involved|assist|say|talk)|my answer (?:is|has to be|must be) no ", needs: "off limits| no | pass |not my thing|not a thing| i have to |i do not |not connected"),
        new($"(?:instructions|information|details|help|assistance|answers?|guidance|advice|content|material|such|this|that|these|those|requests?|recipes?|tips|steps|code|nothing) (?:[a-z]+ ){{0,8}}?(?:can not|will not|may not|must not|should not|are not|is not) be (?:provided|shared|given|generated|created|written|answered|fulfilled|disclosed|discussed|processed|produced|supplied|offered|handled|granted|honou?red|accommodated|released|revealed)(?: here| by me|ing)? ?(?:[.,;!]|here|by me|because|as|since|under|due)", needs: "be provided|be shared|be given|be generated|be created|be written|be answered|be fulfilled|be disclosed|be discussed|be processed|be produced|be supplied|be offered|be handled|be granted|be hono|be accommodated|be released|be revealed"),
        new("(?:it is (?:not possible|impossible)|it will not be possible) (?:for me )?to (?:provide|give|answer|fulfil|fulfill|comply|help|assist|respond|generate|process|complete|produce|write|offer|discuss|share|continue) (?:[a-z]+ ){0,5}?(?:this|that|your|such|you|the requested) ", needs: "possible"),
        new("i have no (?:live|real time|current|eyes|ears|body|camera|microphone|screen|browser) |i have no access to |i have no (?:memory|record|records|recollection|knowledge|information|data|insight|view|window|access) (?:of|on|about|into|to) (?:(?:any|our|the|your|this|that|what) ){0,2}(?:previous|past|earlier|prior|last|real time|live|current|personal|private|account|conversations?|internet|web|files?|data|you|local)", needs: "i have no "),
        new("i do not (?:hold|keep|carry|get|receive|see) (?:any )?(?:live|real time|current|personal|opinions|political|records?|updates|images?|your)", needs: "i do not "),
        new("i do not have (?:any )?(?:information|data|details|knowledge|records?) (?:on|about|of|for) (?:an?|any|that|this|your|the)", needs: "i do not have"),
        new("i wish i could (?:help|assist|answer|do (?:that|this)) ?(?:you )?(?:with (?:that|this) )?[.,;!]", needs: "i wish i could"),
        new("i do not know how to (?:help|assist|answer) (?:with |you )?", needs: "know how to"),
        new("i (?:do not|have no) (?:have )?(?:access|a way) (?:to|of) (?:(?:the|your|any|this|that|live|current|up to date|external|private|real time|other|individual|users? '?s?|specific) ){0,3}(?:internet|web|real time|live|current|personal|private|external|files?|images?|accounts?|databases?|data|information|emails?|documents?|screen|camera|location|history|conversations?|messages?|records?|news|updates|tools|browser|calendar|contacts)", needs: "i do not |i have no "),
        new("i do not have access to your ", needs: "access to your"),
        new("i (?:do not|can not) (?:have|retain|store|keep|remember|recall|know) (?:any )?(?:(?:memory|memories|record|records|recollection|knowledge|information|details) (?:of|about|on|regarding) )?(?:our )?(?:previous|past|earlier|prior|other|individual|your personal|your private|you personally|private individuals|specific individuals|real time|events (?:after|since)|anything (?:after|past|since))", needs: "i do not |i can not "),
        new("i do not have (?:real time|up to date|current|live|the latest|information (?:after|about (?:events|specific|private|your|individual|future)|on (?:events|specific|private|your|individual))|any (?:information|knowledge|data) (?:about|on|of) (?:events|your|that|individual|private)|browsing|internet)", needs: "i do not have"),
    ];

    // What no such sentence is without: most sentences are passed over for it.
    static readonly SearchValues<string> Hints = SearchValues.Create(["not ", "never ", "violat", "against", "conflict", "contrary", "contraven", "breach", "outside", "beyond", "prohibit", "prevent", "forbid", "stop", "restrict", "limits me", "limit me", "keeps me", "keep me", " bar", "require", "means", "rules ", "rule ", "tells me", "would be", "would violate", "would go", "refuse", "unable", "uncomfortable", "decline", "nothing ", " for me ", "unethical", "inappropriate", "disrespectful", "irresponsible", "harmful", "offensive", "unacceptable", "immoral", "question", "prompt", "statement", "request", "no can do", "count me out", "hard pass", " else", "subject", "topic", " only ", "programmed", "designed", "built", "trained", "i wish", "have no ", "off limits", " no ", " pass ", "i have to ", "impossible", "neither "], StringComparison.Ordinal);

    public static Range? Find(ReadOnlySpan<char> sentence)
    {
        if (!sentence.ContainsAny(Hints))
        {
            return null;
        }

        foreach (var form in All)
        {
            if (form.TryFind(sentence, out var index, out var length) && !Lead.Turns(sentence[..index]) && !Lead.IsAsked(sentence[(index + length)..]))
            {
                return index..(index + length);
            }
        }

        return null;
    }
}
