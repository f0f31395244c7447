namespace DistillForge.Filters;

/// <summary>Words and short phrases of English, German, French, Spanish, Portuguese, Italian, Dutch, a little Russian and Polish, and what they say. A star stands for any ending.</summary>
static class Lexicon
{
    static readonly (Sign Sign, string Terms)[] Lists =
    [
        (Sign.Speaker, """
            i, me, my, we, us, our, myself, the assistant, this assistant, this chatbot, this bot, this chat, this service, this channel,
            ich, mir, mich, mein, meine, meinem, meiner, meinen, wir, uns, unser, unsere,
            je, j'ai, j', me, m'est, moi, mon, ma, mes, nous, notre, j'*, m'*,
            yo, mí, puedo, podré, podría, tengo, soy, estoy, debo, prefiero, siento, sé, mis, podemos, haré, voy, me,
            eu, posso, consigo, tenho, sou, estou, devo, prefiro, sei, meu, minha, meus, podemos, vou, quero, poderei, fui,
            posso, riesco, sono, ho, devo, preferisco, so, mio, mia, miei, potrò, voglio, possiamo, mi, intendo,
            ik, mij, mijn, wij, ons,
            я, мне, мой, моя, мы, могу, буду,
            mogę, jestem, jag, jeg,
            """),
        (Sign.Not, """
            unable, incapable, unwilling, uncomfortable, reluctant, impossible, prohibited, forbidden, interdit, unmöglich, imposible, impossível, incapaz, impossibile, nor, beyond,
            not, no, never, nothing, neither, nor, none, nope, nah, without, nein, nicht, kein, keine, keinen, keinem, keiner, keinerlei, nichts, nie, weder, ohne,
            ne, n'*, pas, aucun, aucune, sans, jamais, non, nunca, ningún, ninguna, sin, tampoco, nada,
            não, nenhum, nenhuma, sem, nessun, nessuna, nessuno, senza, niente, niet, geen, niets, zonder, не, нет, ни, nie, inte, ikke,
            """),
        (Sign.Able, """
            can, could, will, would, should, may, shall, must, able, allowed, permitted, authori*, comfortable, willing, going to, qualified, licensed, capable, equipped, position,
            liberty, prepared, inclined, designed, programmed, trained, supposed, want to, wish to,
            kann, können, könnte, darf, dürfen, werde, werden, möchte, lage, befugt, berechtigt,
            peux, puis, pouvons, peut, pourrai, saurais, souhaite, suis, mesure, habilit*, capable, autoris*,
            puedo, podré, podemos, capaz, autorizad*, posso, consigo, conseguimos, podemos, sou, grado, autorizzat*, possiamo, riesco,
            kan, mag, kunnen, zal, могу, можем, способен, mogę, kan,
            """),
        (Sign.Serve, """
            help*, assist*, provid*, answer*, comply*, fulfil*, generat*, writ*, creat*, giv*, tell*, shar*, discuss*, explain*, describ*, recommend*, suggest*, advis*, offer*,
            continu*, complet*, engag*, participat*, support*, produc*, draft*, compos*, teach*, show, walk you, guide, instruct, outline, facilitat*, endors*, condon*, promot*,
            encourag*, disclos*, reveal*, divulg*, repeat, reproduc*, translat*, summari*, confirm, verify, comment*, respond*, speculat*, predict*, pretend, impersonat*, contribut*,
            point you, look up, look it up, look that up, access*, open, view*, check, see, read, browse, search*, play, watch*, remember, retain, store, send, call, book, order, run,
            execut*, process*, perform, do that, do this, do it, do so, say, speak, talk, go into, weigh in, take sides, choose, decide, pick, rank, rate, judge, diagnos*, prescrib*,
            interpret*, identify, approve, cancel, refund, reset, change, transfer, schedule, design, build, make, made, make up, invent, role play, voice, list, name, supply, grant,
            switch, handle, help you, cover, quote, roast, imitate, sing, taste, feel, describe, proceed, opin*, accommodat*,
            helf*, hilf*, weiterhelf*, unterstütz*, beantwort*, antwort*, erfüll*, bereitstell*, bereit, geben, anbieten, erstell*, schreib*, verfass*, liefer*, teil*, diskutier*,
            generier*, erklär*, verrat*, zugreif*, öffn*, ausführ*, empfehl*, berat*, sagen, nennen, tun, machen, mache, übersetz*, auskunft, auskünfte, behilflich, nachkommen,
            dienen, weitergeben, äußern, abruf*, anzeig*, seh*, prüf*,
            aider*, aide, assist*, répond*, fourni*, faire, créer, génér*, donn*, écri*, rédig*, partag*, accéd*, discut*, particip*, expliq*, divulg*, révél*, comment*, conseil*,
            recommand*, souten*, produi*, trait*, dire, indiqu*, ouvr*, aidera*, consult*, voir, envoy*, poursuiv*, continuer, exprim*,
            ayud*, proporcion*, respond*, contest*, cumpl*, asist*, ofre*, dar*, brind*, escrib*, redact*, compart*, acced*, facilit*, discut*, explic*, revel*, recom*, apoy*,
            complac*, habl*, realiz*, proces*, atend*, decir*, hacer*, opin*, abrir, ver, crear*, generar*, mostr*, enviar*,
            ajud*, fornec*, ger*, cri*, cumpr*, oferec*, escrev*, redig*, compartilh*, partilh*, acess*, aced*, discut*, explic*, recomend*, fazer*, dizer*, dar, abrir, ver, mostrar,
            enviar,
            aiut*, forni*, rispond*, gener*, soddisf*, scriv*, condivid*, spieg*, rivel*, consigl*, sosten*, offr*, dare, dart*, dirt*, dire, fare, farlo, vedere, aprire, accedere,
            mostrar*, inviare, eseguire,
            helpen, help*, beantwoord*, geven, verstrekk*, schrijv*, maken, delen, bespreken, uitvoeren, meewerken, помоч*, помога*, ответ*, предостав*, выполн*, созда*, напис*,
            обсужд*, дать, подел*, откры*, pomóc, pomoc, odpowiedzieć, hjälpa, hjelpe, hjælpe,
            """),
        (Sign.Asker, """
            you, your, yours, u, ihnen, ihre, ihrem, ihr, dir, dich, dein, deine, deinem, vous, votre, vos, te, tu, toi, ta, tes, t'*, usted, tu, tus, su, sus, você, vocês, seu, sua,
            lhe, ti, tuo, tua, lei, je, jou, jouw, uw, вам, вас, вы, тебе, ваш*, ci, dig,
            """),
        (Sign.Asked, """
            this, that, these, those, it, so, such, request*, question*, prompt*, topic*, subject*, query, conversation*, content, material*, task*, details, instructions,
            step by step, scenario*, instruction*, information, advice, line, one, ask, asking, asked, any, something i, something we, something that i, thing i,
            das, dies*, dabei, dazu, damit, hierzu, darauf, darüber, anfrage*, frage*, thema, wunsch, bitte, anleitung*, inhalt*, informationen, auskunft,
            cela, ça, ceci, cette, ce, demande, question, sujet, y, informations, contenu,
            eso, esto, esta, ese, ello, solicitud, pregunta, petición, tema, información, contenido, pedido, isso, isto, esse, essa, solicitação, pergunta, conteúdo, informação,
            informações, questo, questa, quella, ciò, richiesta, domanda, argomento, contenuti, informazioni,
            dat, dit, deze, verzoek, vraag, dit verzoek, это*, этим, запрос*, вопрос*, просьб*, tym, tego, det,
            """),
        (Sign.Reach, """
            access, real time, realtime, live, current, internet, browse, browsing, web, website*, link*, url*, attach*, file*, image*, picture*, photo*, video*, audio, memory,
            previous, past, earlier, session*, inbox, email*, e mail*, calendar*, account*, database*, body, hands, eyes, ears, taste, feelings, emotions, opinions, opinion, beliefs,
            preferences, experiences, personal, physical, location, camera, microphone, data, records, history, device*, phone, screen, function, tool*, environment, code, up to date,
            news, weather, prices, training, knowledge, cutoff, consciousness, childhood, order*, system*,
            zugriff, echtzeit*, internet, datei*, bild*, körper, gefühle, meinung*, zugang, daten, erfahrungen,
            accès, temps réel, fichier*, images, corps, sentiments, opinion*, données, d'accès, possibilité, capacité, courriels, émotions,
            acceso, tiempo real, archivo*, imágenes, cuerpo, sentimientos, opinión, opiniones, datos, acesso, tempo real, arquivo*, ficheiro*, corpo, sentimentos, opiniões, dados,
            accesso, immagini, corpo, sentimenti, opinioni, dati, foto, toegang, bestanden, доступ*, интернет*, изображен*,
            """),
        (Sign.Harm, """
            harm*, hateful, hate speech, hatred, illegal*, unlawful*, illicit, violen*, weapon*, explosive*, bomb*, malware, ransomware, virus, keylogger*, exploit*, hack*, phish*,
            sexual*, sexually, explicit, offensive, discriminat*, stereotyp*, derogatory, racis*, sexis*, abus*, danger*, unsafe, unethical, inappropriate*, fraud*, steal*, stole*,
            theft, launder*, counterfeit*, plagiar*, copyright*, confidential*, misinformation, disinformation, suicid*, poison*, drug*, meth, stalk*, defam*, impersonat*, scam*,
            cheat*, bully*, bullying, insult*, slur*, propaganda, cruel, crime*, criminal*, covert*, surveillance, harass*, demean*, mock*, murder*, kill*, torture*, traffick*,
            terror*, malicious*, privacy, consent, wrong, immoral, irresponsib*, deceiv*, decept*, misleading, manipulat*, abusive, vandal*, deepfake*, minors, disrespectful*,
            hurtful, toxic, threat*, blackmail*, extort*, forg*, evad*, evasion, tamper*, bypass*, pirat*,
            gefährlich*, illegal*, strafbar, gewalt, waffe*, schad*, verletz*, betrug, diskriminier*, dangereu*, illéga*, violen*, arme*, nuisi*, haine*, fraud*, contourn*, ilegal*,
            peligros*, violencia, arma*, dañin*, odio, perigos*, violência, danos*, prejudic*, illegal*, pericolos*, violenza, armi, dannos*, illecit*, odio, незаконн*, опасн*,
            насили*, оруж*, gevaarlijk, geweld, wapen*,
            """),
        (Sign.Life, """
            wife, husband, mom, mum, dad, mother, father, sister, brother, kids, son, daughter, boss, friend*, tonight, yesterday, weekend*, lunch, dinner, breakfast, movie*, dog,
            cat, birthday, school, party, job, ticket*, bus, train, bed, kitchen, home, house, car, shoes, coffee, pizza, burger*, game*, swim, sleep, eat, eating, cook, love, heart,
            myself, anymore, forever, vacation, holiday, gym, team, band, song, songs, knee, back then, grew up, married, neighbour*, neighbor*, monday, tuesday, wednesday, thursday,
            friday, saturday, sunday, tomorrow, mamá, hermano, oma, opa, mama, papa, schule, morgen, heute, hier, gestern, demain, mañana, amanhã, domani, noche, hambre, dormir,
            schlafen,
            """),
        (Sign.Decline, """
            decline, declining, refuse, refusing, pass, refrain, abstain, rather not, prefer not, prefer to not, hold off, skip, stopping, stop here, stop there, leave it, leave that,
            sit this one out, opt out, draw the line, out of bounds, off limits, hard no, no from me, off the table, not happening, no can do, count me out, turn this down,
            turn that down, keep that to myself, not for me, not my, stays with me, steer clear, leave unanswered, decided against, leave it out, i am out, i 'm out, no thanks,
            no deal, off the menu, another matter, leaving those, leaving that, leave those, leave to, to leave that, to leave this, leave out, stop there, have to pass, sit this,
            say no, going to say no, not doing, not going there, drop it, draw a line, line i, will not be, be contributing, a no, keep it off, not one i, not something i,
            not something we, not a topic, not up for, request refused, request denied, request declined, reluctant, hesitant, uncomfortable, unwilling, not comfortable, not willing,
            do not want to, would not want to, do not wish, do not feel, can not in good conscience, end this conversation, end the conversation, end it here, still no, stays no,
            remains no, stays the same, is no, not here to,
            ablehnen, verweiger*, lehne, weigere, mache ich nicht, décliner, refuser, refuse, préfère ne, préfère pas, rechazar, negarme, niego, rehúso, declinar, prefiero no,
            recusar, recuso, recusar me, prefiro não, rifiut*, declin*, preferisco non, weiger, afwijzen, отказ*, вынужден, odmawiam,
            """),
        (Sign.Machine, """
            ai, artificial intelligence, language model, llm, chatgpt, robot, sentient, human being, chatbot*, chat bot, virtual assistant, digital assistant, ai assistant, computer program, bot, openai, anthropic,
            text only model, text based, programmed, algorithm, assistant, neural network, trained by, trained on, my training, my creators, my developers, software,
            ki, sprachmodell, künstliche intelligenz, ia, qu'ia, modèle de langage, intelligence artificielle, modelo de lenguaje, inteligencia artificial, modelo de linguagem,
            inteligência artificial, modello linguistico, intelligenza artificiale, taalmodel, ии, языковая модель, asistente, assistente, assistant virtuel, assistent,
            """),
        (Sign.Rule, """
            guideline*, policy, policies, rules, instructions, principles, programming, values, ethics, ethical*, terms of service, terms of use, safety, standards, law, laws,
            regulations, permission*, authority, boundaries, privacy, confidentiality, restrictions, acceptable use, content policy, good conscience, conscience, compliance,
            richtlinie*, regeln, datenschutz*, vorgaben, gesetz*, règles, directives, politique, consignes, éthique*, politiques, normas, directrices, política*, pautas, ética*,
            diretrizes, regras, politica, linee guida, regole, etich*, richtlijnen, regels, правил*, политик*, этич*,
            """),
        (Sign.Regret, """
            sorry, apolog*, unfortunately, afraid, i wish i could, regret*, sadly, alas, forgive me, my apologies, pardon,
            leider, tut mir leid, bedaure, bedauere, entschuldig*, verzeih*, désolé, désolée, malheureusement, regrette, navré, lo siento, lamento, desafortunadamente,
            lamentablemente, perdón, disculp*, desculp*, infelizmente, lamento, sinto muito, mi dispiace, purtroppo, spiacente, scusa*, sorry, helaas, het spijt me, spijt, извин*,
            сожален*, простите, niestety, przykro, przepraszam, tyvärr, beklager,
            """),
        (Sign.Offer, """
            instead, happy to, glad to, anything else, something else, would you like, how about, if you would like, i can help, can i help, what else, i would be happy,
            i would be glad, let me know, be happy to, happily, rather than, feel free, could you, what i can, i can offer, i can explain, i can describe, i can talk, i can point,
            want to, i could, please ask, i would encourage, encourage you, i would love to,
            gern, gerne, stattdessen, volontiers, plutôt, autre chose, à la place, en cambio, en su lugar, con gusto, otra cosa, en lugar, posso ajudar, em vez, outra coisa,
            com prazer, invece, volentieri, altro, in plaats, graag, вместо, могу помочь,
            """),
        (Sign.Refer, """
            consult, professional*, licensed, doctor, physician, lawyer, attorney, therapist, counselor, counsellor, hotline, helpline, crisis, 988, samaritans, contact, reach out,
            support team, official, adviser, advisor, accountant, emergency, seek help, human agent, administrator, directly, billing team, phone our, call the, law enforcement,
            police, trusted, support line, pharmacist,
            arzt, ärztin, anwalt, wenden sie sich, kundenservice, médecin, avocat, professionnel, consultez, contactez, adressez, médico, abogado, profesional, consulte, consulta,
            acuda, contacte, advogado, profissional, medico, avvocato, professionista, rivolg*, contatt*, arts, врач*, юрист*, специалист*, обратит*,
            """),
        (Sign.Lack, """
            unable, impossible, no way, not possible, beyond me, beyond my, outside my, outside of my, outside what, beyond what, incapable, lack, no means, no ability, no access,
            not able, not capable, not equipped, not within, not in my, not part of, wheelhouse, out of scope, none of, no tool*, no connection, no way to, not possible, not set up,
            not built, not designed, not made for, no hands, no permission, not supported, not something, not available, no function, no tool, not connected, not qualified,
            not a doctor, not a lawyer, not licensed, not allowed, not permitted, not authori*, prohibited, forbidden, barred, prevented, restricted, not have access, not see,
            not retain, not store, not keep,
            unmöglich, nicht möglich, nicht in der lage, keinen zugriff, keine möglichkeit, impossible, pas en mesure, pas capable, pas accès, n'ai pas, imposible, no tengo,
            no soy capaz, no estoy, no me es, não tenho, não sou capaz, não consigo, não me é, incapaz, impossível, impossibile, non sono in grado, non ho, non mi è, non riesco,
            niet in staat, niet mogelijk, geen toegang, не имею, нет доступа, невозможно,
            """),
        (Sign.Scope, """
            only answer*, only help*, only assist*, only discuss*, only talk, can only, only handle, only here, here only, here to, my role, limited to, my job, my purpose, only deal,
            only able, only provide*, only cover*, only for, only about, solo puedo, nur fragen, ausschließlich, nur zu, uniquement, seulement, ne peux que, seul, únicamente,
            solamente, sólo, só posso, apenas, somente, soltanto, solo domande, solo, alleen, только, not my area, specialise in, specialize in, a helper, i focus on, exclusively,
            stick to, keep to, stay on, supposed to, designed to, built for, made for, made to, built to, programmed to, designed for,
            """),
        (Sign.Other, """
            he, she, him, her, his, hers, said, replied, whispered, asked him, told him, told her, er sagte, sagte, dit il, dit elle, dijo, disse, ella, él, lui, elle, они, он, она,
            сказал*, once upon, chapter, scene,
            """),
        (Sign.Deliver, """
            here is, here are, here goes, sure, certainly, of course, for example, e g, absolutely, yes, first, step 1, great question, in short, answer is, means, usually, try,
            the following, let us, here you go, no problem, gladly, basically, typically, this is how, note that, also, then, you can, you could, you might, you will, you need,
            you should, natürlich, klar, hier ist, hier sind, bien sûr, voici, por supuesto, claro, aquí tienes, aqui está, certo, ecco, конечно, вот,
            """),
        (Sign.Switch, """
            steer us, steer this, more constructive, more positive, positive and, healthy subjects, parlons plutôt, hablemos de, parliamo di, reden wir, something else, switch topic*,
            change the subject, another topic, different topic, other topics, switch gears, talk about something, new topic, different subject, move on, anything else, next question,
            try a different, different question, another question, ask me about, a different direction, otro tema, anderes thema, autre sujet, outro assunto, altro argomento,
            """),
        (Sign.Missing, """
            no image, no file, not visible, no live, no attachment, not attached, nothing came through, not included, not provided, no email, insufficient, not enough information,
            not mention, not mentioned, does not say, does not specify, does not contain, does not include, not specified, not stated, no information, not see any, do not see,
            did not come through, missing, no figures, not list, no mention, was included, not contain, nothing attached, not enough context, not given, document you gave,
            based on the passage, not in the, keine informationen, pas d'information*, no se menciona, no aparece, não menciona, não consta, non contiene, non è indicat*,
            """),
        (Sign.Unknown, """
            do not know, not know, no idea, do not have any information, not sure, not certain, no clue, can not say, can not tell, not aware, weiß nicht, weiß ich nicht,
            keine ahnung, ne sais pas, no sé, não sei, non so, weet niet, не знаю, do not understand, not understand, not familiar, not have information, no information,
            have no information, not have enough,
            """),
        (Sign.Passive, """
            be provided, be given, be shared, be produced, be generated, be created, be written, be answered, be fulfilled, be disclosed, be discussed, be processed, be supplied,
            be offered, be handled, be granted, be completed, be reproduced, be done here, be displayed, be revealed, be helped, be released, be approved, be made, been blocked,
            is blocked, blocked, withheld, denied, rejected, not permitted, not allowed, is refused, been declined, erteilt werden, gegeben werden, bereitgestellt, pode ser,
            puede ser, peut être, può essere,
            """),
        (Sign.Breach, """
            violat*, against, breach*, contrary, conflict*, contraven*, in violation, improper, not appropriate, not okay, not ok, not right, not ethical, not acceptable,
            inappropriate, unethical, prohibit*, not align, not comply, would be wrong, is wrong, be wrong, not respectful, not kind, not be appropriate, not be right, not be ethical,
            crosses the line, cross the line, deeply concern*, concerning, never acceptable, never okay, is illegal, are illegal, verstößt, widerspricht, viole, enfreint, contraire,
            infringe, viola, en contra, contra as, contro le, нарушает, противоречит, in strijd,
            """),
        (Sign.Letter, """
            dear, sincerely, regards, subject :, best wishes, yours truly, respectfully yours, to whom it may, sehr geehrte*, mit freundlichen, madame, monsieur, cordialement,
            estimad*, atentamente, prezad*, atenciosamente, gentile, cordiali, cher, chère, liebe, lieber, querido, querida, kind regards, hi team, hello team, good morning team,
            """),
        (Sign.Idiom, """
            not wait, not help but, not believe, enough, not imagine, not recommend enough, not go wrong, not stop, not get over, not stand, not afford, not resist, no doubt,
            not only, not just, no matter, not mind, no longer, whether or not, or not, not yet, no need, not too, not very, not much, not to mention, not least, not even, not always,
            not necessarily, not until, not really, not quite, not that, no one, nobody, not a bad, no worries, nothing wrong, nothing like, nothing better, not surprising, not find,
            not sleep, not hear, not miss, not forget, no problem, not think, not sure if, not beat,
            """),
        (Sign.But, """
            but, however, though, although, while, that said, still, yet, aber, jedoch, allerdings, mais, cependant, toutefois, pero, aunque, mas, porém, no entanto, embora, ma, però,
            tuttavia, maar, но, однако,
            """),
        (Sign.Hangs, """
            if, when, whenever, unless, until, whether, who, wenn, ob, wer, si, quand, cuando, quien, se, quando, als, если, когда,
            """),
        (Sign.People, """
            they, them, their, people, users, user, customers, someone, anyone, everyone, man, doctors, companies, guests, members, players, students, nobody, one can, man kann,
            on peut, se puede,
            """),
    ];

    static readonly SignTable Whole, Beginnings, Phrases;

    // By the first word: phrases whose last word may go on.
    static readonly Dictionary<uint, (string Behind, Sign Sign)[]> Open;

    static readonly int LongestPhrase;

    // A word that a phrase begins with.
    const Sign BeginsPhrase = (Sign)(1 << 30);

    static Lexicon()
    {
        var terms = Lists.SelectMany(list => list.Terms.Split([',', '\n'], StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries), (list, term) => (list.Sign, Term: term)).ToList();
        var (words, phrases) = (terms.Where(one => !one.Term.Contains(' ')).ToList(), terms.Where(one => one.Term.Contains(' ')).ToList());
        Whole = new SignTable(words.Where(one => !one.Term.EndsWith('*')).Select(one => (AnswerWords.HashOf(one.Term), one.Sign)).Concat(phrases.Select(one => (AnswerWords.HashOf(one.Term.AsSpan(0, one.Term.IndexOf(' '))), BeginsPhrase))));
        Beginnings = new SignTable(words.Where(one => one.Term.EndsWith('*')).Select(one => (AnswerWords.HashOf(one.Term.AsSpan()[..^1]), one.Sign)));
        Phrases = new SignTable(phrases.Where(one => !one.Term.EndsWith('*')).Select(one => (one.Term.Split(' ').Select(word => AnswerWords.HashOf(word)).Aggregate(Mix), one.Sign)));
        Open = phrases.Where(one => one.Term.EndsWith('*')).GroupBy(one => AnswerWords.HashOf(one.Term.AsSpan(0, one.Term.IndexOf(' ')))).ToDictionary(group => group.Key, group => group.Select(one => (one.Term[(one.Term.IndexOf(' ') + 1)..^1], one.Sign)).ToArray());
        LongestPhrase = phrases.Max(one => one.Term.Count(' ') + 1);
    }

    static uint Mix(uint left, uint right) => (left * 31 ^ right) * 0x9E3779B1u;

    /// <summary>What a word says alone, and its hash.</summary>
    /// <param name="word">As <see cref="AnswerWords"/> writes it.</param>
    public static Sign OfWord(scoped ReadOnlySpan<char> word, out uint hash)
    {
        var sign = Sign.None;
        hash = AnswerWords.HashSeed;
        for (var i = 0; i < word.Length; i++)
        {
            hash = AnswerWords.HashOn(hash, word[i]);
            sign |= i > 0 ? Beginnings[hash] : Sign.None;
        }

        return sign | Whole[hash];
    }

    /// <summary>What a word says with those behind it, and alone.</summary>
    public static Sign Of(AnswerWords answer, int word)
    {
        var words = answer.All;
        var sign = words[word].Signs;
        if ((sign & BeginsPhrase) == Sign.None)
        {
            return sign;
        }

        sign &= ~BeginsPhrase;
        var key = words[word].Hash;
        for (var i = word + 1; i < Math.Min(words.Length, word + LongestPhrase); i++)
        {
            key = Mix(key, words[i].Hash);
            sign |= Phrases[key];
        }

        if (Open.TryGetValue(words[word].Hash, out var open))
        {
            var behind = answer.Text[(words[word].At + words[word].Length + 1)..];
            foreach (var (rest, meaning) in open)
            {
                sign |= behind.StartsWith(rest, StringComparison.Ordinal) ? meaning : Sign.None;
            }
        }

        return sign;
    }

    /// <summary>Signs by hash; most hashes are not there, which a bit of near memory tells.</summary>
    sealed class SignTable
    {
        const int Bits = 16;

        readonly ulong[] near = new ulong[(1 << Bits) / 64];
        readonly Dictionary<uint, Sign> signs = [];

        public SignTable(IEnumerable<(uint Hash, Sign Sign)> all)
        {
            foreach (var (hash, sign) in all)
            {
                signs[hash] = signs.GetValueOrDefault(hash) | sign;
                near[NearOf(hash) >> 6] |= 1ul << (int)(NearOf(hash) & 63);
            }
        }

        static uint NearOf(uint hash) => (hash * 0x9E3779B1u) >> (32 - Bits);

        public Sign this[uint hash] => (near[NearOf(hash) >> 6] & (1ul << (int)(NearOf(hash) & 63))) != 0 ? signs.GetValueOrDefault(hash) : Sign.None;
    }
}
