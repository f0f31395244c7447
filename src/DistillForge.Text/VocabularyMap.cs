namespace DistillForge.Text;

/// <summary>From the ids of a vocabulary to those of one that was cut out of it: <see cref="Vocabulary.Prune"/>.</summary>
public sealed class VocabularyMap
{
    readonly int[] parts;

    VocabularyMap(Vocabulary whole, Vocabulary part, int[] kept)
    {
        (Whole, Part, Kept) = (whole, part, kept);
        parts = [.. Enumerable.Repeat(-1, whole.Size)];
        for (var id = 0; id < kept.Length; id++)
        {
            parts[kept[id]] = id;
        }
    }

    public Vocabulary Whole { get; }

    public Vocabulary Part { get; }

    /// <summary>[tokens of the part] Their ids in the whole, ascending.</summary>
    public IReadOnlyList<int> Kept { get; }

    /// <returns>Null where the part has a token that the whole has not, or has in another order.</returns>
    public static VocabularyMap? Between(Vocabulary whole, Vocabulary part)
    {
        var ids = new Dictionary<string, int>(whole.Size, StringComparer.Ordinal);
        for (var id = 0; id < whole.Size; id++)
        {
            ids[whole.Tokens[id]] = id;
        }

        int[] kept = [.. part.Tokens.Select(token => ids.GetValueOrDefault(token, -1))];
        return whole.Kind == part.Kind && whole.Pre == part.Pre
            && kept.Index().All(pair => pair.Item >= 0 && whole.Types[pair.Item] == part.Types[pair.Index] && (pair.Index == 0 || kept[pair.Index - 1] < pair.Item))
            ? new VocabularyMap(whole, part, kept)
            : null;
    }

    /// <summary>The part's id of a token of the whole; −1 where it is gone.</summary>
    public int Of(int whole) => parts[whole];

    /// <summary>The same tokens in the part; null where one of them is gone.</summary>
    public int[]? Of(IEnumerable<int> whole)
    {
        int[] ids = [.. whole.Select(Of)];
        return Array.IndexOf(ids, -1) < 0 ? ids : null;
    }
}

/// <summary>A tokenizer for a pruned vocabulary by way of the whole one's.</summary>
/// <param name="whole">Of <see cref="VocabularyMap.Whole"/>.</param>
/// <param name="otherwise">Of the part, for texts with tokens that are gone.</param>
public sealed class PrunedTokenizer(ITokenizer whole, VocabularyMap map, ITokenizer otherwise) : ITokenizer
{
    public int[] Encode(string text, bool parseSpecial) => map.Of(whole.Encode(text, parseSpecial)) ?? otherwise.Encode(text, parseSpecial);

    public string Decode(IReadOnlyList<int> ids) => whole.Decode([.. ids.Select(id => map.Kept[id])]);
}
