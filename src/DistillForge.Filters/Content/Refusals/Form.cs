using System.Buffers;
using System.Text.RegularExpressions;

namespace DistillForge.Filters;

/// <summary>One pattern over <see cref="PlainSentence"/>, whose length is bounded, and so is the time that a pattern takes.</summary>
/// <param name="pattern">Written in words with one space between them, without adverbs.</param>
/// <param name="at">Where it may begin.</param>
/// <param name="needs">One of these, parted by bars, is in all that fits: it is looked for first, which is quick. Null looks for nothing.</param>
sealed class Form(string pattern, Form.Begin at = Form.Begin.Word, string? needs = null)
{
    public enum Begin
    {
        /// <summary>With a word.</summary>
        Word,

        /// <summary>With the first character of what is given.</summary>
        Start,

        /// <summary>Anywhere, and the pattern says where.</summary>
        Anywhere,
    }

    readonly Regex regex = new($"{at switch { Begin.Word => " ", Begin.Start => @"\A", _ => "" }}(?:{pattern})", RegexOptions.CultureInvariant, Never);

    // A sentence is short and no pattern can be in it in many ways.
    static readonly TimeSpan Never = TimeSpan.FromMinutes(1);

    readonly SearchValues<string>? needed = needs is null ? null : SearchValues.Create(needs.Split('|'), StringComparison.Ordinal);

    readonly int before = at == Begin.Word ? 1 : 0;

    public bool TryFind(ReadOnlySpan<char> text, out int index, out int length)
    {
        (index, length) = (0, 0);
        if (needed is not null && !text.ContainsAny(needed))
        {
            return false;
        }

        foreach (var match in regex.EnumerateMatches(text))
        {
            (index, length) = (match.Index + before, match.Length - before);
            return true;
        }

        return false;
    }

    public bool IsIn(ReadOnlySpan<char> text) => (needed is null || text.ContainsAny(needed)) && regex.IsMatch(text);
}
