using System.Globalization;

namespace DistillForge.Filters;

/// <summary>
/// What each feature counts for (above zero) or against a refusal: a logistic regression that <c>tests/DistillForge.Benchmarks</c> fits (<c>fit-refusals</c>), so that the sum is the logarithm of the odds in text that holds as
/// many refusals as other answers. The file <c>refusal-weights.tsv</c> names each feature as <see cref="RefusalFeatures.NameOf"/> does.
/// </summary>
sealed class RefusalWeights
{
    public static RefusalWeights Shipped => Lazily.Value;

    static readonly Lazy<RefusalWeights> Lazily = new(() =>
    {
        using var stream = typeof(RefusalWeights).Assembly.GetManifestResourceStream("refusal-weights.tsv")!;
        return new RefusalWeights(new StreamReader(stream));
    });

    // Keys that are not there are most: their bit is looked at first, in memory that stays near.
    const int NearBits = 18;

    readonly ulong[] near = new ulong[(1 << NearBits) / 64];
    readonly uint[] keys;
    readonly ushort[] numbers;
    readonly float[] weights;
    readonly uint mask;

    public RefusalWeights(TextReader reader)
    {
        var lines = new List<(uint Key, float Weight)>();
        while (reader.ReadLine() is { } line)
        {
            var tab = line.IndexOf('\t');
            lines.Add((RefusalFeatures.KeyOf(line[..tab]), float.Parse(line.AsSpan(tab + 1), CultureInfo.InvariantCulture)));
        }

        var size = (int)System.Numerics.BitOperations.RoundUpToPowerOf2((uint)Math.Max(16, lines.Count * 3));
        (keys, numbers, weights, mask) = (new uint[size], new ushort[size], [.. lines.Select(line => line.Weight)], (uint)size - 1);
        for (var i = 0; i < lines.Count; i++)
        {
            var key = lines[i].Key;
            var slot = key & mask;
            while (keys[slot] != 0)
            {
                slot = (slot + 1) & mask;
            }

            (keys[slot], numbers[slot]) = (key, (ushort)i);
            near[NearOf(key) >> 6] |= 1ul << (int)(NearOf(key) & 63);
        }
    }

    public int Count => weights.Length;

    static uint NearOf(uint key) => key >> (32 - NearBits);

    /// <summary>The number of a feature's weight, or a negative number.</summary>
    public int NumberOf(uint key)
    {
        if ((near[NearOf(key) >> 6] & (1ul << (int)(NearOf(key) & 63))) == 0)
        {
            return -1;
        }

        for (var slot = key & mask; keys[slot] != 0; slot = (slot + 1) & mask)
        {
            if (keys[slot] == key)
            {
                return numbers[slot];
            }
        }

        return -1;
    }

    public float this[int number] => weights[number];
}
