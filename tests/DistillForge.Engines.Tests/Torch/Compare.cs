namespace DistillForge.Engines.Tests.Torch;

/// <summary>Holds gradients against finite differences, and kernels against plain operations.</summary>
static class Compare
{
    /// <summary>Gradients of Σ f(x)·c by every input, against (f(x + h) − f(x − h)) / 2h, in float64 where f allows it.</summary>
    internal static void WithFiniteDifferences(Func<Tensor[], Tensor> f, ScalarType type, double step, double tolerance, params long[][] shapes)
    {
        using var scope = NewDisposeScope();
        manual_seed(11);
        var inputs = shapes.Select(shape => randn(shape, dtype: type).requires_grad_()).ToArray();
        var result = f(inputs);
        var mix = randn(result.shape, dtype: type);
        (result * mix).sum().backward();
        foreach (var input in inputs)
        {
            AssertGradient(input, () => (f(inputs) * mix).sum().ToDouble(), step, tolerance);
        }
    }

    /// <summary>Relative difference of two tensors: |a − b| / max(|a|, 1e-6), by norms.</summary>
    internal static double Relative(Tensor a, Tensor b)
    {
        using var scope = NewDisposeScope();
        var (x, y) = (a.detach().to_type(ScalarType.Float64), b.detach().to_type(ScalarType.Float64));
        return (x - y).norm().ToDouble() / Math.Max(x.norm().ToDouble(), 1e-6);
    }

    static void AssertGradient(Tensor input, Func<double> objective, double step, double tolerance)
    {
        using var quiet = no_grad();
        var gradient = input.grad!.to_type(ScalarType.Float64).data<double>().ToArray();
        var flat = input.view(-1);
        for (var i = 0; i < gradient.Length; i++)
        {
            var old = flat[i].ToDouble();
            flat[i] = tensor(old + step, dtype: input.dtype);
            var above = objective();
            flat[i] = tensor(old - step, dtype: input.dtype);
            var below = objective();
            flat[i] = tensor(old, dtype: input.dtype);
            Assert.Equal((above - below) / (2 * step), gradient[i], tolerance);
        }
    }
}
