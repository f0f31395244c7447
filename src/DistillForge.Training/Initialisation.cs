using DistillForge.Core;

namespace DistillForge.Training;

/// <summary>Fresh weights. Drawn here and not by libtorch, so that a seed means the same network on every version and device.</summary>
public static class Initialisation
{
    /// <summary>Standard deviation of every matrix; projections into the residual stream have less.</summary>
    public const double StandardDeviation = 0.02;

    /// <summary>Normal with mean 0, decided by the seed and the weight's name.</summary>
    public static Weight Normal(string name, long rows, long columns, double deviation, long seed, Device device)
    {
        var random = Seeds.Source(seed, "weights", name);
        var values = new float[rows * columns];
        for (var i = 0; i < values.Length; i += 2)
        {
            // Box–Muller; 1 − u keeps the logarithm finite.
            var radius = deviation * Math.Sqrt(-2 * Math.Log(1 - random.NextDouble()));
            var (sin, cos) = Math.SinCos(2 * Math.PI * random.NextDouble());
            values[i] = (float)(radius * cos);
            if (i + 1 < values.Length)
            {
                values[i + 1] = (float)(radius * sin);
            }
        }

        return new Weight(name, Leaf(values, [rows, columns], device), Decays: true);
    }

    /// <summary>The gain of a norm: ones.</summary>
    public static Weight Ones(string name, long size, Device device)
    {
        var values = new float[size];
        Array.Fill(values, 1f);
        return new Weight(name, Leaf(values, [size], device), Decays: false);
    }

    static Tensor Leaf(float[] values, long[] shape, Device device)
    {
        using var scope = NewDisposeScope();
        return tensor(values, shape).to(device).requires_grad_().DetachFromDisposeScope();
    }
}
