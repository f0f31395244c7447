namespace DistillForge.Text;

/// <summary>Joins the letters of a word, the pair with the lowest rank first and of equal pairs the leftmost.</summary>
sealed class BpeMerges
{
    readonly Dictionary<string, int> symbols = [];
    readonly List<string> texts = [];
    readonly Dictionary<(int Left, int Right), (int Rank, int Joined)> ranks = [];

    /// <param name="merges"><c>left right</c>; of two equal ones the first counts.</param>
    public BpeMerges(IReadOnlyList<string> merges)
    {
        for (var rank = 0; rank < merges.Count; rank++)
        {
            var space = merges[rank].IndexOf(' ', 1);
            var (left, right) = (merges[rank][..space], merges[rank][(space + 1)..]);
            ranks.TryAdd((Symbol(left), Symbol(right)), (rank, Symbol(left + right)));
        }
    }

    /// <param name="word">Letters of the byte alphabet.</param>
    /// <returns>The parts that are left when nothing can be joined any more.</returns>
    public List<string> Join(string word)
    {
        var chain = new Chain(this, word);
        chain.JoinAll();
        return chain.Parts();
    }

    int Symbol(string text)
    {
        if (!symbols.TryGetValue(text, out var symbol))
        {
            symbols.Add(text, symbol = texts.Count);
            texts.Add(text);
        }

        return symbol;
    }

    // A word while it is joined: each part lies where its first letter lay and knows its neighbours.
    sealed class Chain
    {
        readonly BpeMerges merges;
        readonly string word;
        readonly int[] symbol;
        readonly int[] previous;
        readonly int[] next;
        readonly bool[] isGone;
        readonly PriorityQueue<(int Left, int Right, int Joined), (int Rank, int Left)> queue = new();

        public Chain(BpeMerges merges, string word)
        {
            (this.merges, this.word) = (merges, word);
            // A letter that no merge speaks of gets −1 and stays alone.
            symbol = [.. word.Select(letter => merges.symbols.GetValueOrDefault(letter.ToString(), -1))];
            previous = [.. Enumerable.Range(-1, word.Length)];
            next = [.. Enumerable.Range(1, word.Length)];
            isGone = new bool[word.Length];
            for (var i = 1; i < word.Length; i++)
            {
                Offer(i - 1, i);
            }
        }

        public void JoinAll()
        {
            while (queue.TryDequeue(out var pair, out var order))
            {
                if (!IsOutdated(pair.Left, pair.Right, order.Rank))
                {
                    Join(pair.Left, pair.Right, pair.Joined);
                }
            }
        }

        public List<string> Parts()
        {
            var parts = new List<string>();
            for (var i = 0; i < word.Length; i = next[i])
            {
                parts.Add(symbol[i] < 0 ? word[i].ToString() : merges.texts[symbol[i]]);
            }

            return parts;
        }

        void Offer(int left, int right)
        {
            if (left >= 0 && right < word.Length && merges.ranks.TryGetValue((symbol[left], symbol[right]), out var merge))
            {
                queue.Enqueue((left, right, merge.Joined), (merge.Rank, left));
            }
        }

        // Either side has been joined to something since.
        bool IsOutdated(int left, int right, int rank)
            => isGone[left] || isGone[right] || next[left] != right || !merges.ranks.TryGetValue((symbol[left], symbol[right]), out var merge) || merge.Rank != rank;

        void Join(int left, int right, int joined)
        {
            symbol[left] = joined;
            isGone[right] = true;
            next[left] = next[right];
            if (next[left] < word.Length)
            {
                previous[next[left]] = left;
            }

            Offer(previous[left], left);
            Offer(left, next[left]);
        }
    }
}
