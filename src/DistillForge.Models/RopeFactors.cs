using System.Globalization;

namespace DistillForge.Models;

/// <summary>
/// What each pair of a head turns slower by than its place says: angle i is position · theta^(−2i/size) / factor i. Llama 3's scaling
/// is such a list (in a GGUF the tensor <c>rope_freqs.weight</c>), linear scaling one of equal numbers.
/// </summary>
public sealed class RopeFactors : IEquatable<RopeFactors>
{
    /// <summary>Where GGUF keeps them.</summary>
    public const string TensorName = "rope_freqs.weight";

    readonly float[] factors;

    /// <param name="factors">Half a head's size of them, all above 0.</param>
    public RopeFactors(ReadOnlySpan<float> factors) => this.factors = factors.ToArray();

    public int Count => factors.Length;

    public ReadOnlySpan<float> Values => factors;

    /// <summary>The factor, where all pairs have the same one.</summary>
    public float? Linear => factors.AsSpan().ContainsAnyExcept(factors[0]) ? null : factors[0];

    /// <summary>They are numbers that something can be divided by.</summary>
    public bool IsSound => Array.TrueForAll(factors, factor => factor > 0 && float.IsFinite(factor));

    public static RopeFactors OfLinear(float factor, int headSize) => new([.. Enumerable.Repeat(factor, headSize / 2)]);

    /// <summary>As transformers' <c>_compute_llama3_parameters</c> has it: short waves stay, long ones are stretched, those between are in between.</summary>
    /// <param name="original">Tokens of the context before it was stretched.</param>
    public static RopeFactors OfLlama3(int headSize, double theta, double factor, double low, double high, double original)
    {
        var factors = new float[headSize / 2];
        for (var i = 0; i < factors.Length; i++)
        {
            var wavelength = 2 * Math.PI * Math.Pow(theta, 2.0 * i / headSize);
            var smooth = (original / wavelength - low) / (high - low);
            factors[i] = (float)(wavelength < original / high ? 1 : wavelength > original / low ? factor : 1 / ((1 - smooth) / factor + smooth));
        }

        return new RopeFactors(factors);
    }

    public bool Equals(RopeFactors? other) => other is not null && factors.AsSpan().SequenceEqual(other.factors);

    public override bool Equals(object? obj) => Equals(obj as RopeFactors);

    public override int GetHashCode() => HashCode.Combine(factors.Length, factors.Sum());

    public override string ToString() => string.Join(' ', factors.Select(factor => factor.ToString("R", CultureInfo.InvariantCulture)));
}
