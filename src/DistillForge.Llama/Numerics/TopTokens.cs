using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace DistillForge.Llama.Numerics;

/// <summary>The k highest logits of a row, the highest first, equal ones by ascending id; tokens of logit −∞ are never among them.</summary>
sealed class TopTokens
{
    // A logit as ordered bits, above the complement of its id: one comparison orders both.
    ulong[] best = [];

    public int Count { get; private set; }

    public int Id(int place) => (int)~(uint)best[place];

    public void Select(ReadOnlySpan<float> logits, int count)
    {
        count = Math.Min(count, logits.Length);
        Count = 0;
        if (best.Length < count)
        {
            best = new ulong[count];
        }

        if (count == 0)
        {
            return;
        }

        ref var first = ref MemoryMarshal.GetReference(logits);
        var least = float.NegativeInfinity;
        var whole = logits.Length - (logits.Length % 8);
        for (var i = 0; i < whole; i += 8)
        {
            // After the first few blocks hardly one passes.
            var above = Vector256.GreaterThan(Vector256.LoadUnsafe(ref first, (nuint)i), Vector256.Create(least)).ExtractMostSignificantBits();
            for (; above != 0; above &= above - 1)
            {
                least = Offer(logits, i + System.Numerics.BitOperations.TrailingZeroCount(above), count, least);
            }
        }

        for (var i = whole; i < logits.Length; i++)
        {
            least = Offer(logits, i, count, least);
        }
    }

    // Returns what the next one must exceed: −∞ until there are k.
    float Offer(ReadOnlySpan<float> logits, int id, int count, float least)
    {
        if (!(logits[id] > least))
        {
            return least;
        }

        var key = ((ulong)Ordered(logits[id]) << 32) | ~(uint)id;
        var kept = Math.Min(Count, count - 1);
        var place = kept;
        while (place > 0 && best[place - 1] < key)
        {
            best[place] = best[place - 1];
            place--;
        }

        best[place] = key;
        Count = kept + 1;
        return Count == count ? logits[Id(count - 1)] : least;
    }

    // Unsigned numbers in the order of the floats.
    static uint Ordered(float value)
    {
        var bits = BitConverter.SingleToUInt32Bits(value);
        return (bits & 0x8000_0000) == 0 ? bits | 0x8000_0000 : ~bits;
    }
}
