namespace DistillForge.Text;

/// <summary>
/// BPE over ▁ in a SentencePiece vocabulary: BPE joins a pair that a merge names, SentencePiece any two neighbours that spell a token. Where each
/// split of a token is a merge, as in files made from SentencePiece, that is the same; elsewhere it has to be tried.
/// </summary>
static class LlamaPieces
{
    const int Trials = 3000;
    const int Longest = 4;

    /// <param name="unfit">Makes the error.</param>
    /// <exception cref="ForgeException">Some text would be cut otherwise.</exception>
    public static void Check(Vocabulary vocabulary, IReadOnlyList<string> merges, Func<string, ForgeException> unfit)
    {
        var ranks = new Dictionary<(string, string), double>();
        for (var rank = 0; rank < merges.Count; rank++)
        {
            var space = merges[rank].IndexOf(' ', 1);
            ranks.TryAdd((merges[rank][..space], merges[rank][(space + 1)..]), -rank);
        }

        var scores = vocabulary.Tokens.Index().ToDictionary(pair => pair.Item, pair => (double)vocabulary.Scores[pair.Index], StringComparer.Ordinal);
        string[] texts = [.. vocabulary.Tokens.Where((_, id) => vocabulary.Types[id] == TokenType.Normal)];
        if (texts.Length == 0)
        {
            throw unfit("leave no ordinary token.");
        }

        var chance = new Random(11);
        for (var trial = 0; trial < Trials; trial++)
        {
            var text = string.Concat(Enumerable.Range(0, 1 + chance.Next(Longest)).Select(_ => texts[chance.Next(texts.Length)]));
            var (ours, theirs) = (Join(text, (a, b) => ranks.TryGetValue((a, b), out var rank) ? rank : null), Join(text, (a, b) => scores.TryGetValue(a + b, out var score) ? score : null));
            if (!ours.SequenceEqual(theirs))
            {
                throw unfit($"cut '{text}' into {string.Join(' ', ours)}, and as SentencePiece, which is all that llama.cpp offers for ▁, into {string.Join(' ', theirs)}.");
            }
        }
    }

    // The best pair first, of equal ones the leftmost.
    static List<string> Join(string text, Func<string, string, double?> score)
    {
        List<string> parts = [.. text.EnumerateRunes().Select(rune => rune.ToString())];
        while (true)
        {
            var (best, highest) = (-1, double.NegativeInfinity);
            for (var i = 1; i < parts.Count; i++)
            {
                if (score(parts[i - 1], parts[i]) is { } value && value > highest)
                {
                    (best, highest) = (i - 1, value);
                }
            }

            if (best < 0)
            {
                return parts;
            }

            parts[best] += parts[best + 1];
            parts.RemoveAt(best + 1);
        }
    }
}
