using System.Runtime.InteropServices;

namespace DistillForge.Filters;

/// <summary>
/// An answer as it is weighed: words and marks in lower case, contractions written out ("can't" is "can not"), adverbs and emphasis gone, numbers all "0", one space between. Where words are written without spaces, each
/// character is one. Knows where each came from, and whether it is the answer's own voice.
/// </summary>
ref struct AnswerWords(Span<char> characters, Span<AnswerWords.Word> words)
{
    /// <summary>What a caller gives as memory.</summary>
    public const int Characters = 2400, Most = 480;

    /// <summary>What is read of an answer, in characters.</summary>
    public const int Limit = 1500;

    /// <summary>A sentence that begins here is no more of the opening.</summary>
    public const int Opening = 250;

    public enum Place : byte
    {
        First,
        Opening,
        Later,
        Staged,
    }

    /// <param name="Hash">Of its characters.</param>
    /// <param name="Signs">What it says alone, see <see cref="Lexicon"/>.</param>
    /// <param name="At">Where it stands in <see cref="Text"/>.</param>
    /// <param name="Sentence">Counted from 0.</param>
    /// <param name="Start">Where it stands in the answer.</param>
    /// <param name="End">Behind its last character there.</param>
    [StructLayout(LayoutKind.Auto)]
    public readonly record struct Word(uint Hash, Sign Signs, ushort At, byte Length, Place Place, bool Begins, short Sentence, int Start, int End);

    readonly Span<char> characters = characters;
    readonly Span<Word> words = words;
    int length;
    int sentences;
    bool begins;
    Place place;

    public int Count { get; private set; }

    public readonly ReadOnlySpan<Word> All => words[..Count];

    public readonly ReadOnlySpan<char> Text => characters[..length];

    public readonly ReadOnlySpan<char> Of(int word) => characters.Slice(words[word].At, words[word].Length);

    // What may stand between any two words and changes nothing.
    static readonly HashSet<uint> Adverbs = Split("""
        really actually currently directly ethically legally morally responsibly safely simply honestly possibly certainly definitely absolutely personally presently respectfully politely kindly just also
        still even ever therefore thus truly generally specifically yet quite fully knowingly willingly very basically frankly
        """);

    static readonly HashSet<uint> Authors = Split("assistant ai answer response note bot chatbot a model reply warning disclaimer important chatgpt claude output unfortunately sorry message reason result status error text content");

    static HashSet<uint> Split(string words) => [.. words.Split([' ', '\n'], StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries).Select(word => HashOf(word))];

    public void Read(ReadOnlySpan<char> text)
    {
        (length, Count, sentences, begins) = (0, 0, 0, true);
        var voice = new Voice(text);
        var limit = Math.Min(text.Length, Limit);
        for (var at = 0; at < limit && Count < words.Length - 3 && length < characters.Length - 64;)
        {
            var character = text[at];
            if (IsUnspaced(character))
            {
                Put(text.Slice(at, 1), at, at + 1, voice);
                at++;
            }
            else if (char.IsLetterOrDigit(character))
            {
                var start = at;
                for (at++; at < text.Length && (IsOfWord(text[at]) || (IsApostrophe(text[at]) && at + 1 < text.Length && IsOfWord(text[at + 1]))); at++)
                {
                }

                PutWord(text[start..at], start, at, voice);
                voice.Say(text[start..at]);
            }
            else
            {
                if (MarkOf(character) is var mark and not '\0')
                {
                    Span<char> one = [mark];
                    Put(one, at, at + 1, voice);
                    voice.Behind(text, at, character, Count > 1 ? Of(Count - 2) : default);
                    if (mark == '\n' || (mark is '.' or '!' or '?' && Ends(text, at + 1)))
                    {
                        sentences += begins ? 0 : 1;
                        begins = true;
                    }
                }

                at++;
            }
        }
    }

    // "etc. and so on" goes on; "e.g." and "3.5" have no space behind the first point.
    static bool Ends(ReadOnlySpan<char> text, int at)
    {
        if (at >= text.Length || text[at - 1] is '。' or '！' or '？')
        {
            return true;
        }

        if (char.IsLetterOrDigit(text[at]) || text[at] is '.' or '!' or '?')
        {
            return false;
        }

        while (at < text.Length && text[at] is ' ')
        {
            at++;
        }

        return at == text.Length || !char.IsLower(text[at]);
    }

    static char MarkOf(char character) => character switch
    {
        ',' or '…' or '—' or '–' or '，' or '、' => ',',
        '.' or '。' => '.',
        '!' or '！' or '¡' => '!',
        '?' or '？' or '¿' => '?',
        ':' or '：' => ':',
        ';' => ';',
        '(' => '(',
        ')' => ')',
        '"' or '“' or '”' or '„' or '«' or '»' or '「' or '」' => '"',
        '\n' => '\n',
        '{' => '{',
        '`' => '`',
        '=' or '<' or '>' or '+' or '|' or '/' => '=',
        _ => '\0',
    };

    static bool IsUnspaced(char character) => character is >= '\u3040' and <= '\u9fff' or >= '\uac00' and <= '\ud7af';

    static bool IsOfWord(char character) => char.IsLetterOrDigit(character) && !IsUnspaced(character);

    static bool IsApostrophe(char character) => character is '\'' or '’' or 'ʼ' or '´';

    void PutWord(ReadOnlySpan<char> word, int start, int end, in Voice voice)
    {
        Span<char> lower = stackalloc char[24];
        if (word.Length > lower.Length)
        {
            Put("*", start, end, voice);
            return;
        }

        if (char.IsAsciiDigit(word[0]))
        {
            Put("0", start, end, voice);
            return;
        }

        var apostrophe = -1;
        var plain = HashSeed;
        for (var i = 0; i < word.Length; i++)
        {
            lower[i] = char.IsAsciiLetterUpper(word[i]) ? (char)(word[i] | 0x20) : word[i] < 128 ? word[i] : char.ToLowerInvariant(word[i]);
            apostrophe = IsApostrophe(word[i]) && apostrophe < 0 ? i : apostrophe;
            plain = HashOn(plain, lower[i]);
        }

        lower = lower[..word.Length];
        if (apostrophe < 0)
        {
            if (Adverbs.Contains(plain))
            {
                return;
            }

            var (first, second) = lower.Length > 6 ? default : lower switch { "cannot" or "cant" => ("can", "not"), "dont" => ("do", "not"), "wont" => ("will", "not"), "im" => ("i", "am"), _ => default((string?, string)) };
            Put(first is null ? lower : first, start, end, voice);
            if (second is not null)
            {
                Put(second, start, end, voice);
            }

            return;
        }

        ReadOnlySpan<char> head = lower[..apostrophe], behind = lower[(apostrophe + 1)..];
        var written = behind switch { "t" => "not", "m" => "am", "ll" => "will", "d" => "would", "re" => "are", "ve" => "have", "s" => "is", _ => null };
        if (written is null)
        {
            lower[apostrophe] = '\'';
            Put(lower[..(apostrophe + 1)], start, end, voice);
            Put(behind, start, end, voice);
            return;
        }

        Put(head is "won" && behind is "t" ? "will" : head is "can" || behind is not "t" || head[^1] != 'n' || head.Length < 2 ? head : head[..^1], start, end, voice);
        Put(written, start, end, voice);
    }

    void Put(scoped ReadOnlySpan<char> word, int start, int end, in Voice voice)
    {
        if (begins && char.IsLetterOrDigit(word[0]))
        {
            place = sentences == 0 ? Place.First : start < Opening ? Place.Opening : Place.Later;
        }

        var signs = Lexicon.OfWord(word, out var hash);
        words[Count++] = new Word(hash, signs, (ushort)length, (byte)word.Length, voice.IsStaged ? Place.Staged : place, begins, (short)sentences, start, end);
        begins &= !char.IsLetterOrDigit(word[0]);
        word.CopyTo(characters[length..]);
        length += word.Length;
        characters[length++] = ' ';
    }

    public static uint HashOf(scoped ReadOnlySpan<char> word)
    {
        var hash = HashSeed;
        foreach (var character in word)
        {
            hash = HashOn(hash, character);
        }

        return hash;
    }

    // FNV-1a, over characters.
    public const uint HashSeed = 2166136261;

    public static uint HashOn(uint hash, char character) => (hash ^ character) * 16777619;

    /// <summary>Who speaks: quotation, code, letters and named speakers are not the answer's own voice.</summary>
    ref struct Voice
    {
        readonly bool ignoresQuotes;
        readonly bool isAllCode;
        bool isQuoted;
        bool isCode;
        bool isSpoken;
        bool isLetter;
        int lineWords;
        bool lineIsName;
        bool lineIsAuthor;
        bool drafts;

        public Voice(ReadOnlySpan<char> text)
        {
            ignoresQuotes = Scene.IgnoresQuotes(text);
            isAllCode = text.TrimStart().StartsWith("```") && text.TrimEnd().EndsWith("```") && !text.Contains('(');
            lineIsName = true;
        }

        public readonly bool IsStaged => isQuoted || isCode || isSpoken || isLetter || drafts;

        public void Say(ReadOnlySpan<char> word)
        {
            if (++lineWords > 2)
            {
                return;
            }

            lineIsName &= char.IsUpper(word[0]);
            var hash = HashSeed;
            foreach (var character in word)
            {
                hash = HashOn(hash, char.ToLowerInvariant(character));
            }

            lineIsAuthor |= Authors.Contains(hash);
        }

        public void Behind(ReadOnlySpan<char> text, int at, char mark, ReadOnlySpan<char> before)
        {
            switch (mark)
            {
                case '"' when !ignoresQuotes:
                    isQuoted ^= true;
                    break;
                case '“' or '„' or '«' or '「' when !ignoresQuotes:
                    isQuoted = true;
                    break;
                case '”' or '»' or '」':
                    isQuoted = false;
                    break;
                case '`' when !isAllCode:
                    isCode ^= true;
                    break;
                // Speech as novels of many languages print it: — No, she said.
                case '—' or '–' when lineWords == 0:
                    isSpoken = true;
                    break;
                case ':':
                    isSpoken |= lineIsName && lineWords is 1 or 2 && !lineIsAuthor;
                    drafts |= at + 1 < text.Length && text[at + 1] == '\n' && at < 250;
                    break;
                case '\n':
                    (lineWords, lineIsName, lineIsAuthor, isSpoken) = (0, true, false, false);
                    isLetter |= at < 200 && before is "," && IsSalutation(text[..at]);
                    break;
            }
        }

        static bool IsSalutation(ReadOnlySpan<char> text)
        {
            var line = text[(text.LastIndexOf('\n') + 1)..];
            return line.Length is > 4 and < 60 && (line.StartsWith("Dear") || line.StartsWith("Hi ") || line.StartsWith("Hello ") || line.StartsWith("Sehr geehrte") || line.StartsWith("Liebe"));
        }
    }
}
