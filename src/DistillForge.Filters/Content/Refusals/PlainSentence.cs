using System.Buffers;

namespace DistillForge.Filters;

/// <summary>
/// One sentence as the forms of refusal read it: lower case, contractions written out ("can't" is "can not"), adverbs, hyphens and emphasis gone, one
/// space around each word and mark. Knows where in the text each of its characters came from.
/// </summary>
ref struct PlainSentence(Span<char> characters, Span<int> starts, Span<int> ends)
{
    /// <summary>What a caller gives as memory: longer sentences are cut.</summary>
    public const int Capacity = 640;

    static readonly SearchValues<char> Marks = SearchValues.Create(",;:.!?()\"“”„«»…—–");

    // What may stand between any two words of a refusal and changes nothing.
    static readonly HashSet<string>.AlternateLookup<ReadOnlySpan<char>> Adverbs = Words("""
        really actually currently directly ethically legally morally responsibly safely simply honestly possibly certainly definitely absolutely personally presently respectfully politely kindly just also
        still even ever therefore thus unfortunately sadly regretfully regrettably sincerely truly generally specifically yet quite fully knowingly willingly please very basically frankly
        """);

    static HashSet<string>.AlternateLookup<ReadOnlySpan<char>> Words(string words)
        => words.Split([' ', '\n'], StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries).ToHashSet(StringComparer.Ordinal).GetAlternateLookup<ReadOnlySpan<char>>();

    readonly Span<char> characters = characters;
    readonly Span<int> starts = starts;
    readonly Span<int> ends = ends;
    int length;

    public readonly ReadOnlySpan<char> Text => characters[..length];

    /// <summary>The place in the text of a part of <see cref="Text"/>.</summary>
    public readonly (int Start, int End) Origin(int index, int count)
    {
        var part = Text.Slice(index, count);
        var first = index + part.Length - part.TrimStart(' ').Length;
        return (starts[first], ends[index + part.TrimEnd(' ').Length - 1]);
    }

    /// <summary>Reads the sentence that begins at <paramref name="from"/>.</summary>
    /// <returns>Where the next one begins.</returns>
    public int Read(ReadOnlySpan<char> text, int from)
    {
        length = 0;
        Put(" ", from, from);
        var at = from;
        while (at < text.Length && length < Capacity - 32)
        {
            if (IsWordPart(text, at))
            {
                var start = at;
                while (at < text.Length && IsWordPart(text, at))
                {
                    at++;
                }

                PutWord(text[start..at], start, at);
                continue;
            }

            if (text[at] == '\n')
            {
                return at + 1;
            }

            if (Marks.Contains(text[at]))
            {
                PutMark(text[at], at);
            }

            at++;
            if (text[at - 1] is '.' or '!' or '?' && Ends(text, at))
            {
                return at;
            }
        }

        return at;
    }

    // "etc. and so on" goes on; "e.g." and "3.5" have no space behind the first point.
    static bool Ends(ReadOnlySpan<char> text, int at)
    {
        if (at < text.Length && (char.IsLetterOrDigit(text[at]) || text[at] is '.' or '!' or '?'))
        {
            return false;
        }

        var next = text[at..].TrimStart();
        return next.IsEmpty || !char.IsLower(next[0]);
    }

    static bool IsWordPart(ReadOnlySpan<char> text, int at)
        => char.IsLetterOrDigit(text[at]) || (IsApostrophe(text[at]) && at > 0 && at + 1 < text.Length && char.IsLetter(text[at - 1]) && char.IsLetter(text[at + 1]));

    static bool IsApostrophe(char character) => character is '\'' or '’' or 'ʼ' or '`' or '´';

    void PutMark(char mark, int at)
        => Put(mark switch { '“' or '”' or '„' or '«' or '»' => "\" ", '…' or '—' or '–' => ", ", ';' => "; ", ':' => ": ", '.' => ". ", '!' => "! ", '?' => "? ", '(' => "( ", ')' => ") ", '"' => "\" ", _ => ", " }, at, at + 1);

    void PutWord(ReadOnlySpan<char> word, int start, int end)
    {
        Span<char> lower = stackalloc char[24];
        if (word.Length > lower.Length)
        {
            Put("* ", start, end);
            return;
        }

        lower = lower[..word.ToLowerInvariant(lower)];
        for (var i = 0; i < lower.Length; i++)
        {
            lower[i] = IsApostrophe(lower[i]) ? '\'' : lower[i];
        }

        if (Adverbs.Contains(lower))
        {
            return;
        }

        var cut = TailOf(lower, out var tail);
        Put(lower is "won't" ? "will" : lower[..^cut], start, end);
        Put(" ", start, end);
        Put(tail, start, end);
    }

    // How many characters a contraction loses, and what is written instead.
    static int TailOf(scoped ReadOnlySpan<char> word, out string tail)
    {
        (var cut, tail) = word switch
        {
            "cannot" => (3, "not "),
            "can't" => (2, "not "),
            "cant" => (1, "not "),
            "dont" => (2, "not "),
            "im" => (1, "am "),
            "let's" => (2, "us "),
            "it's" or "that's" or "this's" or "there's" or "here's" or "what's" or "he's" or "she's" => (2, "is "),
            _ when word.EndsWith("n't") => (3, "not "),
            _ when word.EndsWith("'m") => (2, "am "),
            _ when word.EndsWith("'ll") => (3, "will "),
            _ when word.EndsWith("'d") => (2, "would "),
            _ when word.EndsWith("'re") => (3, "are "),
            _ when word.EndsWith("'ve") => (3, "have "),
            _ => (0, ""),
        };
        return cut;
    }

    void Put(scoped ReadOnlySpan<char> part, int start, int end)
    {
        part.CopyTo(characters[length..]);
        starts.Slice(length, part.Length).Fill(start);
        ends.Slice(length, part.Length).Fill(end);
        length += part.Length;
    }
}
