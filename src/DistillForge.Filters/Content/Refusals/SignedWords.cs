namespace DistillForge.Filters;

/// <summary>The words and marks of one sentence, each with what it may say.</summary>
/// <param name="text">As <see cref="PlainSentence"/> writes it.</param>
/// <param name="signs">By word; none for marks.</param>
/// <param name="marks">The mark, or '\0' where a word stands.</param>
/// <param name="at">Where each begins, and where the one behind the last would.</param>
readonly ref struct SignedWords(ReadOnlySpan<char> text, ReadOnlySpan<Sign> signs, ReadOnlySpan<char> marks, ReadOnlySpan<int> at)
{
    // Behind a negation as many words belong to what is declined.
    const int Ahead = 11;

    readonly ReadOnlySpan<char> text = text;

    public readonly ReadOnlySpan<Sign> Signs = signs;
    public readonly ReadOnlySpan<char> Marks = marks;
    public readonly ReadOnlySpan<int> At = at;

    public int Count => Signs.Length;

    public Sign All => Between(0, Count);

    public int EndOf(int k) => Math.Min(At[k + 1] - 1, text.Length);

    ReadOnlySpan<char> Word(int k) => text[At[k]..EndOf(k)];

    public bool Is(int k, string word) => Word(k).SequenceEqual(word);

    public bool IsAny(int k, ReadOnlySpan<string> words)
    {
        foreach (var word in words)
        {
            if (Is(k, word))
            {
                return true;
            }
        }

        return false;
    }

    public Sign Between(int from, int to)
    {
        var all = Sign.None;
        foreach (var sign in Signs[from..to])
        {
            all |= sign;
        }

        return all;
    }

    /// <summary>What the clause says around a negation, up to the next strong mark.</summary>
    public Sign Around(int not, int clause, int speaker)
    {
        var all = Sign.None;
        for (var j = clause; j < Math.Min(Count, not + Ahead) && Marks[j] is not ('.' or ';' or '?' or '!' or ':'); j++)
        {
            all |= j == not || j == speaker ? Sign.None : Signs[j];
        }

        return all;
    }

    /// <summary>What the first word of weight behind a negation says.</summary>
    public Sign Next(int not)
    {
        for (var j = not + 1; j < Math.Min(Count, not + 4) && Marks[j] == '\0'; j++)
        {
            if (!IsAny(j, ["be", "to", "able", "of", "in", "a", "the", "any", "for", "with", "going", "comfortable", "allowed", "and", "will"]))
            {
                return Signs[j];
            }
        }

        return Sign.None;
    }

    /// <returns>The first of so many words, before the next mark, that says this, or -1.</returns>
    public int Until(int from, int most, Sign sign)
    {
        for (var j = from; j < Math.Min(Count, from + most) && Marks[j] == '\0'; j++)
        {
            if ((Signs[j] & sign) != Sign.None)
            {
                return j;
            }
        }

        return -1;
    }

    /// <summary>"Not doing that": a verb of doing stands here.</summary>
    public bool IsDoing(int k) => k < Count && Word(k) is var word && word.Length > 3 && word.EndsWith("ing") && !word.StartsWith("think") && !word.StartsWith("noth") && !word.StartsWith("someth") && !word.StartsWith("anyth") && !word.StartsWith("dur");

    /// <summary>"While I can't …".</summary>
    public bool IsConceded(int clause, int speaker)
    {
        for (var j = clause; j < speaker; j++)
        {
            if (IsAny(j, ["while", "although", "though", "whilst", "obwohl", "aunque", "bien", "embora", "sebbene"]))
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>"I was", "we missed".</summary>
    public bool TellsOfThePast()
    {
        for (var k = 0; k + 1 < Count; k++)
        {
            if ((Signs[k] & Sign.Speaker) != Sign.None && (IsAny(k + 1, ["was", "were", "had", "did", "went", "got", "made", "took", "told", "lost"]) || (Word(k + 1) is var word && word.Length >= 5 && word.EndsWith("ed") && !word.Contains('\''))))
            {
                return true;
            }
        }

        return false;
    }
}
