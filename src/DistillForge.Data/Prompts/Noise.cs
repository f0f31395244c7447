using System.Text;

namespace DistillForge.Data.Prompts;

/// <summary>What happens to a text between thought and keyboard: fillers, slips, capitals and full stops.</summary>
sealed record Noise
{
    public static Noise None { get; } = new();

    /// <summary>Joins runs of spaces and takes them away before punctuation.</summary>
    public bool Tidy { get; init; }

    public double FillerChance { get; init; }

    public IReadOnlyList<string> Fillers { get; init; } = [];

    public double MisspellingChance { get; init; }

    /// <summary>By word, how it is often misspelt.</summary>
    public IReadOnlyDictionary<string, IReadOnlyList<string>> Misspellings { get; init; } = new Dictionary<string, IReadOnlyList<string>>();

    public double TypoChance { get; init; }

    public int MostTypos { get; init; } = 1;

    /// <summary>In this order: lower case, capital at the start, all upper case, as it is.</summary>
    public Lottery Case { get; init; } = new([0, 0, 0, 1]);

    public IReadOnlyList<string> Ends { get; init; } = [""];

    public Lottery End { get; init; } = new([1]);

    public string Apply(string text, Random random)
    {
        if (ReferenceEquals(this, None))
        {
            return text;
        }

        text = Tidy ? Tidied(text) : text;
        text = Happens(FillerChance, random) && Fillers.Count > 0 ? WithFiller(text, random) : text;
        text = Happens(MisspellingChance, random) ? Misspelt(text, random) : text;
        for (var typos = Happens(TypoChance, random) ? random.Next(MostTypos) + 1 : 0; typos > 0; typos--)
        {
            text = Slips.Make(text, random);
        }

        var end = Ends[End.Draw(random)];
        text = end.Length > 0 && text.Length > 0 && !char.IsPunctuation(text[^1]) ? text + end : text;
        return Case.Draw(random) switch
        {
            0 => text.ToLowerInvariant(),
            1 when text.Length > 0 => char.ToUpperInvariant(text[0]) + text[1..],
            2 => text.ToUpperInvariant(),
            _ => text,
        };
    }

    static bool Happens(double chance, Random random) => chance > 0 && random.NextDouble() < chance;

    static string Tidied(string text)
    {
        var tidy = new StringBuilder(text.Length);
        foreach (var c in text)
        {
            if (c == ' ' && (tidy.Length == 0 || tidy[^1] == ' '))
            {
                continue;
            }

            if (c is ',' or '.' or '?' or '!' && tidy.Length > 0 && tidy[^1] == ' ')
            {
                tidy.Length--;
            }

            tidy.Append(c);
        }

        return tidy.ToString().TrimEnd(' ').TrimStart(',', ' ');
    }

    string WithFiller(string text, Random random)
    {
        var filler = Fillers[random.Next(Fillers.Count)];
        var spaces = Enumerable.Range(0, text.Length).Where(i => text[i] == ' ').ToArray();
        return spaces.Length == 0 ? text : text.Insert(spaces[random.Next(spaces.Length)], " " + filler);
    }

    string Misspelt(string text, Random random)
    {
        var words = text.Split(' ');
        var known = Enumerable.Range(0, words.Length).Where(i => Misspellings.ContainsKey(words[i])).ToArray();
        if (known.Length > 0)
        {
            var forms = Misspellings[words[known[random.Next(known.Length)] is var at ? at : 0]];
            words[at] = forms[random.Next(forms.Count)];
        }

        return string.Join(' ', words);
    }
}

/// <summary>Slips of the finger: two letters swapped, one left out, doubled, its neighbour hit, or two words run together.</summary>
public static class Slips
{
    // Shorter words are too near to other words ("on", "off", "ten"), and digits mean what they say.
    const int ShortestWord = 4;

    static readonly string[] Keyboard = ["qwertyuiop", "asdfghjkl", "zxcvbnm"];

    /// <summary>One slip within a word of four letters or more; the text as it was where it has none.</summary>
    public static string Make(string text, Random random)
    {
        var places = Places(text);
        if (places.Count == 0)
        {
            return text;
        }

        var at = places[random.Next(places.Count)];
        return random.Next(11) switch
        {
            < 4 => string.Concat(text.AsSpan(0, at), text.AsSpan(at + 1, 1), text.AsSpan(at, 1), text.AsSpan(at + 2)),
            < 7 => text.Remove(at, 1),
            < 8 => text.Insert(at, text.Substring(at, 1)),
            8 when text.IndexOf(' ', at) is var space and > 0 && space + 1 < text.Length && char.IsAsciiLetter(text[space + 1]) => text.Remove(space, 1),
            _ => string.Concat(text.AsSpan(0, at), Neighbour(text[at], random).ToString(), text.AsSpan(at + 1)),
        };
    }

    // Any letter of a long enough word but its last, so that a swap stays inside.
    static List<int> Places(string text)
    {
        var places = new List<int>();
        var start = 0;
        for (var i = 0; i <= text.Length; i++)
        {
            if (i < text.Length && char.IsAsciiLetter(text[i]))
            {
                continue;
            }

            if (i - start >= ShortestWord)
            {
                places.AddRange(Enumerable.Range(start, i - 1 - start));
            }

            start = i + 1;
        }

        return places;
    }

    static char Neighbour(char letter, Random random)
    {
        var row = Keyboard.FirstOrDefault(row => row.Contains(char.ToLowerInvariant(letter), StringComparison.Ordinal));
        var at = row?.IndexOf(char.ToLowerInvariant(letter), StringComparison.Ordinal) ?? -1;
        return row is null ? letter : row[at == 0 ? 1 : at == row.Length - 1 ? at - 1 : at + (random.Next(2) * 2) - 1];
    }
}
