namespace DistillForge.Filters;

/// <summary>Finds cards, national ids and telephone numbers among groups of digits.</summary>
static class NumberedIds
{
    const int MostGroups = 10;

    public static void Find(ReadOnlySpan<char> text, uint kinds, ref List<PiiHit>? hits)
    {
        Span<Range> groups = stackalloc Range[MostGroups];
        for (var i = 0; i < text.Length;)
        {
            var offset = text[i..].IndexOfAnyInRange('0', '9');
            if (offset < 0)
            {
                return;
            }

            i += offset;
            if (i > 0 && (char.IsLetter(text[i - 1]) || text[i - 1] == '_'))
            {
                i = EndOfWord(text, i);
                continue;
            }

            var count = Groups(text, i, groups);
            var end = groups[count - 1].End.Value;
            if (end - i >= 6)
            {
                Recognize(text, groups[..count], kinds, ref hits);
            }

            i = end;
        }
    }

    // Digits with at most two separating characters between the groups.
    static int Groups(ReadOnlySpan<char> text, int start, Span<Range> groups)
    {
        var count = 0;
        for (var i = start; count < groups.Length;)
        {
            var length = text[i..].IndexOfAnyExceptInRange('0', '9');
            var end = length < 0 ? text.Length : i + length;
            groups[count++] = i..end;
            var next = end;
            while (next < text.Length && next - end < 3 && text[next] is ' ' or '-' or '.' or '/' or '(' or ')' or '\u00a0' or '\u2009' or '\u202f' or '‑' or '–')
            {
                next++;
            }

            if (next == end || next >= text.Length || !char.IsAsciiDigit(text[next]))
            {
                break;
            }

            i = next;
        }

        return count;
    }

    static int EndOfWord(ReadOnlySpan<char> text, int i)
    {
        while (i < text.Length && (char.IsLetterOrDigit(text[i]) || text[i] == '_'))
        {
            i++;
        }

        return i;
    }

    // From every group on, the longest stretch of groups that means something.
    static void Recognize(ReadOnlySpan<char> text, ReadOnlySpan<Range> groups, uint kinds, ref List<PiiHit>? hits)
    {
        Span<char> digits = stackalloc char[24];
        for (var first = 0; first < groups.Length; first++)
        {
            for (var last = groups.Length - 1; last >= first; last--)
            {
                if (!PiiScanner.IsTaken(hits, groups[first].Start.Value, groups[last].End.Value)
                    && Number.Of(text, groups[first..(last + 1)], digits) is { IsWhole: true } number
                    && Hit(number, kinds) is { } hit && PiiScanner.Add(ref hits, hit))
                {
                    first = last;
                    break;
                }
            }
        }
    }

    static PiiHit? Hit(Number number, uint kinds)
        => PiiScanner.Wants(kinds, PiiKind.Card) && CardNumbers.Is(number) ? new PiiHit(PiiKind.Card, "card number", number.Start, number.End)
            : PiiScanner.Wants(kinds, PiiKind.NationalId) && PersonNumbers.Find(number) is var (label, end) ? new PiiHit(PiiKind.NationalId, label, number.Start, end)
            : PiiScanner.Wants(kinds, PiiKind.Phone) && PhoneNumbers.StartOf(number) is >= 0 and var start ? new PiiHit(PiiKind.Phone, "telephone number", start, number.End)
            : null;
}

/// <summary>Some groups of digits in a text.</summary>
readonly ref struct Number
{
    readonly ReadOnlySpan<Range> groups;

    Number(ReadOnlySpan<char> text, ReadOnlySpan<Range> groups, ReadOnlySpan<char> digits)
    {
        Text = text;
        Digits = digits;
        this.groups = groups;
    }

    public ReadOnlySpan<char> Text { get; }

    public ReadOnlySpan<char> Digits { get; }

    /// <summary>There are digits, and not more than fit.</summary>
    public bool IsWhole => Digits.Length > 0;

    public int Groups => groups.Length;

    public int Start => groups[0].Start.Value;

    public int End => groups[^1].End.Value;

    public char Before => Start > 0 ? Text[Start - 1] : ' ';

    public char After => End < Text.Length ? Text[End] : ' ';

    /// <summary>Behind <see cref="After"/>.</summary>
    public char Next => End + 1 < Text.Length ? Text[End + 1] : ' ';

    public int Length(int group) => groups[group].End.Value - groups[group].Start.Value;

    /// <summary>What stands before a group; none before the first.</summary>
    public ReadOnlySpan<char> Separator(int group) => Text[groups[group - 1].End.Value..groups[group].Start.Value];

    /// <summary>The groups have these lengths.</summary>
    public bool Is(params ReadOnlySpan<int> lengths)
    {
        if (lengths.Length != Groups)
        {
            return false;
        }

        for (var i = 0; i < lengths.Length; i++)
        {
            if (Length(i) != lengths[i])
            {
                return false;
            }
        }

        return true;
    }

    /// <summary>Between all groups stands the same one character.</summary>
    public bool SameSeparators()
    {
        for (var i = 1; i < Groups; i++)
        {
            if (Separator(i).Length != 1 || Separator(i)[0] != Separator(1)[0])
            {
                return false;
            }
        }

        return true;
    }

    /// <summary>A word of these stands in the 40 characters before.</summary>
    public bool Near(TermFinder words) => words.TryFind(Text[Math.Max(0, Start - 40)..Start], 0, out _, out _);

    public static Number Of(ReadOnlySpan<char> text, ReadOnlySpan<Range> groups, Span<char> digits)
    {
        var count = 0;
        foreach (var group in groups)
        {
            var part = text[group];
            if (count + part.Length > digits.Length)
            {
                return default;
            }

            part.CopyTo(digits[count..]);
            count += part.Length;
        }

        return new Number(text, groups, digits[..count]);
    }
}
