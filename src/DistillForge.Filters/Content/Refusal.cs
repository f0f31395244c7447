using System.Text;
using DistillForge.Core;

namespace DistillForge.Filters;

/// <summary>
/// Drops answers that decline to answer, and assistant boilerplate that speaks of itself instead ("As an AI language model …"). A refusal is known by its form, in
/// the opening of the answer: who can't or won't (see <see cref="Declining"/>), what may not be (<see cref="Impersonal"/>), or what the speaker is (<see cref="SelfDescription"/>).
/// </summary>
[Component("refusal")]
public sealed class Refusal(Refusal.Options options) : IFilter
{
    const int Window = 240;

    /// <summary>Where a refusal counts.</summary>
    public enum Place
    {
        /// <summary>Among the first characters.</summary>
        Start,

        /// <summary>Anywhere, where it says plainly what it declines.</summary>
        Throughout,
    }

    /// <param name="Where">A refusal in the middle of a story is somebody's speech; "As an AI language model, I …" counts anywhere.</param>
    /// <param name="Start">A sentence that begins within so many characters is one of the opening.</param>
    /// <param name="Boilerplate">Drop what speaks of itself as a model, too.</param>
    public sealed record Options(Place Where = Place.Start, int Start = 250, bool Boilerplate = true);

    public Verdict Judge(Example example)
    {
        var text = example.Text;
        Span<char> characters = stackalloc char[PlainSentence.Capacity];
        Span<int> starts = stackalloc int[PlainSentence.Capacity], ends = stackalloc int[PlainSentence.Capacity];
        var sentence = new PlainSentence(characters, starts, ends);
        return Opening(text, ref sentence) ?? Foreign(text) ?? Later(text, ref sentence) ?? Verdict.Keep;
    }

    Verdict? Opening(string text, ref PlainSentence sentence)
    {
        Verdict? self = null;
        for (var from = 0; from < Math.Min(options.Start, text.Length);)
        {
            from = sentence.Read(text, from);
            if ((Declining.Find(sentence.Text, opens: true) ?? Impersonal.Find(sentence.Text)) is { } refusal && Drop(text, "refusal", sentence, refusal) is { } dropped)
            {
                return dropped;
            }

            if (options.Boilerplate && self is null && SelfDescription.Find(sentence.Text, opens: true) is { } description)
            {
                self = Drop(text, "assistant-boilerplate", sentence, description);
            }
        }

        return self;
    }

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
        var within = text.AsSpan(0, options.Where == Place.Start ? Math.Min(options.Start, text.Length) : text.Length);
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

        var opening = text.AsSpan(0, Math.Min(Window, text.Length));
        if (alphabets > 1 && opening.ContainsAny(OtherLanguages.Regrets) && OtherLanguages.Unspaced.LengthAt(opening) is > 0 and var whole)
        {
            return Drop(text, "refusal", 0, whole);
        }

        foreach (var anchors in options.Boilerplate ? OtherLanguages.SelfAnchors.Take(alphabets) : [])
        {
            if (anchors.TryFind(within, 0, out var self, out var term) && Scene.IsOwnVoice(text, self))
            {
                return Drop(text, "assistant-boilerplate", self, self + term.Length);
            }
        }

        return null;
    }

    static Verdict? Drop(string text, string code, in PlainSentence sentence, Range part)
    {
        var (index, length) = part.GetOffsetAndLength(sentence.Text.Length);
        var (start, end) = sentence.Origin(index, length);
        return Scene.IsOwnVoice(text, start) ? Drop(text, code, start, end) : null;
    }

    static Verdict Drop(string text, string code, int start, int end)
        => Verdict.Drop(code, $"'{text.AsSpan(start, end - start).ToString().ReplaceLineEndings(" ")}' at characters {start}..{end}");

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
