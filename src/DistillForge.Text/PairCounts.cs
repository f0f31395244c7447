using System.Runtime.InteropServices;

namespace DistillForge.Text;

/// <summary>How often each pair of neighbouring tokens occurs in a set of words, kept up to date while pairs are joined.</summary>
sealed class PairCounts
{
    readonly List<string> texts = [];
    readonly List<(int[] Symbols, long Count)> words = [];
    readonly Dictionary<(int Left, int Right), long> counts = [];
    readonly Dictionary<(int Left, int Right), HashSet<int>> places = [];
    readonly HashSet<string> known = [];

    // Most frequent first, then the pair of lowest ids; entries whose count has changed since are skipped or entered again.
    readonly PriorityQueue<(int Left, int Right), (long Count, int Left, int Right)> queue = new();

    public PairCounts(IEnumerable<KeyValuePair<string, long>> wordCounts)
    {
        texts.AddRange(ByteAlphabet.InOrder.Select(letter => letter.ToString()));
        known.UnionWith(texts);
        var ids = texts.Select((text, id) => (text[0], id)).ToDictionary();
        foreach (var (word, count) in wordCounts)
        {
            words.Add(([.. ByteAlphabet.Spell(word).Select(letter => ids[letter])], count));
            Count(words.Count - 1, sign: 1);
        }

        foreach (var pair in counts.Keys)
        {
            Enqueue(pair);
        }
    }

    /// <returns><c>left right</c>, or null when no pair occurs as often as asked.</returns>
    public string? JoinMostFrequent(int least)
    {
        while (queue.TryDequeue(out var pair, out var order))
        {
            var count = counts.GetValueOrDefault(pair);
            if (count != -order.Count)
            {
                if (count > 0 && count < -order.Count)
                {
                    Enqueue(pair);
                }

                continue;
            }

            if (count < least)
            {
                return null;
            }

            // Two ways to the same text would be one token twice.
            if (known.Add(texts[pair.Left] + texts[pair.Right]))
            {
                Join(pair);
                return $"{texts[pair.Left]} {texts[pair.Right]}";
            }
        }

        return null;
    }

    void Join((int Left, int Right) pair)
    {
        var joined = texts.Count;
        texts.Add(texts[pair.Left] + texts[pair.Right]);
        var touched = new HashSet<(int, int)>();
        foreach (var place in places[pair].ToArray())
        {
            Count(place, sign: -1);
            var (symbols, count) = words[place];
            var merged = new List<int>(symbols.Length);
            for (var i = 0; i < symbols.Length; i++)
            {
                var here = i + 1 < symbols.Length && symbols[i] == pair.Left && symbols[i + 1] == pair.Right;
                merged.Add(here ? joined : symbols[i]);
                i += here ? 1 : 0;
            }

            words[place] = ([.. merged], count);
            Count(place, sign: 1);
            touched.UnionWith(merged.Zip(merged.Skip(1)));
        }

        foreach (var changed in touched)
        {
            Enqueue(changed);
        }
    }

    void Count(int place, int sign)
    {
        var (symbols, count) = words[place];
        for (var i = 1; i < symbols.Length; i++)
        {
            var pair = (symbols[i - 1], symbols[i]);
            CollectionsMarshal.GetValueRefOrAddDefault(counts, pair, out _) += sign * count;
            ref var where = ref CollectionsMarshal.GetValueRefOrAddDefault(places, pair, out _);
            where ??= [];
            _ = sign > 0 ? where.Add(place) : where.Remove(place);
        }
    }

    void Enqueue((int Left, int Right) pair) => queue.Enqueue(pair, (-counts[pair], pair.Left, pair.Right));
}
