using System.Text;
using DistillForge.Core;

namespace DistillForge.Filters;

/// <summary>
/// Drops answers that decline to answer, and assistant boilerplate that speaks of itself instead ("As an AI language model …"). An answer is weighed: its words, runs of them and what they say one after the other
/// (<see cref="RefusalFeatures"/>) each count for or against a refusal (<see cref="RefusalWeights"/>). <see cref="SelfDescription"/> knows what the speaker says it is.
/// </summary>
[Component("refusal", Revision = 4)]
public sealed class Refusal(Refusal.Options options) : IFilter
{
    const int Window = 240;

    // A sentence of the middle stands alone, and has to say more.
    const double Plainly = 1.5;

    // No sentence that declines is shorter.
    const int Shortest = 8;

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
        if (IsName(text))
        {
            return Verdict.Keep;
        }

        var score = RefusalScore.Of(text, RefusalWeights.Shipped);
        if (score.Points > options.Bound)
        {
            return Drop(text, 0, score, options.Bound);
        }

        return (options.Where == Place.Throughout ? Throughout(text) : null) ?? (options.Boilerplate ? Boilerplate(text, score.Says) : null) ?? Verdict.Keep;
    }

    // A class of Banking77 is called "unable_to_verify_identity".
    static bool IsName(ReadOnlySpan<char> text) => text.Contains('_') && !text.Trim().ContainsAny(" \t\r\n");

    Verdict? Throughout(string text)
    {
        for (var from = options.Start; from < text.Length;)
        {
            var rest = text.AsSpan(from, Math.Min(Window, text.Length - from));
            var length = rest.IndexOfAny(".!?\n") is var end and >= 0 ? end + 1 : rest.Length;
            if (length >= Shortest && RefusalScore.Of(rest[..length], RefusalWeights.Shipped) is var score && score.Points > options.Bound + Plainly && Scene.IsOwnVoice(text, from))
            {
                return Drop(text, from, score, options.Bound + Plainly);
            }

            from += length;
        }

        return null;
    }

    static Verdict Drop(string text, int from, RefusalScore score, double bound)
        => Drop(text, "refusal", from + score.Start, from + Math.Min(score.End, score.Start + Window), FormattableString.Invariant($": {score.Because(text.AsSpan(from))} ({score.Points:0.0} points, more than {bound:0.##})"));

    // The patterns of self-descriptions are tried where a word says that there may be one.
    Verdict? Boilerplate(string text, Sign says)
    {
        Span<char> characters = stackalloc char[PlainSentence.Capacity];
        Span<int> starts = stackalloc int[PlainSentence.Capacity], ends = stackalloc int[PlainSentence.Capacity];
        var sentence = new PlainSentence(characters, starts, ends);
        var mayBe = (says & Sign.Machine) != Sign.None || (says & (Sign.Reach | Sign.Not)) == (Sign.Reach | Sign.Not);
        return (mayBe ? Opening(text, ref sentence) : null) ?? Foreign(text, says) ?? Later(text, ref sentence);
    }

    Verdict? Opening(string text, ref PlainSentence sentence)
    {
        for (var from = 0; from < Math.Min(options.Start, text.Length);)
        {
            from = sentence.Read(text, from);
            if (SelfDescription.Find(sentence.Text, opens: true) is { } description && Drop(text, "assistant-boilerplate", sentence, description) is { } dropped)
            {
                return dropped;
            }
        }

        return null;
    }

    Verdict? Foreign(string text, Sign says)
    {
        var within = text.AsSpan(0, options.Where == Place.Start ? Math.Min(options.Start, text.Length) : text.Length);
        var (isMachine, isAscii) = ((says & Sign.Machine) != Sign.None || text.Length > AnswerWords.Limit, Ascii.IsValid(within));
        foreach (var anchors in OtherLanguages.SelfAnchors.Skip(isMachine ? 0 : 1).Take((isMachine ? 1 : 0) + (isAscii ? 0 : 1)))
        {
            if (anchors.TryFind(within, 0, out var self, out var term) && Scene.IsOwnVoice(text, self))
            {
                return Drop(text, "assistant-boilerplate", self, self + term.Length);
            }
        }

        return null;
    }

    // Only sentences in which a model is named are read as such.
    Verdict? Later(string text, ref PlainSentence sentence)
    {
        for (var from = options.Start; from < text.Length && SelfAnchors.TryFind(text, from, out var found, out _);)
        {
            from = Math.Max(found + 1, sentence.Read(text, Beginning(text, found)));
            if (SelfDescription.Find(sentence.Text, opens: false) is { } description && Drop(text, "assistant-boilerplate", sentence, description) is { } dropped)
            {
                return dropped;
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
}
