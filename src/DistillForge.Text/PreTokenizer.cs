using System.Text;

namespace DistillForge.Text;

/// <summary>Cuts text into the pieces that BPE never joins across, exactly as llama.cpp v0.5.0 does.</summary>
public sealed class PreTokenizer
{
    readonly bool gpt2;

    PreTokenizer(bool gpt2) => this.gpt2 = gpt2;

    /// <summary>The names that <see cref="For"/> knows.</summary>
    public static IReadOnlyList<string> Names { get; } = ["gpt-2", "qwen2"];

    /// <exception cref="ForgeException">We do not know this one.</exception>
    public static PreTokenizer For(string name) => name switch
    {
        "gpt-2" => new(gpt2: true),
        "qwen2" => new(gpt2: false),
        _ => throw new ForgeException(new Problem("tokenizer.ggml.pre", $"is '{name}', which only llama.cpp can tokenize here.", $"Known: {string.Join(", ", Names)}.")),
    };

    /// <summary>The pieces in order; together they are the text, with U+FFFD for unpaired surrogates.</summary>
    public IEnumerable<string> Split(string text)
    {
        var runes = text.EnumerateRunes().ToArray();
        var classes = Array.ConvertAll(runes, LetterClasses.Of);
        var scan = new Scan(runes, classes);
        for (var start = 0; start < runes.Length;)
        {
            var end = gpt2 ? scan.Gpt2(start) : scan.Qwen2(start);
            yield return Join(runes.AsSpan(start, end - start));
            start = end;
        }
    }

    static string Join(ReadOnlySpan<Rune> runes)
    {
        Span<char> chars = runes.Length <= 128 ? stackalloc char[2 * runes.Length] : new char[2 * runes.Length];
        var length = 0;
        foreach (var rune in runes)
        {
            length += rune.EncodeToUtf16(chars[length..]);
        }

        return new string(chars[..length]);
    }

    // Each method takes where a piece starts and gives where it ends. The order of the attempts is that of the alternatives in the expression.
    readonly struct Scan(Rune[] runes, LetterClass[] classes)
    {
        // 's|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+
        public int Gpt2(int start)
        {
            if (Contraction(start, ignoreCase: false) is var end and > 0)
            {
                return end;
            }

            var first = At(start) == ' ' ? start + 1 : start;
            var kind = Class(first);
            if (kind is LetterClass.Letter or LetterClass.Number or LetterClass.Other)
            {
                return RunOf(kind, first);
            }

            return Spaces(start);
        }

        // (?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+
        public int Qwen2(int start)
        {
            if (Contraction(start, ignoreCase: true) is var end and > 0)
            {
                return end;
            }

            var kind = Class(start);
            if (kind == LetterClass.Number)
            {
                return start + 1;
            }

            if (At(start) is not ('\r' or '\n') && (kind == LetterClass.Letter || Class(start + 1) == LetterClass.Letter))
            {
                return RunOf(LetterClass.Letter, start + 1);
            }

            var first = At(start) == ' ' ? start + 1 : start;
            if (Class(first) == LetterClass.Other)
            {
                return LineEnds(RunOf(LetterClass.Other, first));
            }

            return LastLineEnd(start) is var afterLines and > 0 ? afterLines : Spaces(start);
        }

        int At(int position) => position < runes.Length ? runes[position].Value : -1;

        LetterClass Class(int position) => position < classes.Length ? classes[position] : LetterClass.None;

        int RunOf(LetterClass kind, int position)
        {
            while (Class(position) == kind)
            {
                position++;
            }

            return position;
        }

        int LineEnds(int position)
        {
            while (At(position) is '\r' or '\n')
            {
                position++;
            }

            return position;
        }

        // \s*[\r\n]+ : 0 where the white space holds no line end.
        int LastLineEnd(int start)
        {
            var last = 0;
            for (var position = start; Class(position) == LetterClass.Space; position++)
            {
                last = At(position) is '\r' or '\n' ? position + 1 : last;
            }

            return last;
        }

        // \s+(?!\S)|\s+ : before a word the last space is left to it. Anything else is a piece of one.
        int Spaces(int start)
        {
            var end = RunOf(LetterClass.Space, start);
            return end == start ? start + 1
                : end - start > 1 && end < runes.Length ? end - 1
                : end;
        }

        int Contraction(int start, bool ignoreCase)
        {
            if (At(start) != '\'')
            {
                return 0;
            }

            var (next, after) = (Lower(At(start + 1), ignoreCase), Lower(At(start + 2), ignoreCase));
            return (next, after) switch
            {
                ('s' or 't' or 'm' or 'd', _) => start + 2,
                ('r', 'e') or ('v', 'e') or ('l', 'l') => start + 3,
                _ => 0,
            };
        }

        static int Lower(int codePoint, bool ignoreCase) => ignoreCase && codePoint is >= 'A' and <= 'Z' ? codePoint + 32 : codePoint;
    }
}
