using System.Runtime.InteropServices;

namespace DistillForge.Filters;

/// <summary>
/// Reads an answer sentence by sentence for what tells a refusal from another answer: a grammar of who declines what. Each word is taken for what it may say (<see cref="Lexicon"/>), in whatever language;
/// a negation belongs to the first person of its clause, and what stands around it says what is declined.
/// </summary>
ref struct TraitReader
{
    const int MostWords = 160;

    const Sign Told = Sign.Other | Sign.People;

    readonly Span<bool> found;
    readonly ReadOnlySpan<char> text;
    readonly bool ignoresQuotes;
    int sentences;
    int foundIn;
    int after;
    bool isQuoting;
    bool isNegated;
    bool speaks;
    int rank;

    /// <param name="found">By <see cref="Trait"/>; all false.</param>
    /// <param name="text">The whole answer.</param>
    public TraitReader(Span<bool> found, ReadOnlySpan<char> text)
    {
        this.found = found;
        this.text = text;
        rank = -1;
        ignoresQuotes = Scene.IgnoresQuotes(text);
    }

    /// <summary>Where the clearest of what was found stands in the text.</summary>
    public (int Start, int End) Clearest { get; private set; }

    readonly void Add(Trait trait, bool holds = true) => found[(int)trait] |= holds;

    /// <param name="isOpening">It is among the first of the answer.</param>
    public void Read(scoped PlainSentence sentence, bool isOpening)
    {
        Span<Sign> signs = stackalloc Sign[MostWords];
        Span<char> marks = stackalloc char[MostWords];
        Span<int> at = stackalloc int[MostWords + 1];
        var count = Words(sentence.Text, isOpening, signs, marks, at);
        if (count == 0)
        {
            return;
        }

        var words = new SignedWords(sentence.Text, signs[..count], marks[..count], at[..(count + 1)]);
        var isFirst = sentences++ == 0;
        var isOwn = Scene.IsOwnVoice(text, sentence.Origin(at[0], 1).Start);
        Add(Trait.Staged, !isOwn);
        if (isFirst)
        {
            Mark(sentence, words, 0, count - 1, 0);
        }

        Negations(sentence, words, isOpening, isFirst, isOwn);
        var all = words.All;
        var denies = (all & Sign.Not) != Sign.None;
        after += foundIn > 0 && sentences > foundIn && !denies && (all & (Sign.Offer | Sign.Refer | Sign.Harm)) == Sign.None ? 1 : 0;
        if (isOwn && isOpening)
        {
            Whole(words, all, isFirst);
        }
        else if (isOwn)
        {
            var speaking = (all & Sign.Speaker) != Sign.None;
            Add(Trait.LateHarmNot, (all & Sign.Harm) != Sign.None && denies && speaking);
            Add(Trait.LateRule, (all & Sign.Rule) != Sign.None && speaking && denies);
        }
    }

    /// <summary>What is known when all is read.</summary>
    public readonly void Finish()
    {
        Add(Trait.Base);
        Add(Trait.Short, text.Length < 80);
        Add(Trait.Medium, text.Length is >= 80 and < 250);
        Add(Trait.Long, text.Length > 600);
        Add(Trait.Lines, text.Count('\n') > 4);
        Add(Trait.Code, text.Contains('`') || text.Contains("\n    ", StringComparison.Ordinal));
        Add(Trait.SpeakerNone, !speaks);
        Add(Trait.NotNone, !isNegated);
        Add(Trait.After2, after >= 2);
        Add(Trait.After4, after >= 4);
    }

    // Words and marks are parted by single spaces.
    int Words(scoped ReadOnlySpan<char> sentence, bool isOpening, scoped Span<Sign> signs, scoped Span<char> marks, scoped Span<int> at)
    {
        var count = 0;
        for (var i = 1; i < sentence.Length && count < MostWords; count++)
        {
            var space = sentence[i..].IndexOf(' ');
            var end = space < 0 ? sentence.Length : i + space;
            var word = sentence[i..end];
            at[count] = i;
            marks[count] = word.Length == 1 && !char.IsLetterOrDigit(word[0]) ? word[0] : '\0';
            if (marks[count] != '\0')
            {
                isQuoting ^= word[0] == '"' && !ignoresQuotes;
            }
            else
            {
                signs[count] = isQuoting ? Sign.None : Lexicon.Of(word, sentence[Math.Min(end + 1, sentence.Length)..]);
                Add(Trait.Quoted, isQuoting && isOpening);
                Add(Trait.Digits, isOpening && char.IsDigit(word[0]));
            }

            i = end + 1;
        }

        at[count] = count < MostWords ? sentence.Length + 1 : at[count - 1] + 1;
        return count;
    }

    void Negations(scoped PlainSentence sentence, scoped SignedWords words, bool isOpening, bool isFirst, bool isOwn)
    {
        var (clause, speaker, told) = (0, -1, -1);
        for (var k = 0; k < words.Count; k++)
        {
            if (words.Marks[k] != '\0')
            {
                if (words.Marks[k] != '"')
                {
                    (clause, speaker, told) = (k + 1, -1, -1);
                }

                continue;
            }

            var sign = words.Signs[k];
            told = (sign & Told) != Sign.None && (sign & Sign.Speaker) == Sign.None ? k : told;
            if ((sign & Sign.Speaker) != Sign.None)
            {
                (speaker, speaks) = (k, true);
            }

            if ((sign & Sign.Decline) != Sign.None && isOwn)
            {
                Add(Trait.DeclineAlone, isOpening && speaker < 0);
                Add(Trait.IDecline, isOpening && speaker >= 0);
                Add(Trait.DeclineFirst, isOpening && speaker < 0 && k == 0);
                Found();
                Mark(sentence, words, speaker < 0 ? k : speaker, k + 1, 2);
            }

            if ((sign & Sign.Not) != Sign.None)
            {
                isNegated = true;
                // "Anna: I can't …": a sentence may begin before its speaker is named.
                if (!isOwn || Scene.IsOwnVoice(text, sentence.Origin(words.At[k], 1).Start))
                {
                    Negation(sentence, words, new Place(k, clause, speaker, told), isOpening, isFirst, isOwn);
                }
            }
        }
    }

    [StructLayout(LayoutKind.Auto)]
    readonly record struct Place(int Not, int Clause, int Speaker, int Told);

    void Negation(scoped PlainSentence sentence, scoped SignedWords words, Place place, bool isOpening, bool isFirst, bool isOwn)
    {
        var (k, clause, speaker, told) = place;
        if ((k >= 2 && words.Is(k - 2, "you")) || (k >= 1 && words.Is(k - 1, "you")))
        {
            Add(Trait.YouNot, isOpening);
            return;
        }

        if (!isOwn)
        {
            Add(Trait.StagedNot);
            return;
        }

        var ahead = k + 1 < words.Count && words.Marks[k + 1] == '\0' && (words.Signs[k + 1] & Sign.Speaker) != Sign.None;
        var isHeadless = speaker < 0 && ((k - 1 == clause && (words.Signs[k - 1] & Sign.Able) != Sign.None) || (k == clause && ((words.Signs[k] & Sign.Lack) != Sign.None || words.IsDoing(k + 1))));
        if (!isHeadless && !((speaker >= 0 && k - speaker <= 8 && told < speaker) || (ahead && (words.Signs[k + 1] & Sign.Able) != Sign.None)))
        {
            Impersonal(sentence, words, place, isOpening);
            return;
        }

        var before = words.Between(clause, Math.Max(speaker, clause));
        if ((before & Sign.Not) != Sign.None)
        {
            // "There is nothing I can't help you with."
            Add(Trait.YouNot, isOpening);
            return;
        }

        var window = words.Around(k, clause, speaker) | (words.Signs[k] & Sign.Idiom);
        var isPast = k >= 1 && words.IsAny(k - 1, ["could", "was", "did", "were", "had"]);
        var isIdiom = (window & Sign.Idiom) != Sign.None;
        var helps = (window & Sign.Serve) != Sign.None;
        var next = words.Next(k);
        var from = isHeadless ? clause : speaker < 0 ? k : Math.Min(speaker, k);
        if (!isOpening)
        {
            if (!isPast && !isIdiom && (before & (Sign.Hangs | Told)) == Sign.None)
            {
                Later(window, (next & Sign.Serve) != Sign.None, (words.All & Sign.But) != Sign.None);
                if (helps)
                {
                    Found();
                    Mark(sentence, words, from, k + 3, 1);
                }
            }

            return;
        }

        Add(Trait.INotPast, isPast);
        if (isPast && (window & (Sign.Asked | Sign.Asker)) == Sign.None)
        {
            return;
        }

        if (words.IsConceded(clause, speaker))
        {
            Add(Trait.INotConceded);
            return;
        }

        if ((before & (Sign.Hangs | Told)) != Sign.None)
        {
            Add(Trait.INotIf);
            return;
        }

        Found();
        Mark(sentence, words, from, k + 3, helps ? 4 : 3);
        Add(isHeadless ? Trait.Headless : Trait.INot);
        Add(Trait.HeadlessServe, isHeadless && helps);
        Add(Trait.WeNot, !isHeadless && speaker >= 0 && words.IsAny(speaker, ["we", "us", "our", "wir", "uns", "nous", "notre", "podemos", "possiamo", "wij", "ons"]));
        Add(Trait.INotIdiom, isIdiom);
        Add(Trait.INotServe, helps);
        Add(Trait.INotServeNext, (next & Sign.Serve) != Sign.None);
        Add(Trait.INotOtherNext, next == Sign.None);
        Add(Trait.INotYou, (window & Sign.Asker) != Sign.None);
        Add(Trait.INotAsked, (window & Sign.Asked) != Sign.None);
        Add(Trait.INotReach, (window & Sign.Reach) != Sign.None);
        Add(Trait.INotHarm, (window & Sign.Harm) != Sign.None);
        Add(Trait.INotLife, (window & Sign.Life) != Sign.None);
        Add(Trait.INotLack, ((words.Signs[k] | window) & Sign.Lack) != Sign.None);
        Add(Trait.INotServeYou, helps && (window & Sign.Asker) != Sign.None);
        Add(Trait.INotServeAsked, helps && (window & Sign.Asked) != Sign.None);
        Add(Trait.INotAlone, (window & ~(Sign.Able | Sign.Not | Sign.Speaker | Sign.Lack)) == Sign.None);
        Add(Trait.INotFirst, isFirst);
        for (var j = k + 2; j < words.Count; j++)
        {
            if ((words.Signs[j] & Sign.But) != Sign.None)
            {
                Add(j + 1 < words.Count && ((words.Signs[j + 1] & (Sign.Speaker | Sign.Asker | Sign.Hangs | Sign.Offer)) != Sign.None || words.Is(j + 1, "please")) ? Trait.ButMe : Trait.ButThen);
            }
        }
    }

    // "That's not something I do": the negation comes first. Or nobody is named.
    void Impersonal(scoped PlainSentence sentence, scoped SignedWords words, Place place, bool isOpening)
    {
        var speaker = words.Until(place.Not + 1, 6, Sign.Speaker);
        if (speaker >= 0)
        {
            Add(Trait.NotI, isOpening);
            Found();
            Mark(sentence, words, place.Not, speaker + 1, 2);
        }

        Add(Trait.NotServeFirst, isOpening && place.Not == place.Clause && words.Until(place.Not + 1, 3, Sign.Serve) >= 0);
        Add(Trait.PeopleNot, isOpening && place.Told >= place.Clause);
    }

    readonly void Later(Sign window, bool helpsNext, bool but)
    {
        Add(Trait.LateINot);
        Add(Trait.LateINotServe, (window & Sign.Serve) != Sign.None);
        Add(Trait.LateINotYou, (window & Sign.Asker) != Sign.None);
        Add(Trait.LateINotAsked, (window & Sign.Asked) != Sign.None);
        Add(Trait.LateLife, (window & Sign.Life) != Sign.None);
        Add(Trait.LateServeNext, helpsNext);
        Add(Trait.LateButINot, but);
    }

    // What a sentence says as a whole.
    readonly void Whole(scoped SignedWords words, Sign all, bool isFirst)
    {
        bool Has(Sign sign) => (all & sign) != Sign.None;
        var (not, speaking, negated) = (Has(Sign.Not), Has(Sign.Speaker), isNegated);
        var asks = words.Marks[words.Count - 1] == '?';
        var head = words.Signs[0];

        foreach (var (sign, trait) in Plain)
        {
            Add(trait, Has(sign));
        }

        Add(Trait.MachineNot, Has(Sign.Machine) && not);
        Add(Trait.MachineI, Has(Sign.Machine) && speaking);
        Add(Trait.RuleNot, Has(Sign.Rule) && (not || Has(Sign.Breach)));
        Add(Trait.RuleI, Has(Sign.Rule) && speaking);
        Add(Trait.HarmNot, Has(Sign.Harm) && not);
        Add(Trait.HarmFirst, Has(Sign.Harm) && isFirst);
        Add(Trait.RegretNot, Has(Sign.Regret) && not);
        Add(Trait.RegretServe, Has(Sign.Regret) && Has(Sign.Serve));
        Add(Trait.OfferNot, Has(Sign.Offer) && negated);
        Add(Trait.OfferSwitch, Has(Sign.Switch) && asks);
        Add(Trait.ReferNot, Has(Sign.Refer) && negated);
        Add(Trait.AskedNot, Has(Sign.Asked) && not && !speaking);
        Add(Trait.AskedBreach, Has(Sign.Asked) && Has(Sign.Breach));
        Add(Trait.AskedLack, Has(Sign.Asked) && Has(Sign.Lack));
        Add(Trait.BreachI, Has(Sign.Breach) && speaking);
        Add(Trait.BreachServe, Has(Sign.Breach) && Has(Sign.Serve));
        Add(Trait.DeclineI, Has(Sign.Decline) && speaking);
        Add(Trait.SwitchI, Has(Sign.Switch) && (speaking || Has(Sign.Offer)));
        Add(Trait.ScopeI, Has(Sign.Scope) && speaking);
        Add(Trait.ScopeServe, Has(Sign.Scope) && speaking && Has(Sign.Serve));
        Add(Trait.LackI, Has(Sign.Lack) && speaking);
        Add(Trait.PassiveNot, Has(Sign.Passive) && not);
        Add(Trait.UnknownI, Has(Sign.Unknown) && speaking);
        Add(Trait.UnknownShort, Has(Sign.Unknown) && text.Length < 80);
        Add(Trait.MissingNot, Has(Sign.Missing) && not);
        Add(Trait.DeliverFirst, isFirst && (head & Sign.Deliver) != Sign.None);
        Add(Trait.StartsNo, isFirst && ((head & Sign.Not) != Sign.None || ((head & Sign.Deliver) != Sign.None && words.Count > 1 && (words.Signs[1] & Sign.Not) != Sign.None)));
        Add(Trait.FrontedNot, not && (head & Sign.Asked) != Sign.None);
        Add(Trait.NoAlone, isFirst && not && words.Count <= 4 && !speaking);
        Add(Trait.Greeting, isFirst && Scene.Greets(text));
        Add(Trait.Question, asks);
        Add(Trait.QuestionFirst, asks && isFirst);
        Add(Trait.ExclaimFirst, isFirst && words.Marks[words.Count - 1] == '!');
        Add(Trait.ServeNot, Has(Sign.Serve) && not && !speaking);
        Add(Trait.IServeNoNot, Has(Sign.Serve) && speaking && !not);
        Add(Trait.PastI, words.TellsOfThePast());
    }

    static readonly (Sign Sign, Trait Trait)[] Plain =
    [
        (Sign.Machine, Trait.Machine), (Sign.Rule, Trait.Rule), (Sign.Harm, Trait.Harm), (Sign.Regret, Trait.Regret), (Sign.Offer, Trait.Offer), (Sign.Refer, Trait.Refer), (Sign.Breach, Trait.Breach),
        (Sign.Scope, Trait.Scope), (Sign.Lack, Trait.Lack), (Sign.Passive, Trait.Passive), (Sign.Missing, Trait.Missing), (Sign.Unknown, Trait.Unknown), (Sign.Other, Trait.Other), (Sign.People, Trait.People),
        (Sign.Deliver, Trait.Deliver), (Sign.Life, Trait.Life), (Sign.Switch, Trait.Switch), (Sign.Letter, Trait.Letter),
    ];

    void Found() => foundIn = foundIn == 0 ? sentences : foundIn;

    void Mark(scoped PlainSentence sentence, scoped SignedWords words, int from, int to, int clarity)
    {
        if (clarity > rank)
        {
            var start = words.At[from];
            var (first, end) = sentence.Origin(start, Math.Max(1, words.EndOf(Math.Min(to, words.Count - 1)) - start));
            (Clearest, rank) = ((first, end), clarity);
        }
    }
}
