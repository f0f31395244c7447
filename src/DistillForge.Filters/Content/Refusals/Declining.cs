using System.Buffers;

namespace DistillForge.Filters;

/// <summary>
/// "I can't help with that": a first person who is not able or willing, and behind it what an assistant is asked to do. What people say of themselves in the
/// same form ("I can't wait", "I can't recommend it enough", "I won't be late") goes on with other words.
/// </summary>
static class Declining
{
    const string Act = "(?:ability|abilities|capability|capabilities|capacity|means|tools?|permissions?|authority|authori[sz]ation|clearance|expertise|qualifications?|freedom)";

    // Up to the verb that is declined.
    const string Modal = "(?:can|could|will|would|should|must|may|shall) not (?:(?:and|or|nor|,) (?:i )?(?:can|will|would|should|must) not )?(?:be able to )?(?:in good (?:conscience|faith) |at this time |at the moment |right now |as an ai (?:language model )?|, however , |under any circumstances )?";

    static readonly Form Head = new("i (?:, as an? (?:[a-z]+ ){1,5}, )?(?:" + string.Join('|',
        Modal,
        "am (?:not (?:able|allowed|permitted|authori[sz]ed|going|willing|prepared|supposed|equipped|programmed|designed|trained|built|meant|qualified|licensed|certified|inclined|in a position|at liberty|comfortable|capable|the right (?:one|tool|place)|set up|configured)|unable|unwilling|incapable|uncomfortable|prohibited|restricted|forbidden|barred|prevented|hesitant|reluctant) (?:(?:to be able to|to|of|from|with|about|for) )?",
        "am (?:programmed|designed|trained|required|instructed|obliged|bound|obligated) not to ",
        $"do not (?:have (?:the |any |an? )?(?:{Act}|right|license) (?:(?:needed|required|necessary) )?(?:to|of|for) |feel (?:comfortable|right|able|safe) (?:to |with |about )?|(?:wish|want|intend|plan) to |know how to |(?:think|believe|feel) (?:that )?(?:i (?:can|should|could|would be able to|am able to) |it (?:is|would be) (?:right|appropriate|ethical|wise|okay|ok|fair|responsible|a good idea) (?:for me )?to ))",
        $"(?:lack|have no) (?:the |any )?(?:{Act}|way) (?:(?:needed|required|necessary) )?(?:to|of|for) ",
        "would (?:rather|prefer) (?:not|to not|to avoid) (?:to )?",
        "am (?:not )?(?:an? )?[a-z ]{1,40} and (?:(?:can|will|do) not |have no (?:way|ability|means|access) (?:to|of) )",
        "(?:choose|prefer|opt|have chosen|have decided|would like|would prefer|have been (?:instructed|told|asked|programmed|designed|trained)) not to ",
        "was not (?:designed|trained|programmed|built|made|created|meant|set up) (?:to|for) ") + ")", needs: "not |unable|unwilling|incapable|uncomfortable|prohibited|restricted|forbidden|barred|prevented|hesitant|reluctant|i lack|i have no");

    static readonly Form Impossible = new("(?:it is (?:not (?:possible|permitted|allowed|feasible)|impossible) for me to|there is no way (?:for me to|that i can|i can)|it is beyond my (?:ability|abilities|capability|capabilities|capacity) to) ", needs: " me |there is no way|it is beyond");

    // "Sorry, can't help with that": the subject is left out at the head of a clause.
    static readonly Form Headless = new(@"(?:\A |[,.;:!] (?:but |and |so )?)(?:(?:sorry|no|nope|apologies|unfortunately|regretfully|afraid) ,? ?(?:but )?)?(?:can not|will not|unable to|not able to|not going to|not allowed to) ", Form.Begin.Anywhere, "can not |will not |able to |going to |allowed to ");

    /// <summary>The verbs of what is asked of an assistant; each stands alone.</summary>
    const string Always = "assist|assisting|comply|complying|fulfil|fulfill|fulfilling|generate|generating|condone|condoning|facilitate|facilitating|disclose|disclosing|divulge|divulging|endorse|endorsing|impersonate|impersonating|role ?play|speculate|speculating|accommodate|accommodating|oblige|engage in|engage with|engaging in|engaging with|reproduce|reproducing|encourage|encouraging|promote|promoting|diagnose|prescribe|discuss|discussing|elaborate|provide|providing|advise|advising|fabricate|fabricating|facilitate|share|sharing|suggest|suggesting|speculating|reveal|revealing|entertain|proceed|respond to|responding to|comment on|commenting on|weigh in|take part in|participate in|participating in|partake in|take sides|pretend to be|act as|pose as|offer|offering|support|supporting|browse|answer|answering|predict|predicting|foresee|look (?:that|this|it) up|supply|supplying|imitate|imitating|impersonating|engage|side with|spread|replicate|undress|spoof|rank|rate your|profile|spy|intercept|decide for|choose (?:for|between|a side|sides)|put together|sign up|log into|log in to|cast a|vote|tamper|vouch|weigh|render|remove (?:the|your)|turn (?:on|off) (?:your|the)|pick up where|authori[sz]e|do what you|do as you|go into|go there|go along with|be (?:writing|doing|helping|providing|sharing|giving|creating|making|answering|discussing|assisting|generating|participating|producing|explaining|telling|involved|part|a part)|be of (?:help|assistance|service)|be a part of|be part of|be involved in|perform this|process (?:this|that|your)|honou?r|grant";

    /// <summary>These need an object that an assistant is asked for.</summary>
    const string Some = "write|writing|create|creating|draft|drafting|compose|composing|craft|crafting|give|giving|tell|telling|teach|teaching|show|showing|explain|explaining|describe|describing|outline|outlining|detail|list|demonstrate|instruct|guide|guiding|walk|send|produce|producing|make|making|do|doing|design|develop|build|translate|translating|summari[sz]e|rewrite|edit|continue|continuing|complete|completing|say|speak|talk|recommend|recommending|confirm|verify|execute|carry out|perform|handle|process|follow|repeat|accept|agree to|allow|approve|abide by|address|predict|determine|guess|judge|evaluate|assess|go|release|hand out|hand over|consider|supply|choose|decide|pick|remove|add|insert|attach|submit|sign|file|transfer|pay|purchase|reserve|contact|ring|notify|message|email|deliver|ship|water|arrange|run|operate|control|turn|set|change|alter|modify|fake|reprint|reproduce|quote|fill in|fill out|invent|make up|justify|defend|argue|help|helping|use|express|play|recite|print|output|quote|include|mention|name|narrate|depict|portray|simulate|brainstorm|plan|calculate|solve|debate|look into|place|book|order|schedule|call|imitate|copy|mimic|sing|draw|paint|sugarcoat|get into|get involved in|touch|cover|publish|forge|hack|bypass|crack|track";

    const string Noun = "(?:requests?|questions?|prompts?|topics?|subjects?|content|contents|materials?|information|info|instructions?|advice|details|data|guidance|tips|examples?|texts?|lyrics|code|scripts?|essays?|stor(?:y|ies)|poems?|jokes?|images?|kinds?|types?|sorts?|specifics|recommendations?|opinions?|statements?|claims?|messages?|responses?|tasks?|conversations?|discussions?|scenarios?|behaviou?rs?|activit(?:y|ies)|actions?|things?|predictions?|assistance|help|support|answers?|orders|commands?|assignments?|homework|exams?|role ?plays?|line|lines|queries|query|matters?|reviews?|comments?|articles?|letters?|ones?|purposes?|language|part)";

    static readonly Form Acting = new($"(?:{Always}) ", Form.Begin.Start);

    static readonly Form Asked = new($"(?:{Some}) (?:(?:with|to|on|about|in|for|into|out|you|through|up|of|from|engaging) ){{0,2}}(?:" + string.Join('|',
        $"(?:(?:that|this|it|so|these|those|such|any|anything|your|the|an?|specific|personal|further|more|out|harmful|medical|legal|financial|tax) )?(?:[a-z]+ ){{0,3}}?{Noun} ",
        "(?:that|this|these|those|it|so|such things|anything like that|any of that|what you (?:ask|are asking|want|have asked)|your [a-z]+)(?: (?:one|for you|here|to you|with you|because|as|since|due to|without (?:breaking|violating)|in good conscience|now))? ?(?:[.,;!)]|for you|because|as it|since it|since|due to|at all|in any|at this)",
        "you (?:how to|that|this|any|with|through|do|create|write|make|find|get|build|obtain|access|hack|cheat|what to|which (?:stock|medic|drug|candidate|party)|who to|the (?:answer|password|future))",
        "(?:erotic|nude|sexy|graphic|hateful|dirty|mean|cruel|fake|misleading|one sided|defamatory|threatening|insulting) ",
        "whether (?:to|you|your|she|he|this|that) ",
        "(?:for|on behalf of|on your behalf|to) you(?:r [a-z]+)? ?[.,;!]",
        "(?:essays?|articles?|stor(?:y|ies)|poems?|speeches|letters?|scripts?) (?:that|which|about|for|promoting|glorifying)",
        "how (?:to |[.,;])") + ")", Form.Begin.Start);

    static readonly Form Helping = new("(?:help|helping) (?:[.,;!?)]|[a-z]+ )", Form.Begin.Start);

    // What a machine cannot do with its senses.
    static readonly Form Sensing = new("(?:access|accessing|open|opening|view|viewing|see|seeing|browsing|checking|verifying|running|read|hear|listen to|watch|visit|click on|click|follow|download|play|display|render|retrieve|look up|look at|search|browse|check|verify|fetch|execute|run|remember|recall|store|retain|send|make|process|analy[sz]e|connect to|interact with|perform|monitor|track|place|book|set|update|provide|access to|information|draw|generate|show|upload|scan|transcribe|record|call) (?:up |on |to |through |of |from )?(?:(?:the|your|any|this|that|those|these|actual|external|outside|live|current|previous|past|earlier|individual|user|customer|specific|other|real|physical|private) ){0,3}(?:links?|urls?|attachments?|files?|images?|pictures?|photos?|photographs?|videos?|audio|sounds?|music|the internet|internet|the web|web|websites?|web ?pages?|real time|realtime|databases?|personal|accounts?|screens?|computers?|devices?|locations?|calendars?|e ?mails?|phone calls|conversations|chats|messages|chat history|history|purchases|reservations|alarms?|timers?|reminders?|transactions|current events|news|weather|stock prices|documents?|code|programs?) ", Form.Begin.Start);

    // What is declined stands there without a verb: "not comfortable with that request", "would rather not say".
    static readonly Form Verbless = new($"(?:(?:that|this|your|such|these|those|any) (?:{Noun} |[.,;!])|say [.;!])", Form.Begin.Start);

    // What is declined stood before: "a kind of content that I'm not permitted to produce."
    static readonly Form Fronted = new($"(?:produce|write|create|explain|describe|give|show|teach|process|make|do|handle|cover|release|give out|repeat|recommend|fulfil|continue|say more|go further|do so|do any of that) (?:here )?[.,;!]", Form.Begin.Start);

    static readonly Form ThoseAreOnes = new("(?:access|open|view|see|read|hear|find|check|play|send|run|search|update|set) (?:up )?(?:my|the|our|his|her|their|all|enough|a|an) ", Form.Begin.Start);

    static readonly Form Idiom = new("(?:" + string.Join('|',
        "help (?:but|it|myself|ourselves|yourself|feeling|noticing|thinking|laughing|smiling|wondering|loving|liking|admiring|being|falling|crying|wanting|wishing|worrying|staring|asking|recalling|comparing|if you do not|unless you|you (?:unless|until|if|without|enough|any (?:faster|sooner)|feel|love))",
        "(?:tell|say) (?:a lie|if|whether|the difference|them apart|apart|you how (?:much|happy|grateful|glad|sorry|excited|pleased|proud|often|many|good|long|relieved|thankful|nice|wonderful|important)|you what an? |no to|that (?:i|it|he|she|we|they) (?:am|was|is|have|had|do|did|regret|blame|ever)|i (?:am|was|have|regret|blame)|for (?:sure|certain)|with (?:certainty|confidence)|exactly|enough)",
        "provide for |provide (?:more|better|a better) than|share (?:a|the|my) (?:room|bed|flat|apartment|table|secret|taxi)|answer (?:the (?:phone|door|call)|my (?:phone|door)|for (?:him|her|them|what))|support (?:my |myself|him|her|the weight|two|three|his|their)|participate in (?:the|tomorrow|next|our|a|sports|gym)|take part in (?:the|tomorrow|next|our|sports)|offer (?:more|you more|enough|anything more|you anything more)|engage the|promote my|proceed without|answer without|proceed until|provide (?:an? |the )?(?:[a-z]+ )?(?:answer |diagnosis |quote |estimate |solution )?(?:until|unless|without) (?:you|seeing|knowing|more|the)",
        "(?:do|make|go|be|continue) (?:this |that |it |on )?(?:without|alone|any ?more|any longer|by myself|on my own|all (?:day|by|the))",
        "do (?:much|enough|maths?|cartwheels)|make (?:it|up|sense|out|my|ends|a living|time|the (?:meeting|party|appointment|trip|bus|deadline))|give (?:up|in|enough|him|her|them|my)|be (?:happier|sure|certain|there|more|home|long|late|bothered|the only|prouder|at|back|trusted|with)|have (?:a|the|my|it|any|another) |let (?:go|you go|you down|him|her|them|it|this|that|my)|take (?:it|this|that|the|my|any more)|find (?:my|the|a|any|it|your|words|that|an) |read (?:his|her|minds|your mind|that without|it without)|use (?:my|the|a) |place (?:it|him|her)|see (?:why|how|you|anything wrong|a reason|any reason|myself|the)|place my|call (?:him|her|it|them|my|you)|recommend (?:it|this|that|them|him|her|the|these|those|[a-z' ]{1,50}) (?:enough|highly|more|any more|strongly)|express (?:how|my|enough|the)|describe (?:how|the feeling|my)|explain (?:why i|how i|how (?:much|happy|grateful)|the feeling|my)|imagine|go (?:to|back|home|out|with|into town|wrong)") + @")\b", Form.Begin.Start);

    // Said of what goes well: "can't recommend this book highly enough".
    static readonly Form Praise = new("^(?:recommend|stress|emphasi[sz]e|thank|praise|overstate|say|speak|express|support|endorse|agree|give|suggest|encourage|tell|offer)[a-z' ]* (?:enough|highly|more strongly|any better|more) ", Form.Begin.Anywhere);

    // Whatever the verb, a reason that only an assistant has.
    static readonly Form Reason = new("(?: (?:your|this|that) (?:request|question|prompt)| (?:my|our|the|safety|usage|content|ethical|openai 's?) (?:guidelines|programming|usage polic(?:y|ies)|content polic(?:y|ies)|safety|ethical (?:guidelines|standards|principles))| in good conscience| as an ai | language model | against my (?:principles|values|ethics))", Form.Begin.Anywhere);

    // What nobody should be helped with.
    static readonly Form Harm = new(" (?:harm|hateful|hate speech|illegal|unlawful|illicit|violen|weapon|explosive|bomb|malware|ransomware|virus|exploit|hacking|phish|sexual|explicit|offensive|discriminat|stereotyp|derogatory|racist|racism|sexis|abus|dangerous|unsafe|unethical|inappropriate|fraud|stealing|steal |theft|launder|counterfeit|plagiar|copyrighted|confidential|private (?:data|information|details)|personal (?:data|information|details)|misinformation|disinformation|self harm|suicid|poison|drugs|meth |stalk|defam|impersonat|scam|cheat|bully|insult|slur|propaganda|conspiracy)", Form.Begin.Anywhere);

    static readonly Form RequestVerb = new($"(?:{Some}) ", Form.Begin.Start);

    // What people can't do who answer for themselves, and what anybody says.
    static readonly Form Human = new("(?:[a-z]+ly )?(?:wait|believe|sleep|swim|come|go|get|find|hear|remember|recall|forget|stop|eat|drink|afford|imagine|stand|lie|decide|feel|meet|join|attend|make|reach|walk|drive|live|work|lift|carry|cook|dance|breathe|move|win|lose|leave|stay|complain|deny|resist|be|have|think|understand|see|hold|keep|bear|watch|take|bring|wear|buy|pay|like|love|want|need|know|count|guarantee|promise|emphasi[sz]e|stress|overstate|thank|praise|wish|agree|argue|blame|fault|concentrate|focus|relax|return|travel|fly|catch|miss|marry|fix|undo|change my|handle|cope|ignore|escape|avoid|risk|expect|fit|tolerate|digest|smell|taste|touch|climb|ride|use|trust|let|give up|give in|tell|say|seem|start|begin|finish|park|turn back|bring myself|let go|play|read|show up|sit|speak|talk|write|open|lock|figure|explain|describe|put|pick|help|not|replace|sugar ?coat|sugar|bore|hide|spoil|mince|beat|dwell|exaggerate|quibble|waste|bother|repeat myself|keep you|judge|disagree|swear|vouch|speak highly|compete|settle|shake|complete with|quit|rest|access my|skip|bet|vote for|fault|top) ", Form.Begin.Start);

    // Of those, what is done for somebody: "I can't sit the test for you", "I can't tell you who won".
    static readonly Form ForYou = new("(?:(?:write|open|put|sit|judge|read|play|make|explain|describe|fix|change|buy|pay|cook|take|bring|finish|touch|choose|pick|say|speak|talk) [a-z' ]*(?:you|your) |tell you (?:whether|if|who|which|what|when|where|anything|that|this|the)(?: |[.,;!])|write (?:an?|the|that|this|these|any) [a-z]+ |put (?:that|this|it) together )", Form.Begin.Start);

    // "I can't see your screen, but that message means …": it is answered all the same.
    static readonly Form Answered = new("[^.!?;]*, (?:but|yet|still|though) (?:that|this|the|it|here|most|an?|in|for|these|those|judging|from|by|based|going|typically|usually|as) ", Form.Begin.Start);

    // "I can't reach her before Monday."
    static readonly Form Life = new("(?:my|me|him|her|his|them|myself|we|our|us|tonight|today|tomorrow|yesterday|tonight|any ?more|until|unless|without|alone|yet|enough|at home|at work|on (?:mondays?|tuesdays?|wednesdays?|thursdays?|fridays?|saturdays?|sundays?|weekends?)) ");

    static readonly Form Refuse = new("i (?:(?:must|have to|need to|will have to|am going to have to|am going to|am obliged to|am forced to|am inclined to|will|would have to|would like to|choose to|should|shall|have decided to|have chosen to) )?(?:decline|refuse|abstain|refrain|pass|opt out|say no|draw the line|stop (?:here|you there)|turn (?:this|that|it|down))(?:" + string.Join('|',
        @" ?[.,;!)]",
        " (?:this|that|your|the) (?:request|one|offer to|question|prompt|task|topic|invitation to (?:discuss|write))",
        " (?:on|from|to) (?:this|that|your|answering|answer|providing|provide|helping|help|assisting|assist|comply|writing|write|engaging|engage|creating|create|generating|generate|fulfil|fulfill|participate|participating|continue|do (?:this|that|so)|share|sharing|discuss|discussing|give|giving|produce|respond|comment|support|offer|take part|be (?:a )?part|proceed|facilitate|disclose|reveal|speculate|commenting|advise)(?: request| one| question| topic)?",
        " here ") + ")|i (?:(?:must|have to|need to|will have to|am going to have to|would have to|should) decline|decline) to [a-z]+ |i (?:have to|must|need to|will have to|am going to have to|would have to) turn (?:this|that|it|down)|i (?:(?:must|have to|need to|will have to|think i will|am going to|will|would rather) )(?:sit this one out|bow out|take a pass|leave (?:that|this|it) (?:one )?(?:to|alone)|steer clear)|i am out [.,!]", needs: " out | turn |a pass|leave |steer clear|decline|refuse|abstain|refrain|pass|opt out|say no|draw the line|stop");

    static readonly Form RefuseTo = new("i (?:must |will |have to )?refuse to ", needs: " refuse to ");

    static readonly Form Stubborn = new("(?:believe|let|give|go|accept|be|die|live|eat|pay|back|quit|surrender|apologi[sz]e|think|admit|acknowledge|wear|leave|drink|buy|spend|work|vote|stop|lose|forget|wait|sleep|watch|marry|move|sit|stand|stay) ", Form.Begin.Start);

    static readonly SearchValues<string> Hints = SearchValues.Create(["not ", "unable ", "unwilling", "incapable", "uncomfortable", "prohibited", "restricted", "forbidden", "barred", "prevented", "hesitant", "reluctant", "i lack", "i have no", "no way", "impossible", "beyond my", "decline", "refuse", "abstain", "refrain", " pass", " out ", "leave ", "steer clear", "opt out", "say no", "draw the line", " turn ", "stop here", "stop you"], StringComparison.Ordinal);

    /// <returns>The part of the sentence that declines, or null.</returns>
    /// <param name="opens">The sentence is among the first of the answer; in the middle only what says plainly what is declined counts.</param>
    public static Range? Find(ReadOnlySpan<char> sentence, bool opens)
    {
        if (!sentence.ContainsAny(Hints))
        {
            return null;
        }

        var from = 0;
        for (var tries = 0; tries < MostHeads && Next(sentence, from, opens, out var start, out var end); tries++)
        {
            var lead = sentence[..start];
            var rest = sentence[end..];
            if (!Lead.Turns(lead) && !Lead.IsAsked(rest) && Extent(rest, opens, sentence[start] == 'i', IsPast(sentence, start, end)) is > 0 and var extent)
            {
                return start..(end + extent);
            }

            from = end - 1;
        }

        if (opens && Habit.TryFind(sentence, out var habit, out var said) && !Lead.Turns(sentence[..habit]) && (Harm.IsIn(sentence[habit..]) || Like.IsIn(sentence[(habit + said)..])) && !Lead.IsAsked(sentence[habit..]))
        {
            return habit..(habit + said);
        }

        if (opens && RefuseTo.TryFind(sentence, out var refuse, out var length) && !Stubborn.IsIn(sentence[(refuse + length)..]) && !Lead.Turns(sentence[..refuse]) && !Lead.IsAsked(sentence[(refuse + length)..]))
        {
            return refuse..(refuse + length);
        }

        return Refuse.TryFind(sentence, out var index, out var count) && !Lead.Turns(sentence[..index]) && !Lead.IsAsked(sentence[(index + count)..]) ? index..(index + count) : null;
    }

    /// <summary>A first person can't or won't do what only people do ("I can't wait", "I won't be home"), or could not some time ago, and nothing of it is declined.</summary>
    public static bool IsOfPeople(ReadOnlySpan<char> sentence)
    {
        if (!sentence.ContainsAny(Hints) || !Head.TryFind(sentence, out var index, out var length))
        {
            return false;
        }

        var rest = sentence[(index + length)..];
        return Idiom.IsIn(rest) || Praise.IsIn(rest) || (IsPast(sentence, index, index + length) && !Asking.IsIn(rest)) || (!Reason.IsIn(rest) && !ForYou.IsIn(rest) && (Life.IsIn(rest) || Human.IsIn(rest)) && !Asked.IsIn(rest) && !Verbless.IsIn(rest) && !Sensing.IsIn(rest));
    }

    // "I don't write malware": what is never done.
    static readonly Form Habit = new($"i (?:do|would|will) not (?:{Always}|{Some}) ", needs: " not ");

    static readonly Form Like = new("(?:[a-z]+ ){0,2}(?:(?:that|this|such|these|those) (?:kind|sort|type|requests?|content|things?)|requests? |[.;!])", Form.Begin.Start);

    // A sentence in which I can't so many things is not one of ours.
    const int MostHeads = 8;

    // The first of the shapes from here on.
    static bool Next(ReadOnlySpan<char> sentence, int from, bool opens, out int start, out int end)
    {
        (start, end) = (int.MaxValue, 0);
        foreach (var form in opens && from == 0 ? Shapes : SubjectShapes)
        {
            if (form.TryFind(sentence[from..], out var index, out var length) && from + index < start)
            {
                (start, end) = (from + index, from + index + length);
            }
        }

        return end > 0;
    }

    static readonly Form[] Shapes = [Head, Impossible, Headless];
    static readonly Form[] SubjectShapes = [Head, Impossible];

    static int Extent(ReadOnlySpan<char> rest, bool opens, bool hasSubject, bool isPast)
    {
        if (Idiom.IsIn(rest) || Praise.IsIn(rest) || (isPast && !Asking.IsIn(rest)))
        {
            return 0;
        }

        if (Acting.TryFind(rest, out _, out var length) && (opens || Asking.IsIn(rest)))
        {
            return length;
        }

        if ((Helping.TryFind(rest, out _, out length) && !Life.IsIn(rest)) || Asked.TryFind(rest, out _, out length) || Verbless.TryFind(rest, out _, out length) || Fronted.TryFind(rest, out _, out length))
        {
            return length;
        }

        if (opens && hasSubject && !Answered.IsIn(rest) && Sensing.TryFind(rest, out _, out length) && (!ThoseAreOnes.IsIn(rest) || rest.Contains(" you ", StringComparison.Ordinal)))
        {
            return length;
        }

        return opens && (Reason.IsIn(rest)
            || (RequestVerb.IsIn(rest) && Harm.IsIn(rest))
            || (hasSubject && !isPast && !Answered.IsIn(rest) && (ForYou.IsIn(rest) || !Human.IsIn(rest)) && !Life.IsIn(rest))) ? FirstWord(rest) : 0;
    }

    static readonly Form Asking = new("(?:that|this|these|such|your|you|any) ");

    // "I couldn't answer" tells of yesterday, unless it is about what was just asked.
    static bool IsPast(ReadOnlySpan<char> sentence, int start, int end) => sentence[start..end].Contains("could not", StringComparison.Ordinal);

    static int FirstWord(ReadOnlySpan<char> rest) => Math.Max(1, rest.IndexOf(' ') + 1);
}
