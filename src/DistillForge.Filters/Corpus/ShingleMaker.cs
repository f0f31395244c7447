namespace DistillForge.Filters;

/// <summary>Makes the shingles of texts: one 32-bit hash for each run of so many words. Used again and again, it allocates nothing.</summary>
/// <remarks>Not for several threads at once.</remarks>
public sealed class ShingleMaker
{
    const ulong Base = 0x9E3779B97F4A7C15;

    readonly ulong[] ring;
    readonly ulong leaving;
    uint[] shingles = new uint[512];
    ulong rolling;
    int slot;
    int count;

    /// <param name="words">Words of a shingle.</param>
    public ShingleMaker(int words)
    {
        ring = new ulong[words];
        leaving = 1;
        for (var i = 1; i < words; i++)
        {
            leaving *= Base;
        }
    }

    /// <summary>Words since the last <see cref="Clear"/>.</summary>
    public int Words { get; private set; }

    /// <summary>In the order of the text, with repetitions; a text of fewer words than a shingle is one shingle, a text without words none. Valid until the next call.</summary>
    public ReadOnlySpan<uint> Shingles
    {
        get
        {
            if (count == 0 && Words > 0)
            {
                shingles[0] = (uint)(WordScanner.Mix(rolling) >> 32);
                return shingles.AsSpan(0, 1);
            }

            return shingles.AsSpan(0, count);
        }
    }

    public void Clear()
    {
        (rolling, slot, count, Words) = (0, 0, 0, 0);
        ring.AsSpan().Clear();
    }

    /// <summary>Goes on after what was added before.</summary>
    public void Add(ReadOnlySpan<char> text)
    {
        var scanner = new WordScanner(text);
        while (scanner.MoveNext())
        {
            rolling = ((rolling - (ring[slot] * leaving)) * Base) + scanner.Hash;
            ring[slot] = scanner.Hash;
            slot = slot + 1 == ring.Length ? 0 : slot + 1;
            if (++Words >= ring.Length)
            {
                if (count == shingles.Length)
                {
                    Array.Resize(ref shingles, 2 * count);
                }

                shingles[count++] = (uint)(WordScanner.Mix(rolling) >> 32);
            }
        }
    }
}
