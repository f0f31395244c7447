using DistillForge.Models;

namespace DistillForge.Training.Devices;

/// <summary>
/// The matrix products of a training step and nothing else: every linear layer forward and by both its gradients, the head a thousand rows at
/// a time. As fast as they go on this machine, with these threads, is what a step is held against.
/// </summary>
public sealed class Products : IDisposable
{
    const int HeadRows = 1024;

    readonly (Tensor X, Tensor Weight, Tensor Gradient, int Times)[] products;
    readonly Device device;

    public Products(ModelShape shape, Precision precision, string place, long tokens)
    {
        device = Accelerator.Find(place);
        using var scope = NewDisposeScope();
        Tensor Numbers(long rows, long columns) => randn([rows, columns], device: device).to_type(precision.Type).DetachFromDisposeScope();
        var head = Math.Min(HeadRows, tokens);
        products =
        [
            .. Layer(shape).Select(product => (Numbers(tokens, product.In), Numbers(product.Out, product.In), Numbers(tokens, product.Out), shape.Layers)),
            (Numbers(head, shape.Width), Numbers(shape.Vocabulary, shape.Width), Numbers(head, shape.Vocabulary), (int)(tokens / head)),
        ];
    }

    /// <summary>Of all together.</summary>
    public double Flops => products.Sum(product => 6.0 * product.Times * product.X.shape[0] * product.Weight.shape[0] * product.Weight.shape[1]);

    /// <summary>Rows and columns of one layer's matrices.</summary>
    internal static IReadOnlyList<(int Out, int In)> Layer(ModelShape shape)
    {
        var (attention, shared) = (shape.Heads * shape.HeadSize, shape.KeyValueHeads * shape.HeadSize);
        return [(attention, shape.Width), (shared, shape.Width), (shared, shape.Width), (shape.Width, attention), (shape.FeedForward, shape.Width), (shape.FeedForward, shape.Width), (shape.Width, shape.FeedForward)];
    }

    /// <summary>All of them, once.</summary>
    public void Run()
    {
        using var quiet = no_grad();
        foreach (var (x, weight, gradient, times) in products)
        {
            for (var i = 0; i < times; i++)
            {
                using var scope = NewDisposeScope();
                x.matmul(weight.t());
                gradient.matmul(weight);
                gradient.t().matmul(x);
            }
        }

        Pending.Wait(device);
    }

    public void Dispose()
    {
        foreach (var (x, weight, gradient, _) in products)
        {
            x.Dispose();
            weight.Dispose();
            gradient.Dispose();
        }
    }
}

static class Pending
{
    /// <summary>Waits for what was asked of a GPU.</summary>
    public static void Wait(Device device)
    {
        if (device.type == DeviceType.CUDA)
        {
            cuda.synchronize(device);
        }
    }
}
