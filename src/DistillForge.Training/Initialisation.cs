using DistillForge.Core;

namespace DistillForge.Training;

/// <summary>Fresh weights. Drawn here and not by libtorch, so that a seed means the same network on every version and device.</summary>
public static class Initialisation
{
    /// <summary>In place of a seed: matrices stay zero, because their numbers are about to come from a file.</summary>
    public const long Unset = long.MinValue;

    /// <summary>
    /// Standard deviation of a matrix; projections into the residual stream have less. GPT-2's 0.02 at its width of 768, kept in proportion
    /// at others: with 0.02 at a width of 128 a student learns half as much in as many steps (src/decisions/training.md).
    /// </summary>
    public static double OfMatrix(int width) => 0.5 / Math.Sqrt(width);

    /// <summary>Standard deviation of the embedding: the first logits, its products with a normed state, have a deviation of about 1.</summary>
    public static double OfEmbedding(int width) => 1 / Math.Sqrt(width);

    /// <summary>Normal with mean 0, decided by the seed and the weight's name.</summary>
    public static Weight Normal(string name, long rows, long columns, double deviation, long seed, Device device)
    {
        var values = new float[rows * columns];
        if (seed != Unset)
        {
            Draw(values, deviation, Seeds.Source(seed, "weights", name));
        }

        return new Weight(name, Leaf(values, [rows, columns], device), Decays: true);
    }

    static void Draw(float[] values, double deviation, Random random)
    {
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
    }

    /// <summary>The gain of a norm: ones.</summary>
    public static Weight Ones(string name, long size, Device device)
    {
        var values = new float[size];
        Array.Fill(values, 1f);
        return new Weight(name, Leaf(values, [size], device), Decays: false);
    }

    /// <summary>A bias: zeros.</summary>
    public static Weight Zeros(string name, long size, Device device) => new(name, Leaf(new float[size], [size], device), Decays: false);

    static Tensor Leaf(float[] values, long[] shape, Device device)
    {
        using var scope = NewDisposeScope();
        return tensor(values, shape).to(device).requires_grad_().DetachFromDisposeScope();
    }
}
