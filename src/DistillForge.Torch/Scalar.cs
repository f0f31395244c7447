using System.Runtime.InteropServices;

namespace DistillForge.Torch;

/// <summary>A number that keeps its kind, because the kind decides the type of a result: an integer tensor plus 1 stays integer.</summary>
[StructLayout(LayoutKind.Sequential)]
public readonly struct Scalar
{
    readonly int kind;
    readonly int unused;
    readonly long whole;
    readonly double real;

    Scalar(int kind, long whole, double real) => (this.kind, unused, this.whole, this.real) = (kind, 0, whole, real);

    public static implicit operator Scalar(int value) => new(0, value, 0);

    public static implicit operator Scalar(long value) => new(0, value, 0);

    public static implicit operator Scalar(float value) => new(1, 0, value);

    public static implicit operator Scalar(double value) => new(1, 0, value);

    public static implicit operator Scalar(bool value) => new(2, value ? 1 : 0, 0);

    internal bool IsReal => kind == 1;

    internal double Double => kind == 1 ? real : whole;

    internal Scalar Negated => new(kind, -whole, -real);

    internal long Long => kind == 1 ? (long)real : whole;
}
