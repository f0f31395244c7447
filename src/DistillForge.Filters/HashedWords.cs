using System.Buffers;

namespace DistillForge.Filters;

/// <summary>The words of one text in rented memory: hash and place of each, see <see cref="WordScanner"/>.</summary>
ref struct HashedWords : IWordSink
{
    ulong[] hashes;
    int[] starts;
    int[] ends;

    HashedWords(int capacity)
    {
        hashes = ArrayPool<ulong>.Shared.Rent(capacity);
        starts = ArrayPool<int>.Shared.Rent(capacity);
        ends = ArrayPool<int>.Shared.Rent(capacity);
    }

    // Fewer, and the memory grows once.
    const int CharactersOfWord = 5;

    public int Count { get; private set; }

    public readonly ReadOnlySpan<ulong> Hashes => hashes.AsSpan(0, Count);

    public readonly int Start(int word) => starts[word];

    /// <summary>Behind the word's last character.</summary>
    public readonly int End(int word) => ends[word];

    /// <remarks>The caller disposes.</remarks>
    public static HashedWords Of(ReadOnlySpan<char> text)
    {
        var words = new HashedWords(Math.Max(256, text.Length / CharactersOfWord + 64));
        WordBlocks.Scan(text, ref words);
        return words;
    }

    /// <summary>Of the words from here on, in order.</summary>
    public readonly ulong RunHash(int first, int count) => WordRuns.Hash(Hashes.Slice(first, count));

    public readonly void Dispose()
    {
        ArrayPool<ulong>.Shared.Return(hashes);
        ArrayPool<int>.Shared.Return(starts);
        ArrayPool<int>.Shared.Return(ends);
    }

    public void Reserve(int words)
    {
        while (Count + words > Math.Min(hashes.Length, Math.Min(starts.Length, ends.Length)))
        {
            Grow(ref hashes);
            Grow(ref starts);
            Grow(ref ends);
        }
    }

    public void Add(ulong hash, int start, int end)
    {
        (hashes[Count], starts[Count], ends[Count]) = (hash, start, end);
        Count++;
    }

    static void Grow<T>(ref T[] array)
    {
        var larger = ArrayPool<T>.Shared.Rent(array.Length * 2);
        array.CopyTo(larger, 0);
        ArrayPool<T>.Shared.Return(array);
        array = larger;
    }
}

/// <summary>A set of non-zero hashes in rented memory.</summary>
ref struct RentedSet
{
    readonly ulong[] slots;
    readonly int mask;

    /// <param name="capacity">How many will be added, at most.</param>
    /// <remarks>The caller disposes.</remarks>
    public RentedSet(int capacity)
    {
        var size = (int)System.Numerics.BitOperations.RoundUpToPowerOf2((uint)Math.Max(16, 2 * capacity));
        slots = ArrayPool<ulong>.Shared.Rent(size);
        slots.AsSpan(0, size).Clear();
        mask = size - 1;
    }

    /// <returns>False when it is there already.</returns>
    public readonly bool Add(ulong hash)
    {
        var slot = SlotOf(hash);
        if (slots[slot] == hash)
        {
            return false;
        }

        slots[slot] = hash;
        return true;
    }

    public readonly bool Contains(ulong hash) => slots[SlotOf(hash)] == hash;

    public readonly void Dispose() => ArrayPool<ulong>.Shared.Return(slots);

    readonly int SlotOf(ulong hash)
    {
        var slot = (int)(hash >> 20) & mask;
        while (slots[slot] != 0 && slots[slot] != hash)
        {
            slot = (slot + 1) & mask;
        }

        return slot;
    }
}
