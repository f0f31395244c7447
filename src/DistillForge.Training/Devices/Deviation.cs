namespace DistillForge.Training.Devices;

/// <summary>How far a device's result is from the CPU's: |a − b| / |a| by norms.</summary>
/// <param name="Allowed">Rounding of the type that was computed in, over as many sums as there were.</param>
public sealed record Deviation(string Name, double Value, double Allowed)
{
    /// <summary>What neither NaN nor an exception does.</summary>
    public bool Holds => Value <= Allowed;

    /// <summary>Why there is no value.</summary>
    public string? Error { get; init; }
}

/// <summary>One thing that is computed on two devices.</summary>
/// <param name="Compute">Puts its inputs, always the same, on the device and returns what came of them.</param>
sealed record Case(string Name, double Allowed, Func<Device, IReadOnlyList<Tensor>> Compute)
{
    public const double Float32 = 2e-5;
    public const double BFloat16 = 1.5e-2;

    public Deviation Compare(Device device)
    {
        using var scope = NewDisposeScope();
        try
        {
            var (expected, found) = (Compute(CPU), Compute(device));
            return new Deviation(Name, expected.Count == found.Count && expected.Count > 0 ? expected.Zip(found, Apart).Max() : double.NaN, Allowed);
        }
        catch (Exception e) when (e is TorchException or ArgumentException or InvalidOperationException or Core.ForgeException)
        {
            return new Deviation(Name, double.NaN, Allowed) { Error = e.Message };
        }
    }

    /// <summary>The value of f and the gradient of a fixed mix of it by every real input.</summary>
    public static Case Of(string name, double allowed, Func<Tensor[], Tensor> f, Func<Random, Tensor[]> inputs)
        => new(name, allowed, device =>
        {
            Tensor[] given = [.. inputs(new Random(name.Length)).Select(x => x.to(device).detach())];
            Tensor[] leaves = [.. given.Where(x => x.is_floating_point()).Select(x => x.requires_grad_())];
            var value = f(given);
            if (!value.requires_grad)
            {
                return [value.detach()];
            }

            var mix = Normal(new Random(5), value.shape).to(device).to_type(value.dtype);
            (value * mix).sum().backward();
            return [value.detach(), .. leaves.Select(leaf => leaf.grad).OfType<Tensor>()];
        });

    public static Tensor Normal(Random random, params long[] shape)
    {
        var values = new float[shape.Aggregate(1L, (product, size) => product * size)];
        for (var i = 0; i < values.Length; i++)
        {
            values[i] = (float)(Math.Sqrt(-2 * Math.Log(1 - random.NextDouble())) * Math.Cos(2 * Math.PI * random.NextDouble()));
        }

        return tensor(values, shape);
    }

    public static Tensor Ids(Random random, int below, params long[] shape)
        => tensor(Enumerable.Range(0, (int)shape.Aggregate(1L, (product, size) => product * size)).Select(_ => (long)random.Next(below)).ToArray(), shape);

    static double Apart(Tensor expected, Tensor found)
    {
        using var scope = NewDisposeScope();
        var (a, b) = (expected.detach().cpu().to_type(ScalarType.Float64), found.detach().cpu().to_type(ScalarType.Float64));
        // −∞ where both have it, as masks leave it, is no difference.
        var infinite = a.isinf().logical_and(a.eq(b));
        (a, b) = (a.masked_fill(infinite, 0), b.masked_fill(infinite, 0));
        return a.shape.SequenceEqual(b.shape) && expected.dtype == found.dtype ? (a - b).norm().item<double>() / Math.Max(a.norm().item<double>(), 1e-12) : double.NaN;
    }
}
