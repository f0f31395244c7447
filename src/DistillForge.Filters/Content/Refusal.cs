using System.Text;
using DistillForge.Core;

namespace DistillForge.Filters;

/// <summary>
/// Drops answers that decline to answer, and assistant boilerplate that speaks of itself instead ("As an AI language model …"). An answer is weighed: <see cref="TraitReader"/> reads who declines what, and what else the
/// answer shows, and each trait counts for or against a refusal (<see cref="Traits"/>). Where that leaves doubt, the opening is held against forms that refusals have: who can't or won't (see <see cref="Declining"/>), what may
/// not be (<see cref="Impersonal"/>), which count too. <see cref="SelfDescription"/> knows what the speaker says it is.
/// </summary>
[Component("refusal", Revision = 2)]
public sealed class Refusal(Refusal.Options options) : IFilter
{
    const int Window = 240;

    // Of the log-odds; measured beside other values in curation.md.
    const double FormCounts = 2;

    // What is weighed; behind it only what Where asks for is looked at.
    const int Weighed = 1500;

    /// <summary>Where a refusal counts.</summary>
    public enum Place
    {
        /// <summary>In the opening, and where it outweighs the rest of the first 1,500 characters.</summary>
        Start,

        /// <summary>Anywhere, where it says plainly what it declines.</summary>
        Throughout,
    }

    /// <param name="Where">A refusal in the middle of a story is somebody's speech; "As an AI language model, I …" counts anywhere.</param>
    /// <param name="Start">A sentence that begins within so many characters is one of the opening.</param>
    /// <param name="Boilerplate">Drop what speaks of itself as a model, too.</param>
    /// <param name="Bound">Points above which an answer is a refusal. Lower finds more refusals and takes more other answers for one, higher the reverse.</param>
    public sealed record Options(Place Where = Place.Start, int Start = 250, bool Boilerplate = true, double Bound = 0.5) : ICheckedOptions
    {
        public IEnumerable<Problem> Check()
        {
            if (Bound is not (>= -5 and <= 10))
            {
                yield return new Problem("bound", $"is {Bound}; points lie between -5 (nearly all that declines anything) and 10 (hardly anything).", "0.5 is the default, 0 finds more, 2 is surer.");
            }
        }
    }

    public Verdict Judge(Example example)
    {
        var text = example.Text;
        Span<char> characters = stackalloc char[PlainSentence.Capacity];
        Span<int> starts = stackalloc int[PlainSentence.Capacity], ends = stackalloc int[PlainSentence.Capacity];
        var sentence = new PlainSentence(characters, starts, ends);
        return Weigh(text, ref sentence) ?? Later(text, ref sentence) ?? Verdict.Keep;
    }

    Verdict? Weigh(string text, ref PlainSentence sentence)
    {
        Span<bool> found = stackalloc bool[Traits.Count];
        found.Clear();
        var reader = new TraitReader(found, text);
        for (var from = 0; from < Math.Min(Weighed, text.Length);)
        {
            var start = from;
            from = sentence.Read(text, from);
            reader.Read(sentence, isOpening: start < options.Start);
        }

        reader.Finish();
        var points = Traits.Sum(found);
        if (Unspaced(text) is { } unspaced)
        {
            return unspaced;
        }

        // Forms cost most of the time: they are tried where they decide.
        points -= points > options.Bound && points - FormCounts <= options.Bound && IsOfPeople(text, ref sentence) ? FormCounts : 0;
        var form = points <= options.Bound && points + FormCounts > options.Bound ? Opening(text, ref sentence) ?? Foreign(text) : null;
        if (points > options.Bound || form is not null)
        {
            var (first, end) = reader.Clearest;
            return form ?? Drop(text, "refusal", first, end, FormattableString.Invariant($": {Traits.Strongest(found)} ({points:0.0} points, more than {options.Bound:0.##})"));
        }

        return options.Boilerplate ? Boilerplate(text, ref sentence) : null;
    }

    bool IsOfPeople(string text, ref PlainSentence sentence)
    {
        for (var from = 0; from < Math.Min(options.Start, text.Length);)
        {
            from = sentence.Read(text, from);
            if (Declining.IsOfPeople(sentence.Text))
            {
                return true;
            }
        }

        return false;
    }

    Verdict? Opening(string text, ref PlainSentence sentence)
    {
        for (var from = 0; from < Math.Min(options.Start, text.Length);)
        {
            from = sentence.Read(text, from);
            if ((Declining.Find(sentence.Text, opens: true) ?? Impersonal.Find(sentence.Text)) is { } refusal && Drop(text, "refusal", sentence, refusal) is { } dropped)
            {
                return dropped;
            }
        }

        return null;
    }

    Verdict? Boilerplate(string text, ref PlainSentence sentence)
    {
        for (var from = 0; from < Math.Min(options.Start, text.Length);)
        {
            from = sentence.Read(text, from);
            if (SelfDescription.Find(sentence.Text, opens: true) is { } description && Drop(text, "assistant-boilerplate", sentence, description) is { } dropped)
            {
                return dropped;
            }
        }

        var within = Within(text);
        foreach (var anchors in OtherLanguages.SelfAnchors.Take(Ascii.IsValid(within) ? 1 : 2))
        {
            if (anchors.TryFind(within, 0, out var self, out var term) && Scene.IsOwnVoice(text, self))
            {
                return Drop(text, "assistant-boilerplate", self, self + term.Length);
            }
        }

        return null;
    }

    ReadOnlySpan<char> Within(string text) => text.AsSpan(0, options.Where == Place.Start ? Math.Min(options.Start, text.Length) : text.Length);

    // Only sentences in which a first word of a refusal stands are read as such.
    Verdict? Later(string text, ref PlainSentence sentence)
    {
        var anchors = options.Where == Place.Throughout ? LaterAnchors : options.Boilerplate ? SelfAnchors : null;
        for (var from = options.Start; anchors is not null && from < text.Length && anchors.TryFind(text, from, out var found, out _);)
        {
            from = Math.Max(found + 1, sentence.Read(text, Beginning(text, found)));
            var verdict = options.Where == Place.Throughout && Declining.Find(sentence.Text, opens: false) is { } refusal ? Drop(text, "refusal", sentence, refusal)
                : options.Boilerplate && SelfDescription.Find(sentence.Text, opens: false) is { } description ? Drop(text, "assistant-boilerplate", sentence, description)
                : null;
            if (verdict is not null)
            {
                return verdict;
            }
        }

        return null;
    }

    Verdict? Foreign(string text)
    {
        var within = Within(text);
        var alphabets = Ascii.IsValid(within) ? 1 : 2;
        foreach (var anchors in OtherLanguages.Anchors.Take(alphabets))
        {
            for (var from = 0; anchors.TryFind(within, from, out var start, out _); from = start + 1)
            {
                if (OtherLanguages.Refusing.LengthAt(text.AsSpan(start, Math.Min(Window, text.Length - start))) is > 0 and var length && Scene.IsOwnVoice(text, start))
                {
                    return Drop(text, "refusal", start, start + length);
                }
            }
        }

        return null;
    }

    // Written without spaces between words there are none to weigh: the form decides alone.
    static Verdict? Unspaced(string text)
    {
        var opening = text.AsSpan(0, Math.Min(Window, text.Length));
        return !Ascii.IsValid(opening) && opening.ContainsAny(OtherLanguages.Regrets) && OtherLanguages.Unspaced.LengthAt(opening) is > 0 and var whole ? Drop(text, "refusal", 0, whole) : null;
    }

    static Verdict? Drop(string text, string code, in PlainSentence sentence, Range part)
    {
        var (index, length) = part.GetOffsetAndLength(sentence.Text.Length);
        var (start, end) = sentence.Origin(index, length);
        return Scene.IsOwnVoice(text, start) ? Drop(text, code, start, end) : null;
    }

    static Verdict Drop(string text, string code, int start, int end, string because = "")
        => Verdict.Drop(code, $"'{text.AsSpan(start, end - start).ToString().ReplaceLineEndings(" ")}' at characters {start}..{end}{because}");

    // Behind the sentence before, or a little way back in a long one.
    static int Beginning(string text, int at)
    {
        var least = Math.Max(0, at - Window);
        var before = text.AsSpan(least, at - least).LastIndexOfAny(".!?\n");
        return before < 0 ? least : least + before + 1;
    }

    // Behind any apostrophe; all in ASCII, which is found fastest.
    static readonly TermFinder SelfAnchors = new(["as an ai", "a language model", "large language model", "an artificial intelligence", "just an ai", "am an ai", "m an ai"]);

    static readonly TermFinder LaterAnchors = new(["as an ai", "a language model", "large language model", "an artificial intelligence", "just an ai", "am an ai", "m an ai", "i"]);
}
