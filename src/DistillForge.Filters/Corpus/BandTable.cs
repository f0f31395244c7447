using System.Numerics;

namespace DistillForge.Filters;

/// <summary>Which rows have which key in one band: an open-addressing table whose buckets are chains through the rows.</summary>
sealed class BandTable
{
    uint[] keys = new uint[1 << 10];
    // Row + 1 of the newest row with the key; 0 where the slot is free.
    int[] newest = new int[1 << 10];
    // Row + 1 of the next older row with the same key.
    int[] older = new int[1 << 10];
    int used;

    /// <returns>The newest row with this key, or −1.</returns>
    public int Newest(uint key) => newest[SlotOf(key)] - 1;

    /// <returns>The next older row with the same key, or −1.</returns>
    public int Older(int row) => older[row] - 1;

    /// <param name="row">Greater than all before.</param>
    public void Add(uint key, int row)
    {
        if (row >= older.Length)
        {
            Array.Resize(ref older, Math.Max(row + 1, 2 * older.Length));
        }

        var slot = SlotOf(key);
        used += newest[slot] == 0 ? 1 : 0;
        older[row] = newest[slot];
        (keys[slot], newest[slot]) = (key, row + 1);
        if (2 * used > keys.Length)
        {
            Grow();
        }
    }

    int SlotOf(uint key)
    {
        var slot = (int)((key * 0x9E3779B97F4A7C15) >> (64 - BitOperations.Log2((uint)keys.Length)));
        while (newest[slot] != 0 && keys[slot] != key)
        {
            slot = (slot + 1) & (keys.Length - 1);
        }

        return slot;
    }

    void Grow()
    {
        var (before, rows) = (keys, newest);
        (keys, newest) = (new uint[2 * before.Length], new int[2 * before.Length]);
        for (var i = 0; i < before.Length; i++)
        {
            if (rows[i] != 0)
            {
                var slot = SlotOf(before[i]);
                (keys[slot], newest[slot]) = (before[i], rows[i]);
            }
        }
    }
}
