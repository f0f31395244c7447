namespace DistillForge.Filters;

/// <summary>Makes the shingles of texts: one 32-bit hash for each run of so many words. Used again and again, it allocates nothing.</summary>
/// <param name="words">Words of a shingle.</param>
/// <remarks>Not for several threads at once.</remarks>
public sealed class ShingleMaker(int words)
{
    WordHashes found = new(512);
    ulong[] runs = new ulong[512];
    uint[] shingles = new uint[512];

    /// <summary>Words since the last <see cref="Clear"/>.</summary>
    public int Words => found.Count;

    /// <summary>In the order of the text, with repetitions; a text of fewer words than a shingle is one shingle, a text without words none. Valid until the next call.</summary>
    public ReadOnlySpan<uint> Shingles
    {
        get
        {
            if (found.Count == 0)
            {
                return [];
            }

            var length = Math.Min(words, found.Count);
            var count = found.Count - length + 1;
            if (runs.Length < count)
            {
                (runs, shingles) = (new ulong[2 * count], new uint[2 * count]);
            }

            WordRuns.Hash(found.All, length, runs.AsSpan(0, count));
            for (var i = 0; i < count; i++)
            {
                shingles[i] = (uint)(runs[i] >> 32);
            }

            return shingles.AsSpan(0, count);
        }
    }

    public void Clear() => found.Count = 0;

    /// <summary>Goes on after what was added before.</summary>
    public void Add(ReadOnlySpan<char> text) => WordBlocks.Scan(text, ref found);

    struct WordHashes(int capacity) : IWordSink
    {
        ulong[] hashes = new ulong[capacity];

        public int Count { get; set; }

        public readonly ReadOnlySpan<ulong> All => hashes.AsSpan(0, Count);

        public void Reserve(int words)
        {
            if (Count + words > hashes.Length)
            {
                Array.Resize(ref hashes, 2 * (Count + words));
            }
        }

        public void Add(ulong hash, int start, int end) => hashes[Count++] = hash;
    }
}
