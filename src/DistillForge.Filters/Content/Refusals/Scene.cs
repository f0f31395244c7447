using System.Buffers;
using System.Text.RegularExpressions;

namespace DistillForge.Filters;

/// <summary>Whether words of an answer are its author's own: not quoted, not a character's, not in code, nor in a letter that was asked for.</summary>
static class Scene
{
    const RegexOptions Linear = RegexOptions.NonBacktracking | RegexOptions.IgnoreCase | RegexOptions.CultureInvariant;

    static readonly Regex Written = new(@"(?:\A|\n)\W{0,4}(?:dear\s+(?:mr|mrs|ms|dr|prof|sir|madam|team|all|hiring|colleague|\p{L}+\s*[,\p{L}])|subject\s*:|to\s+whom\s+it\s+may|chapter\b|scene\b|int\.|ext\.|title\s*:|q\s*:|chorus\b|verse\b|bridge\s*:|refrain\s*:)", Linear);

    static readonly Regex Drafted = new(@"\b(?:here['’]?s|here\s+(?:is|are)|sure|certainly|of\s+course|you\s+(?:could|can|might|may)\s+(?:say|write|reply|tell|answer|respond|try)|for\s+example|e\.g\.|example|template|sample|draft|translat\w+|means?|meaning|phrase|sentence|say\s+something\s+like|reads?|says)\b[^.!?\n]{0,120}:\s(?s:.)*\z", Linear);

    // Looked for first: most texts have none of them, and a vector finds that out many times as fast as the pattern.
    static readonly SearchValues<string> WrittenHints = SearchValues.Create(["dear", "subject", "whom", "chapter", "scene", "int.", "ext.", "title", "q:", "q :", "chorus", "verse", "bridge", "refrain"], StringComparison.OrdinalIgnoreCase);

    static readonly TermFinder Told = new(["he", "she", "his", "her", "him"]);

    static readonly Regex Spoken = new(@"\b(?:you|your|sorry|apolog\w*|request|question|thank\w*)\b", Linear);

    static readonly Regex Line = new(@"\A\W{0,4}(\p{Lu}[\p{L}'’]*(?:\s\p{Lu}?[\p{L}'’.]*){0,2})\W{0,3}:", RegexOptions.NonBacktracking);

    static readonly SearchValues<char> Quotes = SearchValues.Create("\"“”„«»");

    static readonly string[] Authors = ["assistant", "ai", "answer", "response", "note", "bot", "chatbot", "a", "model", "reply", "warning", "disclaimer", "important", "chatgpt", "claude", "output", "final answer", "unfortunately", "sorry"];

    /// <param name="text">The whole answer.</param>
    /// <param name="start">Where the words begin.</param>
    public static bool IsOwnVoice(ReadOnlySpan<char> text, int start)
    {
        var before = text[Math.Max(0, start - 1000)..start];
        return !IsQuoted(text, start) && !IsCode(text, before) && !IsNamedSpeaker(before)
            && !(before.ContainsAny(WrittenHints) && Written.IsMatch(before)) && !(before.Contains(':') && Drafted.IsMatch(before)) && !(Told.TryFind(before, 0, out _, out _) && !Spoken.IsMatch(before));
    }

    // "I can't help you," said the guard: quoted words are not the answer's own, unless the whole answer is in quotes.
    static bool IsQuoted(ReadOnlySpan<char> text, int start)
    {
        var whole = IsData(text) || (start > text.Length - text.TrimStart().Length && IsQuotedWhole(text));
        return !whole && (Depth(text[Math.Max(0, start - 1000)..start]) > 0 || IsQuote(Near(text, start)));
    }

    /// <summary>Quotation marks say nothing of who speaks: the answer is JSON, or all of it stands in one pair of them.</summary>
    public static bool IgnoresQuotes(ReadOnlySpan<char> text) => IsData(text) || IsQuotedWhole(text);

    static bool IsData(ReadOnlySpan<char> text) => text.TrimStart() is ['{' or '[', ..];

    static bool IsQuotedWhole(ReadOnlySpan<char> text)
        => text.Trim() is { Length: > 2 } all && IsQuote(all[0]) && IsQuote(all[^1]) && !all[1..^1].ContainsAny(Quotes);

    static int Depth(ReadOnlySpan<char> before) => before.Count('"') % 2 + Math.Max(0, before.Count('“') + before.Count('„') - before.Count('”')) + Math.Max(0, before.Count('«') - before.Count('»'));

    static char Near(ReadOnlySpan<char> text, int start)
    {
        var before = text[..start].TrimEnd(' ');
        return before.IsEmpty ? ' ' : before[^1];
    }

    static bool IsQuote(char character) => character is '"' or '“' or '”' or '„' or '«' or '»' or '‘' or '’' or '\'';

    static bool IsCode(ReadOnlySpan<char> text, ReadOnlySpan<char> before)
    {
        var line = LineOf(before).TrimStart();
        return before.Count('`') % 2 == 1 || line.StartsWith("//") || line.StartsWith("# ") || (line.StartsWith('>') && !IsAllQuote(text)) || (line.Count('*') % 2 == 1 && !line.StartsWith('*'));
    }

    // An answer that is nothing but a block of quotation quotes nobody.
    static bool IsAllQuote(ReadOnlySpan<char> text)
    {
        foreach (var line in text.EnumerateLines())
        {
            if (!line.IsWhiteSpace() && !line.TrimStart().StartsWith('>'))
            {
                return false;
            }
        }

        return true;
    }

    static bool IsNamedSpeaker(ReadOnlySpan<char> before)
    {
        var line = LineOf(before);
        if (!line.Contains(':'))
        {
            return false;
        }

        foreach (var match in Line.EnumerateMatches(line))
        {
            var name = line.Slice(match.Index, match.Length).Trim(" *_:[]\t\"").ToString();
            return !Authors.Contains(name, StringComparer.OrdinalIgnoreCase) && name.Split(' ').All(word => word.Length == 0 || char.IsUpper(word[0]));
        }

        return false;
    }

    static ReadOnlySpan<char> LineOf(ReadOnlySpan<char> before) => before[(before.LastIndexOf('\n') + 1)..];
}
