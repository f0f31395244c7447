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
        var length = word.Length;
        var symbol = new int[length];
        var (previous, next) = (new int[length], new int[length]);
        for (var i = 0; i < length; i++)
        {
            // A letter that no merge speaks of gets −1 and stays alone.
            symbol[i] = symbols.GetValueOrDefault(word[i].ToString(), -1);
            (previous[i], next[i]) = (i - 1, i + 1);
        }

        var queue = new PriorityQueue<(int Left, int Right, int Joined), (int Rank, int Left)>();
        void Offer(int left, int right)
        {
            if (left >= 0 && right < length && ranks.TryGetValue((symbol[left], symbol[right]), out var merge))
            {
                queue.Enqueue((left, right, merge.Joined), (merge.Rank, left));
            }
        }

        for (var i = 1; i < length; i++)
        {
            Offer(i - 1, i);
        }

        var start = new bool[length];
        Array.Fill(start, true);
        while (queue.TryDequeue(out var pair, out var order))
        {
            // Outdated when either side has been joined to something since.
            if (!start[pair.Left] || !start[pair.Right] || next[pair.Left] != pair.Right
                || !ranks.TryGetValue((symbol[pair.Left], symbol[pair.Right]), out var merge) || merge.Rank != order.Rank)
            {
                continue;
            }

            symbol[pair.Left] = pair.Joined;
            start[pair.Right] = false;
            next[pair.Left] = next[pair.Right];
            if (next[pair.Left] < length)
            {
                previous[next[pair.Left]] = pair.Left;
            }

            Offer(previous[pair.Left], pair.Left);
            Offer(pair.Left, next[pair.Left]);
        }

        var parts = new List<string>();
        for (var i = 0; i < length; i = next[i])
        {
            parts.Add(symbol[i] < 0 ? word[i].ToString() : texts[symbol[i]]);
        }

        return parts;
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
}
