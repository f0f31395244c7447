namespace DistillForge.Llama.Worker;

/// <summary>The bytes of an answer as they come, and where a stop string cuts them.</summary>
sealed class CompletionText(byte[][] stops)
{
    readonly int longestStop = stops.Length == 0 ? 0 : stops.Max(stop => stop.Length);
    byte[] bytes = new byte[256];
    int[] ends = new int[64]; // where each token's text ends

    public static CompletionText None { get; } = new([]);

    public int Length { get; private set; }

    public int Tokens { get; private set; }

    public ReadOnlySpan<byte> Bytes => bytes.AsSpan(0, Length);

    /// <summary>Adds a token's text.</summary>
    /// <returns>A stop string appeared; <see cref="Length"/> is where it begins.</returns>
    public bool Add(ReadOnlySpan<byte> piece)
    {
        if (Length + piece.Length > bytes.Length)
        {
            Array.Resize(ref bytes, Math.Max(Length + piece.Length, bytes.Length * 2));
        }

        if (Tokens == ends.Length)
        {
            Array.Resize(ref ends, ends.Length * 2);
        }

        piece.CopyTo(bytes.AsSpan(Length));
        // A stop string may have begun in an earlier token.
        var searched = Math.Max(0, Length - longestStop + 1);
        Length += piece.Length;
        ends[Tokens++] = Length;
        return longestStop > 0 && CutAtStop(searched);
    }

    /// <summary>How many tokens lie wholly before the end of the text.</summary>
    public int TokensBeforeEnd => TokensBefore(Length);

    /// <summary>What no stop string can cut any more: the text without its longest end with which a stop string begins.</summary>
    public int SafeLength
    {
        get
        {
            for (var open = Math.Min(Length, longestStop - 1); open > 0; open--)
            {
                if (stops.Any(stop => stop.Length > open && stop.AsSpan(0, open).SequenceEqual(bytes.AsSpan(Length - open, open))))
                {
                    return Length - open;
                }
            }

            return Length;
        }
    }

    /// <summary>How many tokens lie wholly before a place of the text.</summary>
    public int TokensBefore(int place)
    {
        var count = Tokens;
        while (count > 0 && ends[count - 1] > place)
        {
            count--;
        }

        return count;
    }

    bool CutAtStop(int searched)
    {
        var first = int.MaxValue;
        foreach (var stop in stops)
        {
            var found = bytes.AsSpan(searched, Length - searched).IndexOf(stop);
            first = found >= 0 && stop.Length > 0 ? Math.Min(first, searched + found) : first;
        }

        Length = Math.Min(Length, first);
        return first != int.MaxValue;
    }
}
