using DistillForge.Models;

namespace DistillForge.Training.Architectures;

/// <summary>Rotary positions, Hugging Face's layout: dimension i turns with i + h/2. Su et al., RoFormer, 2021.</summary>
sealed class Rotary : IDisposable
{
    readonly int size;
    readonly Tensor cos;
    readonly Tensor sin;

    public Rotary(ModelShape shape, Device device)
    {
        size = shape.HeadSize;
        var half = size / 2;
        var (c, s) = (new float[shape.Context * half], new float[shape.Context * half]);
        for (var i = 0; i < c.Length; i++)
        {
            var angle = i / half * Math.Pow(shape.RopeTheta, -2.0 * (i % half) / size);
            (c[i], s[i]) = ((float)Math.Cos(angle), (float)Math.Sin(angle));
        }

        // [context, 1, h/2]: the same for every head.
        using var scope = NewDisposeScope();
        cos = tensor(c, [shape.Context, 1, half]).to(device).DetachFromDisposeScope();
        sin = tensor(s, [shape.Context, 1, half]).to(device).DetachFromDisposeScope();
    }

    /// <param name="x">[B, T, heads, h]; the row's first token is at position 0.</param>
    public Tensor Turn(Tensor x)
    {
        var length = x.shape[1];
        var (c, s) = (cos.narrow(0, 0, length), sin.narrow(0, 0, length));
        var first = x.narrow(-1, 0, size / 2);
        var second = x.narrow(-1, size / 2, size / 2);
        // Against float32 tables even bfloat16 turns in float32.
        return cat([first * c - second * s, second * c + first * s], -1).to_type(x.dtype);
    }

    public void Dispose()
    {
        cos.Dispose();
        sin.Dispose();
    }
}
