using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace DistillForge.Llama.Numerics;

/// <summary>e^x of eight floats at once, for x ≤ 0: the exponentials of a softmax.</summary>
/// <remarks>
/// Cephes' expf: x = n ln 2 + r, a polynomial of degree 7 in r, n added to the exponent. Within 2 ulp; below −87.3, where the result
/// would be subnormal, exactly 0. About twice as fast as <see cref="Vector256.Exp(Vector256{float})"/>, which goes through double.
/// </remarks>
static class VectorExp
{
    const float Lowest = -87.3f;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> OfNonPositive(Vector256<float> x)
    {
        var inRange = Vector256.GreaterThan(x, Vector256.Create(Lowest));
        var clamped = Vector256.MaxNative(x, Vector256.Create(Lowest));
        var n = Vector256.Round(clamped * 1.44269504f);
        // ln 2 in two parts, so that r keeps its low digits.
        var r = Vector256.MultiplyAddEstimate(n, Vector256.Create(-0.693359375f), clamped);
        r = Vector256.MultiplyAddEstimate(n, Vector256.Create(2.12194440e-4f), r);
        var p = Vector256.Create(1.9875691500e-4f);
        p = Vector256.MultiplyAddEstimate(p, r, Vector256.Create(1.3981999507e-3f));
        p = Vector256.MultiplyAddEstimate(p, r, Vector256.Create(8.3334519073e-3f));
        p = Vector256.MultiplyAddEstimate(p, r, Vector256.Create(4.1665795894e-2f));
        p = Vector256.MultiplyAddEstimate(p, r, Vector256.Create(1.6666665459e-1f));
        p = Vector256.MultiplyAddEstimate(p, r, Vector256.Create(5.0000001201e-1f));
        var result = Vector256.MultiplyAddEstimate(p, r * r, r + Vector256<float>.One);
        var power = Vector256.ShiftLeft(Vector256.ConvertToInt32Native(n), 23);
        return Vector256.ConditionalSelect(inRange, (result.AsInt32() + power).AsSingle(), Vector256<float>.Zero);
    }
}
