namespace DistillForge.Llama.Numerics;

/// <summary>
/// Uniform numbers that depend on the row's seed and on where they are used, and on nothing else: not on the order in which rows
/// are decoded, nor on whether a trace is captured.
/// </summary>
static class Chance
{
    const uint Text = 1;
    const uint Tail = 2;
    const uint Head = 3;

    /// <summary>For the token at a completion position.</summary>
    public static double OfText(ulong seed, int position) => Uniform(seed, Text, (uint)position);

    /// <summary>For the same token again, where a grammar refused the first draw.</summary>
    public static double OfSecondText(ulong seed, int position) => Uniform(seed, 4, (uint)position);

    /// <summary>For one draw from the tail.</summary>
    public static double OfTail(ulong seed, int position, int temperature, int draw) => Uniform(seed, Tail + ((ulong)temperature << 16) + ((ulong)draw << 32), (uint)position);

    /// <summary>For one draw of a head, from the whole distribution.</summary>
    public static double OfHead(ulong seed, int position, int draw) => Uniform(seed, Head + ((ulong)draw << 32), (uint)position);

    // SplitMix64's finalizer, twice.
    static double Uniform(ulong seed, ulong use, uint position)
    {
        var bits = Mix(Mix(seed + (use * 0x9E37_79B9_7F4A_7C15)) + ((position + 1UL) * 0xD1B5_4A32_D192_ED03));
        return (bits >> 11) * (1.0 / (1UL << 53));
    }

    static ulong Mix(ulong x)
    {
        x = (x ^ (x >> 30)) * 0xBF58_476D_1CE4_E5B9;
        x = (x ^ (x >> 27)) * 0x94D0_49BB_1331_11EB;
        return x ^ (x >> 31);
    }
}
