namespace DistillForge.Text;

public sealed partial class Vocabulary
{
    /// <summary>
    /// The same vocabulary with fewer tokens. A text that these tokens spelled is cut exactly as before, and any other text can still be
    /// written: what could be joined on the way to a token that stays, stays too, and what is gone could only be joined inside tokens that are gone.
    /// </summary>
    /// <param name="used">Ids that stay, beside what every text needs: control tokens, bytes, single letters.</param>
    /// <exception cref="ForgeException">Of a kind that joins pieces in another way.</exception>
    public Vocabulary Prune(IEnumerable<int> used)
    {
        IPieces pieces = Kind switch
        {
            "gpt2" => new BpePieces(this),
            "llama" => new SentencePieces(this),
            _ => throw new ForgeException(new Problem("student.vocabulary", $"is 'pruned', but a vocabulary of kind '{Kind}' is not cut down here.", "Known kinds: gpt2 (byte-level BPE), llama (SentencePiece). Write 'vocabulary: teacher'.")),
        };
        var ids = new Dictionary<string, int>(Tokens.Count, StringComparer.Ordinal);
        for (var id = 0; id < RealSize; id++)
        {
            ids[Tokens[id]] = id;
        }

        var kept = new SortedSet<int>(Needed(pieces));
        foreach (var id in used.Distinct().Where(id => id >= 0 && id < RealSize))
        {
            kept.Add(id);
            foreach (var part in pieces.Parts(Tokens[id]))
            {
                if (ids.TryGetValue(part, out var ancestor))
                {
                    kept.Add(ancestor);
                }
            }
        }

        return Keep([.. kept], pieces.MergesOf);
    }

    IEnumerable<int> Needed(IPieces pieces)
    {
        var types = new ControlTokens(this).Types;
        HashSet<int?> special = [Bos, Eos, Eot, Unknown, Padding];
        return Enumerable.Range(0, RealSize).Where(id => special.Contains(id) || types[id] is not (TokenType.Normal or TokenType.Unused or TokenType.Undefined) || pieces.IsLetter(Tokens[id]));
    }

    Vocabulary Keep(int[] kept, Func<HashSet<string>, IReadOnlyList<string>> merges)
    {
        int? New(int? old) => old is { } id ? Array.BinarySearch(kept, id) : null;
        string[] tokens = [.. kept.Select(id => Tokens[id])];
        return new Vocabulary
        {
            Kind = Kind,
            Pre = Pre,
            Tokens = tokens,
            Types = [.. kept.Select(id => Types[id])],
            Scores = Scores.Count == 0 ? [] : [.. kept.Select(id => Scores[id])],
            Merges = merges([.. tokens]),
            Bos = New(Bos),
            Eos = New(Eos),
            Eot = New(Eot),
            Unknown = New(Unknown),
            Padding = New(Padding),
            AddBos = AddBos,
            AddEos = AddEos,
            AddSpacePrefix = AddSpacePrefix,
            ChatTemplate = ChatTemplate,
        };
    }

    // How a kind of vocabulary puts its tokens together.
    interface IPieces
    {
        /// <summary>What no text can be written without.</summary>
        bool IsLetter(string token);

        /// <summary>Every part that comes about while the token's own text is joined.</summary>
        IEnumerable<string> Parts(string token);

        /// <summary>The merges, in their order, that a vocabulary of these tokens can make use of.</summary>
        IReadOnlyList<string> MergesOf(HashSet<string> tokens);
    }

    // The pair of the lowest rank first, of equal ones the leftmost. What lies inside a token is joined as if nothing were around it, since
    // nothing is ever joined across its ends.
    sealed class BpePieces : IPieces
    {
        readonly Vocabulary vocabulary;
        readonly Dictionary<(string Left, string Right), int> ranks = [];
        readonly HashSet<int> fired = [];

        public BpePieces(Vocabulary vocabulary)
        {
            this.vocabulary = vocabulary;
            for (var rank = 0; rank < vocabulary.Merges.Count; rank++)
            {
                ranks.TryAdd(PairOf(vocabulary.Merges[rank]), rank);
            }
        }

        public bool IsLetter(string token) => token.Length == 1 && ByteAlphabet.Byte(token[0]) >= 0;

        public IEnumerable<string> Parts(string token)
        {
            List<string> parts = [.. token.Select(letter => letter.ToString())];
            while (Lowest(parts) is { } rank)
            {
                fired.Add(rank);
                var (left, right) = PairOf(vocabulary.Merges[rank]);
                var at = Enumerable.Range(0, parts.Count - 1).First(i => parts[i] == left && parts[i + 1] == right);
                parts[at] = left + right;
                parts.RemoveAt(at + 1);
                yield return parts[at];
            }
        }

        // A merge of tokens that are all there is kept although none of them needs it: closer to what was.
        public IReadOnlyList<string> MergesOf(HashSet<string> tokens) => [.. vocabulary.Merges.Where((merge, rank) => fired.Contains(rank) || Fits(tokens, PairOf(merge)))];

        static bool Fits(HashSet<string> tokens, (string Left, string Right) pair) => tokens.Contains(pair.Left) && tokens.Contains(pair.Right) && tokens.Contains(pair.Left + pair.Right);

        int? Lowest(List<string> parts)
        {
            int? lowest = null;
            for (var i = 1; i < parts.Count; i++)
            {
                if (ranks.TryGetValue((parts[i - 1], parts[i]), out var rank) && (lowest is null || rank < lowest))
                {
                    lowest = rank;
                }
            }

            return lowest;
        }

        static (string Left, string Right) PairOf(string merge)
        {
            var space = merge.IndexOf(' ', 1);
            return (merge[..space], merge[(space + 1)..]);
        }
    }

    // Two neighbours become the token that they spell, the one of the best score first, of equal ones the leftmost.
    sealed class SentencePieces : IPieces
    {
        readonly Dictionary<string, float> scores = new(StringComparer.Ordinal);
        readonly bool hasBytes;

        public SentencePieces(Vocabulary vocabulary)
        {
            hasBytes = vocabulary.Types.Contains(TokenType.Byte);
            for (var id = 0; id < vocabulary.RealSize; id++)
            {
                scores[vocabulary.Tokens[id]] = vocabulary.Scores.Count > id ? vocabulary.Scores[id] : 0;
            }
        }

        // Where there are bytes, a letter that is gone is written in them.
        public bool IsLetter(string token) => !hasBytes && token.EnumerateRunes().Take(2).Count() == 1;

        public IEnumerable<string> Parts(string token)
        {
            List<string> parts = [.. token.EnumerateRunes().Select(rune => rune.ToString())];
            foreach (var letter in parts.ToArray())
            {
                yield return letter;
            }

            while (Best(parts) is { } at)
            {
                parts[at] += parts[at + 1];
                parts.RemoveAt(at + 1);
                yield return parts[at];
            }
        }

        public IReadOnlyList<string> MergesOf(HashSet<string> tokens) => [];

        int? Best(List<string> parts)
        {
            int? best = null;
            var highest = float.NegativeInfinity;
            for (var i = 1; i < parts.Count; i++)
            {
                if (scores.TryGetValue(parts[i - 1] + parts[i], out var score) && (best is null || score > highest))
                {
                    (best, highest) = (i - 1, score);
                }
            }

            return best;
        }
    }
}
