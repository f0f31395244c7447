using System.Buffers;
using System.Text;

namespace DistillForge.Teachers;

/// <summary>Takes keys, and parts of keys, out of text that somebody else wrote: a server may repeat what it was sent.</summary>
sealed class Redactor
{
    // Shorter ones ("EMPTY", "ollama") stand where a server wants any key: an answer may well hold such a word.
    const int ShortestSecret = 16;

    // So much of a key in a row is no accident; in hexadecimal it takes twice as many letters.
    const int Gram = 8;

    readonly string[] words;
    readonly SearchValues<string> grams;

    public Redactor(IEnumerable<string> keys)
    {
        var all = keys.Where(key => key.Length > 0).Distinct(StringComparer.Ordinal).ToList();
        words = [.. all.Where(key => key.Length < ShortestSecret)];
        grams = SearchValues.Create([.. all.Where(key => key.Length >= ShortestSecret).SelectMany(Grams).Distinct(StringComparer.OrdinalIgnoreCase)], StringComparison.OrdinalIgnoreCase);
    }

    /// <summary>Whether a text holds a good part of a key.</summary>
    public bool HoldsKey(ReadOnlySpan<char> text) => text.ContainsAny(grams);

    /// <summary>One line of at most <paramref name="length"/> characters, without keys and control characters.</summary>
    public string Clean(string text, int length = 400)
    {
        var clean = new StringBuilder();
        var rest = text.AsSpan();
        while (rest.IndexOfAny(grams) is >= 0 and var at)
        {
            // The whole word goes: what stands beside a part of a key is the rest of it.
            var start = rest[..at].LastIndexOfAny(Gaps) + 1;
            var end = rest[at..].IndexOfAny(Gaps) is >= 0 and var gap ? at + gap : rest.Length;
            clean.Append(rest[..start]).Append("[key]");
            rest = rest[end..];
        }

        clean.Append(rest);
        foreach (var word in words)
        {
            clean.Replace(word, "[key]");
        }

        var line = new string([.. clean.ToString().Take(4 * length).Select(c => char.IsControl(c) ? ' ' : c)]).Trim();
        return line.Length <= length ? line : line[..length] + "…";
    }

    static SearchValues<char> Gaps { get; } = SearchValues.Create(" \t\r\n\"'`,;()[]{}<>");

    static IEnumerable<string> Grams(string key)
    {
        // Everybody's key begins with sk-proj- or the like, and a text about keys may say so.
        var secret = key[(key.AsSpan(0, ShortestSecret / 2).LastIndexOfAny('-', '_') + 1)..];
        var bytes = Encoding.UTF8.GetBytes(secret);
        return Cut(secret, Gram)
            .Concat(Cut(new string([.. secret.Reverse()]), Gram))
            .Concat(Cut(Uri.EscapeDataString(secret), Gram))
            .Concat(Cut(Convert.ToHexString(bytes), 2 * Gram))
            // Where it begins within three bytes decides how base64 spells it.
            .Concat(Enumerable.Range(0, 3).SelectMany(shift => Cut(Convert.ToBase64String(bytes.AsSpan(shift)), Gram)));
    }

    static IEnumerable<string> Cut(string text, int length) => Enumerable.Range(0, Math.Max(0, text.Length - length + 1)).Select(start => text.Substring(start, length));
}
