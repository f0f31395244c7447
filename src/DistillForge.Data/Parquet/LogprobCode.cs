namespace DistillForge.Data;

/// <summary>
/// A log-probability as a byte: log p = −(code / 48)², codes 0 … 255, so 255 is −28.2 and whatever lies below. The step is finest where p is
/// large, which is where an error of log p moves the gradient; src/decisions/coding.md has the figures.
/// </summary>
public static class LogprobCode
{
    public const double Scale = 48;

    // Rounding moves the sum of a head by less than this; a head that misses 1 by more was no distribution before.
    const double LargestCorrection = 0.1;

    static readonly float[] Values = [.. Enumerable.Range(0, 256).Select(code => (float)(0 - (code / Scale * (code / Scale))))];

    /// <summary>What a reader of the file must know.</summary>
    public static string Description { get; } = FormattableString.Invariant(
        $"log p = -(code / {Scale})^2 natural; then a position's head is scaled to 1 - exp(tail_logsums at temperature 1)");

    /// <exception cref="InvalidDataException">Not a number, or above 0 by more than rounding.</exception>
    public static byte Encode(float logprob) => logprob <= 1e-3f
        ? (byte)Math.Min(255, Math.Round(Math.Sqrt(Math.Max(0, -(double)logprob)) * Scale))
        : throw new InvalidDataException($"has {logprob} where a log-probability should be");

    public static float Decode(byte code) => Values[code];

    /// <summary>
    /// Takes back what rounding did to the sum: the tail is known exactly, so the head of a distribution adds up to 1 − tail. A teacher that
    /// is sure of one id keeps all the digits of its certainty this way.
    /// </summary>
    /// <param name="head">Decoded log-probabilities of one position; changed in place.</param>
    /// <param name="tailLogSum">log of the tail's mass at temperature 1.</param>
    public static void Normalise(Span<float> head, float tailLogSum)
    {
        var sum = 0.0;
        foreach (var logprob in head)
        {
            sum += Math.Exp(logprob);
        }

        var correction = Math.Log((1 - Math.Exp(tailLogSum)) / sum);
        if (!(Math.Abs(correction) <= LargestCorrection))
        {
            return;
        }

        foreach (ref var logprob in head)
        {
            logprob = (float)(logprob + correction);
        }
    }
}
